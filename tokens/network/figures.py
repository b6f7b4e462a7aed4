"""What anyone may know of the network: frozen, integers only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class VoteRow:
    """One validator's signature over an epoch's header."""

    signer: str
    signature: str
    received_at: datetime


@dataclass(frozen=True)
class EpochRow:
    """One epoch. `state`: "voting" (sealed, validators check it), "posted" (on chain, its window runs), "final", "rejected".

    `votes` counts signatures that reached us; `signers` is what the contract accepted, empty before that.
    """

    number: int
    state: str
    root: str
    through_hour: int
    total_ug: int
    ceiling_ug: int
    total_tuner: int
    leaf_count: int
    data_hash: str
    factor_set: str
    set_id: int
    sealed_at: datetime
    votes: int
    posted_tx: str
    posted_block: int | None
    posted_at: datetime | None
    final_at: datetime | None
    signers: tuple[str, ...]
    claimed_ug: int


@dataclass(frozen=True)
class RoundRow:
    """One airdrop round. `state`: "voting", "vetoed" (until another list of its number follows), "posted" (on chain, its window
    runs), "open", "closed". Times are the chain's.

    `swept_ug` is what nobody claimed until the deadline, once somebody had it minted to the owner of the rules.
    """

    number: int
    state: str
    sealed_at: datetime
    votes: int
    leaf_count: int
    total_ug: int
    paid_ug: int
    paid_nodes: int
    posted_tx: str
    open_at: datetime | None
    deadline: datetime | None
    swept_ug: int


@dataclass(frozen=True)
class ValidatorRow:
    """One active validator: stake in base units, how many epochs it signed of those sealed while it was there."""

    signer: str
    stake: int
    stake_share_ppm: int
    votes: int
    epochs: int
    last_vote_at: datetime | None
    slashed: bool


@dataclass(frozen=True)
class ChainStatus:
    """What the indexer knows of the chain. `lag_blocks` are seen but not yet read; times are wall time."""

    chain_id: int
    head_block: int
    head_at: datetime | None
    indexed_block: int
    lag_blocks: int
    confirmations: int
    reached_at: datetime | None
    unreachable_since: datetime | None
    stopped_reason: str
    reorgs: int
    last_reorg_at: datetime | None
    last_reorg_depth: int
    waiting_transactions: int
    failed_transactions: int
