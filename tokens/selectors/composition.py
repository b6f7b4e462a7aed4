"""What a part of a node's hours is made of: regions, bases, quality, the band and the energy, all exact."""

from __future__ import annotations

from django.db.models import F, Q, Sum

from cloudtuner.errors import ServiceError
from emissions.models import LedgerHour, ReportedMonth
from emissions.poce.lines import StrippedLines
from tokens.models import Lot
from tokens.selectors.cells import Cell, Composition
from tokens.selectors.reported import composition_of, reports_of_round, reports_without_ledger
from tokens.series import HourSpan

# Valued by cost, so validators cannot recompute it: never reported, never minted.
BY_COST = "unknown"


def composition(lot: Lot, span: HourSpan) -> Composition:
    """What the hours of a span are made of, first and last in their shares, from the ledger as it is now; where
    the organisation's own agent reported and the ledger has no bill, from the lines of the attested reports. So do hours that an
    airdrop round paid, once a newer bill changed them: what was paid there stays.

    Raises ServiceError `retirement.restating` when the ledger does not hold what validators attested: a newer bill was
    confirmed and is not attested yet.
    """
    kept: dict[str, StrippedLines] = {}

    def hours(hour_from: int, hour_through: int) -> Composition:
        return _of_hours(lot, hour_from, hour_through, kept=kept)

    if span.hour_from == span.hour_through:
        found = hours(span.hour_from, span.hour_through)
        _same_or_raise(found.ug >= span.ug)
        found = found.share(span.ug)
    else:
        first, last = hours(span.hour_from, span.hour_from), hours(span.hour_through, span.hour_through)
        _same_or_raise(first.ug >= span.first_hour_ug and last.ug >= span.last_hour_ug)
        found = first.share(span.first_hour_ug)
        found.add(hours(span.hour_from + 1, span.hour_through - 1))
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


def _of_hours(lot: Lot, hour_from: int, hour_through: int, *, kept: dict[str, StrippedLines]) -> Composition:
    found = Composition()
    if hour_from > hour_through:
        return found
    if lot.round is not None:
        for report in reports_of_round(lot, hour_from, hour_through):
            first, last = max(hour_from, report.hour_from), min(hour_through, report.hour_through)
            stated = ReportedMonth.objects.filter(node=lot.node, report_hash=report.report_hash).exists()
            found.add(_of_ledger(lot.node, first, last) if stated else composition_of(report, first, last, kept=kept))
        return found
    node, begin = lot.node, hour_from
    for report in reports_without_ledger(node, hour_from, hour_through):
        found.add(_of_ledger(node, begin, report.hour_from - 1))
        first, last = max(hour_from, report.hour_from), min(hour_through, report.hour_through)
        found.add(composition_of(report, first, last, kept=kept))
        begin = report.hour_through + 1
    found.add(_of_ledger(node, begin, hour_through))
    return found


def _of_ledger(node: str, hour_from: int, hour_through: int) -> Composition:
    found = Composition()
    if hour_from > hour_through:
        return found
    reported = ReportedMonth.objects.filter(node=node).values_list("provider", "account").distinct()
    mine = Q(pk__in=[])
    for provider, account in reported:
        mine |= Q(series__provider=provider, series__account=account)
    rows = LedgerHour.objects.filter(mine, hour__range=(hour_from, hour_through)).exclude(series__quality=BY_COST)
    sums = rows.values(region=F("series__region"), basis=F("series__basis"), quality=F("series__quality")).annotate(
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
