"""At which hours was the carbon made? A month's days by the hours of the day, for the heat map and its table."""

from __future__ import annotations

from typing import Any

from cloudtuner.clock import hour_start
from cloudtuner.periods import NamedPeriod, calendar_month
from emissions.selectors import ledger_page
from emissions.selectors.figures import Dashboard, LedgerFilters

HOURS_OF_A_DAY = 24
PAGE = 500


def hours_of_month(period: NamedPeriod, figures: Dashboard) -> dict[str, Any]:
    """The month shown (the period's own, or the last one of it with figures), its days as rows of 24 hours, its peak.

    An hour without a row is None: nothing was billed for it, which is not the same as zero.
    """
    last = max((share.label for share in figures.months), default="")
    if not last:
        return {}
    month = calendar_month(int(last[:4]), int(last[5:7]))
    first, through = max(month.hour_from, period.hour_from), min(month.hour_through, period.hour_through)
    found = _by_hour(LedgerFilters(hour_from=first, hour_through=through))
    if not found:
        return {}
    starts = range(first - first % HOURS_OF_A_DAY, through + 1, HOURS_OF_A_DAY)
    peak = max(found, key=lambda hour: found[hour])
    return {
        "month": month,
        "heads": [f"{hour:02d}" for hour in range(HOURS_OF_A_DAY)],
        "rows": [
            {"day": hour_start(start).strftime("%Y-%m-%d"), "values": [found.get(start + of) for of in range(HOURS_OF_A_DAY)]}
            for start in starts
        ],
        "peak_hour": peak,
        "peak_ug": found[peak],
    }


def _by_hour(filters: LedgerFilters) -> dict[int, int]:
    """Micrograms of every hour that has rows, page by page: a month has at most 744."""
    found: dict[int, int] = {}
    cursor = ""
    while True:
        page = ledger_page(filters, group_by=["hour"], sort="hour", cursor=cursor, limit=PAGE)
        found.update({row.hour: row.amount.ug for row in page.rows if row.hour is not None})
        cursor = page.next_cursor or ""
        if not cursor:
            return found
