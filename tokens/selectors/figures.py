"""What the pages show of tokens: frozen, integers only (µg, base units, hours), nothing left to compute."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Period:
    """A range of hours, both included, with the label that people read ("FY 2025-26", "May 2025")."""

    label: str
    hour_from: int
    hour_through: int


@dataclass(frozen=True)
class KilogramStates:
    """Where an organisation's micrograms of a period stand. The five states never overlap.

    `ready_ug` is FINAL and not in the wallet yet; `deficit_ug` (over all hours) was claimed before a restatement took it
    away, and the next months pay it back.
    """

    provisional_ug: int
    settling_ug: int
    ready_ug: int
    in_wallet_ug: int
    retired_ug: int
    deficit_ug: int

    @property
    def total_ug(self) -> int:
        """All five states together."""
        return self.provisional_ug + self.settling_ug + self.ready_ug + self.in_wallet_ug + self.retired_ug


@dataclass(frozen=True)
class ClaimRow:
    """What a node can claim, claimed, and where the next payment stands. `state`: "waiting for an epoch", "waiting for
    validators", "left out of epochs" (`reason` says why, and is empty elsewhere), "in its window", "being paid", "paid",
    "deficit".
    """

    node: str
    wallet: str
    final_ug: int
    attested_ug: int
    claimed_ug: int
    deficit_ug: int
    state: str
    reason: str
    epoch: int | None


@dataclass(frozen=True)
class LotRow:
    """One mint to the organisation's wallet, by an epoch or by an airdrop round, and what is left of it."""

    id: uuid.UUID
    node: str
    wallet: str
    epoch: int | None
    round: int | None
    ug: int
    allocated_ug: int
    tuner_units: int
    leaf_hash: str
    history_root: str
    tx_hash: str
    block_number: int
    claimed_at: datetime
    final: bool
    on_chain: bool

    @property
    def free_ug(self) -> int:
        """Not used by a retirement."""
        return self.ug - self.allocated_ug


@dataclass(frozen=True)
class AllocationRow:
    """A part of a lot used by a retirement, with the ledger hours it names and the shares of the first and the last.

    `epoch` or `round` paid the lot. `attested_epoch` is the epoch that the claim names, whose leaf holds the hours as they
    are counted: a later one when they were restated after the payment; None for a round, and before the claim is registered.
    """

    lot_id: uuid.UUID
    node: str
    epoch: int | None
    attested_epoch: int | None
    round: int | None
    claim_tx: str
    ug: int
    hour_from: int
    hour_through: int
    first_hour_ug: int
    last_hour_ug: int


@dataclass(frozen=True)
class StepRow:
    """One entry of the timeline."""

    state: str
    label: str
    at: datetime
    who: str
    tx_hash: str
    block_number: int | None
    note: str


@dataclass(frozen=True)
class RetirementRow:
    """One line of the retirements page."""

    id: uuid.UUID
    state: str
    state_label: str
    period: Period
    ug: int
    beneficiary_name: str
    purpose: str
    certificate_id: str
    prepared_by: uuid.UUID
    prepared_by_email: str
    created_at: datetime
    tx_hash: str
    error: str


@dataclass(frozen=True)
class RetirementDetail:
    """Everything about one retirement. `claim` is the claim's JCS bytes (empty before confirmation)."""

    row: RetirementRow
    account: str
    beneficiary_address: str
    approval: str
    approved_by_email: str
    confirmed_by_email: str
    claim: bytes
    claim_hash: str
    allocations: tuple[AllocationRow, ...]
    timeline: tuple[StepRow, ...]
    confirmations: int | None
    confirmations_needed: int
    chain_id: int | None
    block_hash: str
    block_number: int | None
    log_index: int | None
    chain_retirement_id: int | None
    final_block_hash: str
    certified_block_hash: str
    reorgs: int
    error_code: str


@dataclass(frozen=True)
class Retirable:
    """What can be retired of a period, oldest hours first. `reason` says why it is nothing, else empty."""

    period: Period
    ug: int
    oldest_hour: int | None
    newest_hour: int | None
    nodes: int
    approval: str
    in_progress_ug: int
    reason_code: str
    reason: str


@dataclass(frozen=True)
class TieOut:
    """wallet + retired = claimable, term by term.

    `claimable_ug` is the ledger's FINAL total; `waiting_ug` of it is not minted yet; `deficit_ug` was minted before a
    restatement. `moved_ug` is what left the wallet other than by retirement (negative: came in). `difference_ug` is 0
    when everything ties out.
    """

    claimable_ug: int
    waiting_ug: int
    deficit_ug: int
    minted_ug: int
    wallet_ug: int
    retired_ug: int
    moved_ug: int
    difference_ug: int

    @property
    def ties_out(self) -> bool:
        """True when every microgram is accounted for."""
        return self.difference_ug == 0
