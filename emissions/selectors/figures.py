"""What the selectors answer with: frozen, integers only (µg, µWh, hours, millionths), nothing to compute for a page."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Amount:
    """A mass with its band, its parts, and the energy and water behind it. `ug` = operational + embodied."""

    ug: int = 0
    low_ug: int = 0
    high_ug: int = 0
    operational_ug: int = 0
    embodied_ug: int = 0
    energy_uwh: int = 0
    water_ul: int = 0
    lines: int = 0
    cost_micro: int = 0


@dataclass(frozen=True)
class Share:
    """One slice of a total: its label and its amount; `share_ppm` is its part of the total in millionths."""

    label: str
    amount: Amount
    share_ppm: int


@dataclass(frozen=True)
class MonthService:
    """A cell of the chart by month and service. `month` is "2025-04", `hour_from` its first hour."""

    month: str
    hour_from: int
    service: str
    ug: int


@dataclass(frozen=True)
class Completeness:
    """Hours with lines against hours expected, for one account within the asked range."""

    account: str
    hours_present: int
    hours_expected: int
    hour_from: int
    hour_through: int


@dataclass(frozen=True)
class Dashboard:
    """The dashboard's figures for `hour_from … hour_through`, both included."""

    hour_from: int
    hour_through: int
    total: Amount
    by_month: tuple[MonthService, ...]
    months: tuple[Share, ...]
    by_region: tuple[Share, ...]
    by_service: tuple[Share, ...]
    by_category: tuple[Share, ...]
    by_account: tuple[Share, ...]
    by_quality: tuple[Share, ...]
    by_basis: tuple[Share, ...]
    coverage_ppm: int | None
    completeness: tuple[Completeness, ...]
    hours_present: int
    hours_expected: int
    first_hour: int | None
    last_hour: int | None


@dataclass(frozen=True)
class LedgerFilters:
    """What the ledger is narrowed to. Empty tuples and None mean: all."""

    hour_from: int | None = None
    hour_through: int | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    bases: tuple[str, ...] = ()


@dataclass(frozen=True)
class LedgerRow:
    """A row of the explorer. Columns that the grouping folds away are None; `hour` is the first hour of the row's time.

    `provider` and `factor_set` are known for single rows only: a group may hold rows of several.
    """

    hour: int | None
    hour_through: int | None
    account: str | None
    region: str | None
    service: str | None
    category: str | None
    quality: str | None
    basis: str | None
    amount: Amount
    provider: str | None = None
    factor_set: str | None = None


@dataclass(frozen=True)
class LedgerPage:
    """Rows, and the cursor of the next page ("" at the end)."""

    rows: tuple[LedgerRow, ...]
    next_cursor: str


@dataclass(frozen=True)
class LedgerChoices:
    """Every value that a filter can take, for the filter bar."""

    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    services: tuple[str, ...]
    categories: tuple[str, ...]
    qualities: tuple[str, ...]
    bases: tuple[str, ...]
    first_hour: int | None
    last_hour: int | None


@dataclass(frozen=True)
class FileInfo:
    """A stored file: name as uploaded, sha256, bytes."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True)
class Flag:
    """Something that a person must see before confirming. `code` is stable; `account` may be empty."""

    code: str
    account: str
    text: str


@dataclass(frozen=True)
class AccountDiff:
    """One account's figures, ledger now → this version. Days with lines are counted, not listed."""

    account: str
    old_ug: int
    new_ug: int
    old_days: int
    new_days: int

    @property
    def change_ug(self) -> int:
        """New minus old."""
        return self.new_ug - self.old_ug


@dataclass(frozen=True)
class ProgressInfo:
    """How far a reading is. Unknown totals and times are None."""

    phase: str
    bill_number: int
    bills: int
    steps_done: int
    steps_total: int
    rows_read: int
    rows_total: int | None
    rows_per_s: int
    remaining_s: int | None
    updated_at: datetime


