"""Market-based emissions: which consumption the recorded instruments cover, and what that comes to.

Location-based figures are never touched. Where no instrument covers it, consumption keeps its location-based factor. One
microwatt-hour at one kilogram a kilowatt-hour is one microgram, so no other constant is needed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cloudtuner.units import quantise

# An account, its region, and the first hour of a calendar month (UTC).
CellKey = tuple[str, str, int]


@dataclass(frozen=True)
class Cell:
    """What an account used in a region in a month, by location: µWh with PUE, and operational µg."""

    energy_uwh: int
    operational_ug: int


@dataclass(frozen=True)
class Instrument:
    """A claim on energy: µWh at kg CO2e per kWh, for months `hour_from … hour_through`; empty scopes mean all."""

    id: str
    energy_uwh: int
    factor: Fraction
    hour_from: int
    hour_through: int
    accounts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()

    def covers(self, key: CellKey) -> bool:
        """Whether a cell is in its scope."""
        account, region, month = key
        return (
            self.hour_from <= month <= self.hour_through
            and (not self.accounts or account in self.accounts)
            and (not self.regions or region in self.regions)
        )


@dataclass
class Coverage:
    """What instruments cover of a cell: µWh, and the µg that their factors give for it."""

    energy_uwh: int = 0
    ug: int = 0


@dataclass(frozen=True)
class Allocation:
    """Which instrument covers how much of what. An instrument may be left over when bills were restated downward."""

    covered: Mapping[CellKey, Coverage]
    by_instrument: Mapping[str, int] = field(default_factory=dict)

    def market_ug(self, key: CellKey, cell: Cell) -> int:
        """Operational micrograms of a cell by the market: what is covered at the instruments' factors, the rest by location."""
        part = self.covered.get(key)
        if part is None or not part.energy_uwh:
            return cell.operational_ug
        rest = Fraction(cell.operational_ug * (cell.energy_uwh - part.energy_uwh), cell.energy_uwh)
        return part.ug + quantise(rest)


def allocate(cells: Mapping[CellKey, Cell], instruments: Iterable[Instrument]) -> Allocation:
    """Spreads each instrument, in the order given, over what is not covered yet of its scope, in proportion to it.

    An earlier instrument never gives anything back to a later one, so recording one leaves all others as they are.
    No cell is covered beyond its consumption, and no instrument beyond its energy.

    >>> cells = {("1", "eu-north-1", 0): Cell(60, 6), ("1", "us-east-1", 0): Cell(40, 16)}
    >>> told = allocate(cells, [Instrument("rec", 50, Fraction(0), 0, 743)])
    >>> [told.covered[key].energy_uwh for key in cells], [told.market_ug(key, cell) for key, cell in cells.items()]
    ([30, 20], [3, 8])
    """
    covered: defaultdict[CellKey, Coverage] = defaultdict(Coverage)
    used: dict[str, int] = {}
    for instrument in instruments:
        scope = [key for key in sorted(cells) if instrument.covers(key)]
        free = [max(0, cells[key].energy_uwh - covered[key].energy_uwh) for key in scope]
        taken = _spread(min(instrument.energy_uwh, sum(free)), free)
        for key, share in zip(scope, taken, strict=True):
            covered[key].energy_uwh += share
            covered[key].ug += quantise(share * instrument.factor)
        used[instrument.id] = sum(taken)
    return Allocation(covered, used)


def _spread(amount: int, free: Sequence[int]) -> list[int]:
    """The amount in proportion to what is free, in whole parts that add up to it; no part is larger than its place."""
    whole = sum(free)
    if not whole:
        return [0] * len(free)
    shares, before, reached = [], 0, 0
    for place in free:
        reached += place
        upto = amount * reached // whole
        shares.append(upto - before)
        before = upto
    return shares


def free_uwh(cells: Mapping[CellKey, Cell], instruments: Iterable[Instrument], wanted: Instrument) -> tuple[int, int]:
    """What the scope of a wanted instrument used, and how much of that no other instrument covers yet."""
    covered = allocate(cells, instruments).covered
    scope = [key for key in cells if wanted.covers(key)]
    consumed = sum(max(0, cells[key].energy_uwh) for key in scope)
    return consumed, consumed - sum(covered[key].energy_uwh for key in scope if key in covered)
