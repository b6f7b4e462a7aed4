"""The dashboard's figures: one scan of a roll-up for every way of cutting the total."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from cloudtuner.clock import hour_start
from emissions.engine.results import coverage_ppm
from emissions.models import AccountDay, AccountPeriod
from emissions.selectors.figures import Amount, Completeness, Dashboard, LedgerFilters, MonthService, Share
from emissions.selectors.rhythm import WHOLE_DAY, hours_covered
from emissions.selectors.slicing import AMOUNT_SQL, LIVE_SQL, MONTH_SQL, amount, cells_sql, rows, where_sql

_CUTS = ("month", "service", "region", "category", "account", "quality", "basis")
_SETS = "(), (month), (month, service), (service), (region), (category), (account), (quality), (basis)"
UNKNOWN = "unknown"


def dashboard(hour_from: int, hour_through: int) -> Dashboard:
    """Everything the dashboard shows of `hour_from … hour_through`, both included."""
    filters = LedgerFilters(hour_from=hour_from, hour_through=hour_through)
    where, values = where_sql(filters)
    found = rows(
        f"SELECT {', '.join(f'GROUPING({cut})' for cut in _CUTS)}, {', '.join(_CUTS)}, {AMOUNT_SQL} "  # noqa: S608
        f"FROM (SELECT *, {MONTH_SQL} AS month FROM {cells_sql(filters)} WHERE {where}) cells "
        f"GROUP BY GROUPING SETS ({_SETS})",
        values,
    )
    cuts: dict[tuple[str, ...], list[tuple[tuple[Any, ...], Amount]]] = defaultdict(list)
    count = len(_CUTS)
    for row in found:
        names = tuple(cut for cut, folded in zip(_CUTS, row[:count], strict=True) if not folded)
        labels = tuple(row[count + _CUTS.index(name)] for name in names)
        cuts[names].append((labels, amount(row[2 * count :])))
    total = cuts[()][0][1] if cuts[()] else Amount()
    completeness = _completeness(hour_from, hour_through)
    first, last = ledger_span()
    return Dashboard(
        hour_from=hour_from,
        hour_through=hour_through,
        total=total,
        by_month=tuple(
            MonthService(_month_text(month), month, service, value.ug)
            for (month, service), value in sorted(cuts["month", "service"], key=lambda cell: cell[0])
        ),
        months=_shares(((_month_text(month[0]), value) for month, value in cuts[("month",)]), total, by_label=True),
        by_region=_labelled(cuts[("region",)], total),
        by_service=_labelled(cuts[("service",)], total),
        by_category=_labelled(cuts[("category",)], total),
        by_account=_labelled(cuts[("account",)], total),
        by_quality=_labelled(cuts[("quality",)], total),
        by_basis=_labelled(cuts[("basis",)], total),
        coverage_ppm=_coverage(cuts[("quality",)]),
        completeness=completeness,
        hours_present=sum(row.hours_present for row in completeness),
        hours_expected=sum(row.hours_expected for row in completeness),
        first_hour=first,
        last_hour=last,
    )


def ledger_span() -> tuple[int | None, int | None]:
    """First and last hour of the billing periods in the ledger; None when it is empty."""
    ((first, last),) = rows("SELECT MIN(period_from), MAX(period_through) FROM emissions_accountperiod", [])
    return first, last


def ledger_hours() -> tuple[int | None, int | None]:
    """First and last hour that a row has; None when the ledger is empty."""
    ((first, last),) = rows(f"SELECT MIN(hour_from), MAX(hour_through) FROM ({LIVE_SQL}) live", [])  # noqa: S608
    return first, last


def _labelled(cells: list[tuple[tuple[Any, ...], Amount]], total: Amount) -> tuple[Share, ...]:
    return _shares(((str(labels[0]), value) for labels, value in cells), total)


def _shares(cells: Iterable[tuple[str, Amount]], total: Amount, *, by_label: bool = False) -> tuple[Share, ...]:
    """Largest first, or by label."""
    shares = [Share(label, value, 1_000_000 * value.ug // total.ug if total.ug else 0) for label, value in cells]
    shares.sort(key=lambda share: share.label)
    return tuple(shares) if by_label else tuple(sorted(shares, key=lambda share: -share.amount.ug))


def _month_text(hour: int) -> str:
    return hour_start(hour).strftime("%Y-%m")


def _coverage(qualities: list[tuple[tuple[Any, ...], Amount]]) -> int | None:
    """Share of energy-bearing spend whose quality is not unknown, in millionths; None when nothing was spent."""
    spent = sum(value.cost_micro for _, value in qualities)
    known = sum(value.cost_micro for labels, value in qualities if labels[0] != UNKNOWN)
    return coverage_ppm(known, spent)


def _completeness(hour_from: int, hour_through: int) -> tuple[Completeness, ...]:
    """Per account: hours that lines stand for against the hours from its first to its last billing period within the range.

    A month that is missing between two others counts as missing hours.
    """
    spans: dict[str, tuple[int, int]] = {}
    periods = AccountPeriod.objects.filter(period_from__lte=hour_through, period_through__gte=hour_from)
    for account, first, last in periods.values_list("account", "period_from", "period_through"):
        start, end = spans.get(account, (first, last))
        spans[account] = (min(start, first), max(end, last))
    present: dict[tuple[str, int], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    days = AccountDay.objects.filter(hour__range=(hour_from - 23, hour_through), account__in=spans)
    for account, period, day, hours in days.values_list("account", "period_from", "hour", "hours"):
        present[account, period][day] |= hours
    counted: dict[str, int] = defaultdict(int)
    for (account, _period), told in present.items():
        start, end = _cut(spans[account], hour_from, hour_through)
        for day, hours in hours_covered(told).items():
            mask = (
                sum(1 << bit for bit in range(24) if start <= day + bit <= end)
                if not start <= day <= day + 23 <= end
                else WHOLE_DAY
            )
            counted[account] += (hours & mask).bit_count()
    found = []
    for account, span in sorted(spans.items()):
        start, end = _cut(span, hour_from, hour_through)
        found.append(Completeness(account, counted[account], end - start + 1, start, end))
    return tuple(found)


def _cut(span: tuple[int, int], hour_from: int, hour_through: int) -> tuple[int, int]:
    return max(span[0], hour_from), min(span[1], hour_through)
