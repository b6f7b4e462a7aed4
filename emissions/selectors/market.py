"""Market-based figures beside location-based ones, and the instruments behind them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from cloudtuner.clock import hour_start
from emissions.engine.market import Allocation, Cell, CellKey, Instrument, allocate
from emissions.models import MarketInstrument
from emissions.selectors.figures import LedgerFilters
from emissions.selectors.slicing import cells_sql, rows


@dataclass(frozen=True)
class InstrumentInfo:
    """An instrument as recorded, and what it covers now. `unused_uwh` is what restated bills no longer use."""

    id: uuid.UUID
    kind: str
    kind_label: str
    energy_uwh: int
    factor: Decimal
    hour_from: int
    hour_through: int
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    registry: str
    serials: str
    note: str
    evidence_name: str
    evidence_digest: str
    evidence_size: int
    recorded_by: str
    recorded_at: datetime
    covered_uwh: int
    reversed_at: datetime | None
    reversed_by: str
    reason: str

    @property
    def live(self) -> bool:
        """Whether it counts."""
        return self.reversed_at is None

    @property
    def unused_uwh(self) -> int:
        """What it holds beyond the consumption in its scope."""
        return self.energy_uwh - self.covered_uwh if self.live else 0


@dataclass(frozen=True)
class MarketMonth:
    """Both views of a calendar month. Embodied emissions are the same in both and stand apart."""

    month: str
    hour_from: int
    energy_uwh: int
    covered_uwh: int
    location_ug: int
    market_ug: int


@dataclass(frozen=True)
class MarketBased:
    """Operational emissions of `hour_from … hour_through` by location and by market, never added up."""

    months: tuple[MarketMonth, ...]
    instruments: int

    @property
    def energy_uwh(self) -> int:
        return sum(month.energy_uwh for month in self.months)

    @property
    def covered_uwh(self) -> int:
        return sum(month.covered_uwh for month in self.months)

    @property
    def location_ug(self) -> int:
        """Operational, location-based."""
        return sum(month.location_ug for month in self.months)

    @property
    def market_ug(self) -> int:
        """Operational, market-based: by instruments where there are any, by location elsewhere."""
        return sum(month.market_ug for month in self.months)

    @property
    def covered_ppm(self) -> int:
        """The share of the energy that instruments cover, in millionths."""
        return 1_000_000 * self.covered_uwh // self.energy_uwh if self.energy_uwh > 0 else 0


def market_based(hour_from: int, hour_through: int) -> MarketBased:
    """Both views of a period of whole months, by month."""
    cells = ledger_cells()
    kept = live_instruments()
    told = allocate(cells, kept)
    months: dict[int, list[CellKey]] = {}
    for key in cells:
        if hour_from <= key[2] <= hour_through:
            months.setdefault(key[2], []).append(key)
    return MarketBased(
        tuple(_month(month, keys, cells, told) for month, keys in sorted(months.items())),
        sum(instrument.hour_from <= hour_through and instrument.hour_through >= hour_from for instrument in kept),
    )


def _month(month: int, keys: list[CellKey], cells: dict[CellKey, Cell], told: Allocation) -> MarketMonth:
    return MarketMonth(
        month=hour_start(month).strftime("%Y-%m"),
        hour_from=month,
        energy_uwh=sum(cells[key].energy_uwh for key in keys),
        covered_uwh=sum(told.covered[key].energy_uwh for key in keys if key in told.covered),
        location_ug=sum(cells[key].operational_ug for key in keys),
        market_ug=sum(told.market_ug(key, cells[key]) for key in keys),
    )


def ledger_cells() -> dict[CellKey, Cell]:
    """The ledger by account, region and calendar month: what instruments can cover."""
    found = rows(
        "SELECT account, region, hour, SUM(energy_uwh)::bigint, SUM(operational_ug)::bigint "  # noqa: S608
        f"FROM {cells_sql(LedgerFilters())} GROUP BY 1, 2, 3",
        [],
    )
    return {(account, region, int(month)): Cell(int(energy), int(ug)) for account, region, month, energy, ug in found}


def live_instruments() -> list[Instrument]:
    """The instruments that count, as they were recorded, oldest first."""
    return [_instrument(row) for row in MarketInstrument.objects.filter(reversal__isnull=True)]


def _instrument(row: MarketInstrument) -> Instrument:
    return Instrument(
        id=str(row.pk),
        energy_uwh=row.energy_uwh,
        factor=Fraction(row.factor_kg_per_kwh),
        hour_from=row.hour_from,
        hour_through=row.hour_through,
        accounts=frozenset(row.accounts),
        regions=frozenset(row.regions),
    )


def instruments() -> tuple[InstrumentInfo, ...]:
    """Every instrument that was ever recorded, newest first, with what it covers now."""
    used = allocate(ledger_cells(), live_instruments()).by_instrument
    stated = MarketInstrument.objects.select_related("reversal").order_by("-recorded_at", "id")
    return tuple(_info(row, used.get(str(row.pk), 0)) for row in stated)


def instrument(instrument_id: uuid.UUID) -> InstrumentInfo | None:
    """One instrument, or None."""
    return next((told for told in instruments() if told.id == instrument_id), None)


def _info(row: MarketInstrument, covered: int) -> InstrumentInfo:
    undone = getattr(row, "reversal", None)
    return InstrumentInfo(
        id=row.pk,
        kind=row.kind,
        kind_label=row.get_kind_display(),
        energy_uwh=row.energy_uwh,
        factor=row.factor_kg_per_kwh,
        hour_from=row.hour_from,
        hour_through=row.hour_through,
        accounts=tuple(row.accounts),
        regions=tuple(row.regions),
        registry=row.registry,
        serials=row.serials,
        note=row.note,
        evidence_name=row.evidence_name,
        evidence_digest=row.evidence_digest,
        evidence_size=row.evidence_size,
        recorded_by=row.recorded_by_name,
        recorded_at=row.recorded_at,
        covered_uwh=covered,
        reversed_at=undone.reversed_at if undone else None,
        reversed_by=undone.reversed_by_name if undone else "",
        reason=undone.reason if undone else "",
    )
