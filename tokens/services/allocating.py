"""Which micrograms of which lots a retirement takes, and giving them back when it failed."""

from __future__ import annotations

from django.db.models import F

from cloudtuner import locks
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import current_schema
from cloudtuner.units import kg_text
from tokens.models import Lot, LotAllocation, Retirement
from tokens.selectors.rulers import rulers
from tokens.series import Interval, NodeRuler, take_oldest


def lock_lots() -> None:
    """Waits until nobody else of this organisation allocates; held until the transaction ends."""
    locks.acquire(f"lots:{current_schema()}")


def allocate(retirement: Retirement) -> list[LotAllocation]:
    """Takes the retirement's micrograms from own lots, oldest hours of its period first. Call under `lock_lots`.

    Raises ServiceError `retirement.not_enough`, naming what there is.
    """
    found = {ruler.track: ruler for ruler in rulers()}
    try:
        parts = take_oldest(found.values(), retirement.ug, hour_from=retirement.hour_from, hour_through=retirement.hour_through)
    except ValueError as error:
        there = kg_text(sum(one.retirable(retirement.hour_from, retirement.hour_through) for one in found.values()), places=9)
        raise ServiceError(
            f"{kg_text(retirement.ug, places=9)} are asked for, {there} of {retirement.label} are in the wallet",
            code="retirement.not_enough",
            hint="Prepare it again with what there is.",
        ) from error
    rows = [row for track, intervals in sorted(parts.items()) for row in _from_lots(retirement, found[track], intervals)]
    for row in rows:
        Lot.objects.filter(pk=row.lot_id).update(allocated_ug=F("allocated_ug") + row.ug)
    return LotAllocation.objects.bulk_create(rows)


def _from_lots(retirement: Retirement, ruler: NodeRuler, intervals: list[Interval]) -> list[LotAllocation]:
    """The intervals of one track cut at the borders of its lots. The constraint on Lot catches what this would not."""
    rows = []
    mine = Lot.objects.select_for_update().filter(node=ruler.node, round=ruler.round or None, on_chain=True)
    for lot in mine.order_by("from_ug"):
        for low, high in intervals:
            begin, end = max(low, lot.from_ug), min(high, lot.from_ug + lot.ug)
            if begin >= end:
                continue
            span = ruler.series.span(begin, end - begin)
            rows.append(
                LotAllocation(
                    retirement=retirement,
                    lot=lot,
                    from_ug=begin,
                    ug=span.ug,
                    hour_from=span.hour_from,
                    hour_through=span.hour_through,
                    first_hour_ug=span.first_hour_ug,
                    last_hour_ug=span.last_hour_ug,
                )
            )
    if sum(row.ug for row in rows) != sum(high - low for low, high in intervals):
        raise ServiceError(
            f"the lots of node {ruler.node[:10]}… do not cover what was claimed",
            code="retirement.lots_incomplete",
            hint="Blocks were reorganised; try again in a minute.",
        )
    return rows


def release(retirement: Retirement) -> None:
    """Gives a failed retirement's micrograms back to their lots. Call under `lock_lots`."""
    for part in retirement.allocations.filter(released=False):
        Lot.objects.filter(pk=part.lot_id).update(allocated_ug=F("allocated_ug") - part.ug)
    retirement.allocations.filter(released=False).update(released=True)


def take_again(retirement: Retirement) -> None:
    """Takes released micrograms again, when a retirement given up for failed was mined after all (anyone may relay its
    signature). Raises IntegrityError when a lot has no room: then more was retired than claimed, which must be seen.
    """
    for part in retirement.allocations.filter(released=True):
        Lot.objects.filter(pk=part.lot_id).update(allocated_ug=F("allocated_ug") + part.ug)
    retirement.allocations.filter(released=True).update(released=False)
