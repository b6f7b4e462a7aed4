"""When was the carbon made? A month's days by the hours of the day, and day by day where bills tell no hours."""

from __future__ import annotations

from typing import Any

from cloudtuner.clock import hour_start
from cloudtuner.periods import NamedPeriod, calendar_month
from emissions.selectors import times_of
from emissions.selectors.figures import Dashboard

HOURS_OF_A_DAY = 24
MAX_NAMED = 4


def times_of_month(period: NamedPeriod, figures: Dashboard) -> dict[str, Any]:
    """The month shown (the period's own, or the last one of it with figures) by the hour, and by the day what is billed so.

    A line that stands for a day lies at its first hour; in the map of hours it would look like a peak at midnight.
    """
    last = max((share.label for share in figures.months), default="")
    if not last:
        return {}
    month = calendar_month(int(last[:4]), int(last[5:7]))
    first, through = max(month.hour_from, period.hour_from), min(month.hour_through, period.hour_through)
    found = times_of(first, through)
    starts = range(first - first % HOURS_OF_A_DAY, through + 1, HOURS_OF_A_DAY)
    return {
        "month": month,
        "hours": _hours(found.hours, starts),
        "days": _days(found.days, starts) if found.days else None,
        "daily": found.daily[:MAX_NAMED],
        "daily_more": len(found.daily[MAX_NAMED:]),
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
