"""What a newer factor set changes against an older one: every figure, and by how much each region's kilograms move.

A profile of the day moves kilograms between hours and leaves the mean: it is told apart, by its largest move.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from emissions.grid.factor_set import BASES, HOURS, FactorSet
from emissions.grid.factors import Row


@dataclass(frozen=True)
class Change:
    """One row that two sets do not share. `fields` are (column, older text, newer text) of a row that both have."""

    table: str
    id: str
    kind: str
    fields: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Move:
    """A region whose kilograms per kilowatt-hour at the rack differ: PUE × grid on a basis; older or newer may be None."""

    provider: str
    region: str
    basis: str
    older: Fraction | None
    newer: Fraction | None

    @property
    def percent(self) -> Fraction | None:
        """By how many per cent the same usage emits more; None where one of the sets does not know the region."""
        if not self.older or self.newer is None:
            return None
        return 100 * (self.newer / self.older - 1)


@dataclass(frozen=True)
class HourMove:
    """The UTC hour whose kilograms per kilowatt-hour at the rack move most where a profile of the day is new or another."""

    provider: str
    region: str
    basis: str
    hour: int
    older: Fraction
    newer: Fraction

    @property
    def percent(self) -> Fraction:
        """By how many per cent usage of that hour emits more."""
        return 100 * (self.newer / self.older - 1) if self.older else Fraction(0)


def changes(older: FactorSet, newer: FactorSet) -> list[Change]:
    """Every row that is not the same in both sets, by table and id."""
    told: list[Change] = []
    for table in sorted({*older.tables, *newer.tables}):
        before = {row["id"]: row for row in older.tables.get(table, ())}
        after = {row["id"]: row for row in newer.tables.get(table, ())}
        told += [
            Change(table, row_id, _kind(before.get(row_id), after.get(row_id)), _fields(before.get(row_id), after.get(row_id)))
            for row_id in sorted({*before, *after})
            if before.get(row_id) != after.get(row_id)
        ]
    return told


def moves(older: FactorSet, newer: FactorSet, day: str) -> list[Move]:
    """The regions whose kilograms differ on a day (ISO text), on either basis, the largest change first."""
    told: list[Move] = []
    for provider in sorted({*older.providers(), *newer.providers()}):
        for region in sorted({*older.regions(provider), *newer.regions(provider)}):
            for basis in BASES:
                before, after = (_at_rack(found, provider, region, day, basis) for found in (older, newer))
                if before != after:
                    told.append(Move(provider, region, basis, before, after))
    return sorted(told, key=_by_size)


def hour_moves(older: FactorSet, newer: FactorSet, day: str) -> list[HourMove]:
    """The regions that both sets know and whose profile of the day differs on a day (ISO text), by provider and region."""
    told: list[HourMove] = []
    profiled = {(row["provider"], row["region"]) for found in (older, newer) for row in found.tables["grid_hourly"]}
    for provider, region in sorted(profiled):
        if not (older.has_region(provider, region) and newer.has_region(provider, region)):
            continue
        for basis in BASES:
            before, after = (_by_hour(found, provider, region, day, basis) for found in (older, newer))
            if _ratios(older, provider, region, day, basis) != _ratios(newer, provider, region, day, basis):
                hour = max(range(len(HOURS)), key=lambda at: (abs(after[at] - before[at]), -at))
                told.append(HourMove(provider, region, basis, hour, before[hour], after[hour]))
    return told


def _ratios(found: FactorSet, provider: str, region: str, day: str, basis: str) -> tuple[Fraction, ...]:
    profile = found.hourly_profile(provider, region, day, basis)
    return profile.ratios if profile else (Fraction(1),) * len(HOURS)


def _by_hour(found: FactorSet, provider: str, region: str, day: str, basis: str) -> list[Fraction]:
    mean = _at_rack(found, provider, region, day, basis) or Fraction(0)
    return [mean * ratio for ratio in _ratios(found, provider, region, day, basis)]


def _by_size(move: Move) -> tuple[bool, Fraction, str, str, str]:
    percent = move.percent
    return percent is None, -abs(percent or Fraction(0)), move.provider, move.region, move.basis


def _at_rack(found: FactorSet, provider: str, region: str, day: str, basis: str) -> Fraction | None:
    if not found.has_region(provider, region):
        return None
    return found.pue(provider, region, day).value * found.grid(provider, region, day, basis).factor.value


def _kind(before: Row | None, after: Row | None) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"


def _fields(before: Row | None, after: Row | None) -> tuple[tuple[str, str, str], ...]:
    if before is None or after is None:
        return ()
    columns = [column for column in {**before, **after} if before.get(column, "") != after.get(column, "")]
    return tuple((column, before.get(column, ""), after.get(column, "")) for column in columns)
