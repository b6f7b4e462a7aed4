"""When was the carbon made? A month's days by the hours of the day, and day by day where bills tell no hours."""

from __future__ import annotations

from typing import Any

from cloudtuner.clock import hour_start
from cloudtuner.periods import NamedPeriod, calendar_month
from emissions.selectors import daily_accounts, ledger_page
from emissions.selectors.figures import Dashboard, LedgerFilters

HOURS_OF_A_DAY = 24
PAGE = 500


def times_of_month(period: NamedPeriod, figures: Dashboard) -> dict[str, Any]:
    """The month shown (the period's own, or the last one of it with figures): its hours, its days, and which accounts of
    it are billed by the day. A line of theirs lies at its day's first hour and is in no hourly figure.
    """
    last = max((share.label for share in figures.months), default="")
    if not last:
        return {}
    month = calendar_month(int(last[:4]), int(last[5:7]))
    first, through = max(month.hour_from, period.hour_from), min(month.hour_through, period.hour_through)
    daily = daily_accounts(first, through)
    hourly = tuple(share.label for share in figures.by_account if share.label not in daily)
    starts = range(first - first % HOURS_OF_A_DAY, through + 1, HOURS_OF_A_DAY)
    return {
        "month": month,
        "daily": daily,
        "hours": _hours(_by("hour", first, through, hourly), starts) if hourly else None,
        "days": _days(_by("day", first, through, daily), starts) if daily else None,
    }


def _hours(found: dict[int, int], starts: range) -> dict[str, Any] | None:
    """Days as rows of 24 hours. An hour without a row is None: nothing was billed for it, which is not the same as zero."""
    if not found:
        return None
    peak = max(found, key=lambda hour: found[hour])
    return {
        "heads": [f"{hour:02d}" for hour in range(HOURS_OF_A_DAY)],
        "rows": [{"day": _day(start), "values": [found.get(start + of) for of in range(HOURS_OF_A_DAY)]} for start in starts],
        "peak_hour": peak,
        "peak_ug": found[peak],
    }


def _days(found: dict[int, int], starts: range) -> dict[str, Any]:
    return {"rows": [{"day": _day(start), "ug": found.get(start)} for start in starts], "ug": sum(found.values())}


def _day(hour: int) -> str:
    return hour_start(hour).strftime("%Y-%m-%d")


def _by(group: str, hour_from: int, hour_through: int, accounts: tuple[str, ...]) -> dict[int, int]:
    """Micrograms of every hour or day that has rows, page by page: a month has at most 744."""
    filters = LedgerFilters(hour_from=hour_from, hour_through=hour_through, accounts=accounts)
    found: dict[int, int] = {}
    cursor = ""
    while True:
        page = ledger_page(filters, group_by=[group], sort="hour", cursor=cursor, limit=PAGE)
        found.update({row.hour: row.amount.ug for row in page.rows if row.hour is not None})
        cursor = page.next_cursor or ""
        if not cursor:
            return found