@dataclass(frozen=True)
class Quarantined:
    """A line that could not be valued, with its place."""

    file: str
    line: int
    code: str
    message: str


@dataclass(frozen=True)
class VersionSummary:
    """One line of the bills page."""

    id: uuid.UUID
    number: int
    state: str
    created_at: datetime
    decided_at: datetime | None
    ug: int
    lines: int
    quarantined: int
    flags: tuple[Flag, ...]
    error: str
    upload_id: uuid.UUID


@dataclass(frozen=True)
class BillSummary:
    """A bill with its versions, newest first."""

    id: uuid.UUID
    provider: str
    payer: str
    export: str
    period_from: int
    period_through: int
    versions: tuple[VersionSummary, ...]

    @property
    def current(self) -> VersionSummary | None:
        """The confirmed version, if there is one."""
        return next((version for version in self.versions if version.state == "confirmed"), None)


@dataclass(frozen=True)
class AccountInfo:
    """What a version says of one account. `ug` is what validators can recompute; `by_cost_ug` comes on top of it."""

    account: str
    hour_from: int
    hour_through: int
    lines: int
    lines_without_invoice: int
    quarantined: int
    ug: int
    by_cost_ug: int
    energy_uwh: int


@dataclass(frozen=True)
class VersionDetail:
    """Everything the page of one version shows."""

    id: uuid.UUID
    bill_id: uuid.UUID
    upload_id: uuid.UUID
    provider: str
    payer: str
    export: str
    period_from: int
    period_through: int
    number: int
    state: str
    format: str
    bill_digest: str
    engine: str
    factor_set: str
    counts: dict[str, int]
    coverage_ppm: int | None
    files: tuple[FileInfo, ...]
    accounts: tuple[AccountInfo, ...]
    diff: tuple[AccountDiff, ...]
    flags: tuple[Flag, ...]
    quarantined: tuple[Quarantined, ...]
    quarantined_total: int
    progress: ProgressInfo | None
    error_code: str
    error: str
    uploaded_by: str
    confirmed_by: str
    created_at: datetime
    decided_at: datetime | None
    batch_number: int | None


@dataclass(frozen=True)
class UploadDetail:
    """Everything the page of one upload shows while and after it is read. `state`: pending, reading, done, failed."""

    id: uuid.UUID
    state: str
    created_at: datetime
    finished_at: datetime | None
    uploaded_by: str
    files: tuple[FileInfo, ...]
    progress: ProgressInfo | None
    versions: tuple[tuple[BillSummary, VersionSummary], ...]
    notes: tuple[Flag, ...]
    error_code: str
    error: str


@dataclass(frozen=True)
class NodeInfo:
    """An account of this organisation and its public binding. Epochs pay its hours from `first_hour` on, airdrop rounds those
    of the twelve months before.
    """

    node: str
    provider: str
    account: str
    first_hour: int
    key: str
    wallet: str
    hosted: bool
    reports: int
    last_report_at: datetime | None


@dataclass(frozen=True)
class ClaimMonth:
    """What one account can claim for one calendar month, and why the rest cannot be.

    `ledger_ug` = `claimable_ug` + `by_cost_ug` + `waiting_ug`. `state`: "final", "provisional" (report signed, month not
    closed), "waiting" (no report yet), "before_enrolment", "nothing". `reason_code` is "" only when all of it is claimable.
    """

    node: str
    provider: str
    account: str
    month: str
    hour_from: int
    hour_through: int
    state: str
    ledger_ug: int
    claimable_ug: int
    by_cost_ug: int
    waiting_ug: int
    lines: int
    lines_without_invoice: int
    reason_code: str
    reason: str
    report_hash: str
    seq: int


@dataclass(frozen=True)
class Claimability:
    """All months of all accounts, oldest first, and their sums."""

    months: tuple[ClaimMonth, ...]
    ledger_ug: int
    claimable_ug: int
    by_cost_ug: int
    waiting_ug: int
