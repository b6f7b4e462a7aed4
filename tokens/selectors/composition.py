"""What a part of a node's hours is made of: regions, bases, quality, the band and the energy, all exact."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Q, Sum

from cloudtuner.errors import ServiceError
from emissions.models import LedgerHour, ReportedMonth
from tokens.series import HourSpan, scale

# Valued by cost, so validators cannot recompute it: never reported, never minted.
BY_COST = "unknown"


class Cell(NamedTuple):
    """One kind of micrograms."""

    part: str
    region: str
    basis: str
    quality: str


@dataclass
class Composition:
    """Micrograms by cell, with the band and the energy of all of them."""

    cells: Counter[Cell] = field(default_factory=Counter)
    low_ug: int = 0
    high_ug: int = 0
    energy_uwh: int = 0

    @property
    def ug(self) -> int:
        """Σ of the cells."""
        return sum(self.cells.values())

    def by(self, *names: str) -> dict[tuple[str, ...], int]:
        """Sums by some of the cell's fields, zero sums left out, in order."""
        sums: Counter[tuple[str, ...]] = Counter()
        for cell, ug in self.cells.items():
            sums[tuple(getattr(cell, name) for name in names)] += ug
        return {key: sums[key] for key in sorted(sums) if sums[key]}

    def add(self, other: Composition) -> None:
        """Takes another composition in."""
        self.cells.update(other.cells)
        self.low_ug += other.low_ug
        self.high_ug += other.high_ug
        self.energy_uwh += other.energy_uwh

    def share(self, ug: int) -> Composition:
        """`ug` of it: every cell in proportion and exact in sum; the band is rounded outwards."""
        if ug == self.ug:
            return self
        whole = self.ug
        return Composition(
            cells=Counter(scale(self.cells, ug, whole)),
            low_ug=self.low_ug * ug // whole,
            high_ug=-(-self.high_ug * ug // whole),
            energy_uwh=self.energy_uwh * ug // whole,
        )


def composition(node: str, span: HourSpan) -> Composition:
    """What the hours of a span are made of, first and last in their shares, from the ledger as it is now.

    Raises ServiceError `retirement.restating` when the ledger does not hold what validators attested: a newer bill was
    confirmed and is not attested yet.
    """
    if span.hour_from == span.hour_through:
        found = _of_hours(node, span.hour_from, span.hour_through)
        _same_or_raise(found.ug >= span.ug)
        found = found.share(span.ug)
    else:
        first = _of_hours(node, span.hour_from, span.hour_from)
        last = _of_hours(node, span.hour_through, span.hour_through)
        _same_or_raise(first.ug >= span.first_hour_ug and last.ug >= span.last_hour_ug)
        found = first.share(span.first_hour_ug)
        found.add(_of_hours(node, span.hour_from + 1, span.hour_through - 1))
        found.add(last.share(span.last_hour_ug))
    _same_or_raise(found.ug == span.ug)
    return found


def _same_or_raise(same: bool) -> None:
    if not same:
        raise ServiceError(
            "a newer bill changed these hours and validators have not agreed to it yet",
            code="retirement.restating",
            hint="Try again in a minute.",
        )


def _of_hours(node: str, hour_from: int, hour_through: int) -> Composition:
    found = Composition()
    if hour_from > hour_through:
        return found
    reported = ReportedMonth.objects.filter(node=node).values_list("provider", "account").distinct()
    mine = Q(pk__in=[])
    for provider, account in reported:
        mine |= Q(provider=provider, account=account)
    rows = LedgerHour.objects.filter(mine, hour__range=(hour_from, hour_through)).exclude(quality=BY_COST)
    sums = rows.values("region", "basis", "quality").annotate(
        operational=Sum("operational_ug"),
        embodied=Sum("embodied_ug"),
        low=Sum("low_ug"),
        high=Sum("high_ug"),
        energy=Sum("energy_uwh"),
    )
    for row in sums.order_by("region", "basis", "quality"):
        for part in ("operational", "embodied"):
            found.cells[Cell(part, row["region"], row["basis"], row["quality"])] += int(row[part])
        found.low_ug += int(row["low"])
        found.high_ug += int(row["high"])
        found.energy_uwh += int(row["energy"])
    return found
