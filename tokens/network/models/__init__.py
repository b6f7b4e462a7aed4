"""The public rows of the network."""

from tokens.network.models.blocks import Block, ChainEvent, Cursor
from tokens.network.models.claims import RegisteredClaim
from tokens.network.models.epochs import Epoch, Vote
from tokens.network.models.outbox import ChainTx, SignedAttempt, TxState

__all__ = ["Block", "ChainEvent", "ChainTx", "Cursor", "Epoch", "RegisteredClaim", "SignedAttempt", "TxState", "Vote"]
