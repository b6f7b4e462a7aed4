"""The public rows of the network."""

from tokens.network.models.blocks import Block, ChainEvent, Cursor
from tokens.network.models.claims import RegisteredClaim
from tokens.network.models.epochs import Epoch, Vote
from tokens.network.models.held import HeldNode
from tokens.network.models.outbox import ChainTx, SignedAttempt, TxState
from tokens.network.models.rounds import RoundVote, SealedRound

__all__ = [
    "Block",
    "ChainEvent",
    "ChainTx",
    "Cursor",
    "Epoch",
    "HeldNode",
    "RegisteredClaim",
    "RoundVote",
    "SealedRound",
    "SignedAttempt",
    "TxState",
    "Vote",
]
