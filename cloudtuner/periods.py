"""Which period did a person choose? Financial years, months, or everything that is there; all in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloudtuner.clock import financial_year_hours, hour_start, month_hours

_KEY = re.compile(r"fy-(\d{4})|(\d{4})-(\d{2})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class NamedPeriod:
    """A period with the key that stands in the address and the label that people read; both hours included."""

    key: str
    label: str
    hour_from: int
    hour_through: int


def financial_year(start_year: int) -> NamedPeriod:
    """1 April to 31 March, in UTC.

    >>> financial_year(2025).label, financial_year(2025).hour_from
    ('FY 2025-26', 484296)
    """
    first, last = financial_year_hours(start_year)
    return NamedPeriod(f"fy-{start_year}", f"FY {start_year}-{(start_year + 1) % 100:02d}", first, last)


def calendar_month(year: int, month: int) -> NamedPeriod:
    """A calendar month in UTC.

    >>> calendar_month(2025, 4).label
    'Apr 2025'
    """
    first, last = month_hours(year, month)
    return NamedPeriod(f"{year}-{month:02d}", f"{_MONTHS[month - 1]} {year}", first, last)


def periods_between(first_hour: int | None, last_hour: int | None) -> list[NamedPeriod]:
    """What a picker offers for a ledger that spans these hours: financial years, then months, newest first.

    >>> [period.key for period in periods_between(484296, 484296 + 800)]
    ['fy-2025', '2025-05', '2025-04']
    """
    if first_hour is None or last_hour is None:
        return []
    first, last = hour_start(first_hour), hour_start(last_hour)
    years = range(first.year - (first.month < 4), last.year - (last.month < 4) + 1)
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [
        *(financial_year(year) for year in reversed(years)),
        *(calendar_month(number // 12, number % 12 + 1) for number in reversed(months)),
    ]


def period_of(key: str, offered: list[NamedPeriod]) -> NamedPeriod | None:
    """The period of a key, offered or not; the first one offered for a key that means nothing; None when there is none.

    >>> period_of("2025-04", []).label
    'Apr 2025'
    """
    found = _KEY.fullmatch(key)
    if found and found[1] and 1971 <= int(found[1]) <= 9990:
        return financial_year(int(found[1]))
    if found and found[2] and 1971 <= int(found[2]) <= 9990 and 1 <= int(found[3]) <= 12:
        return calendar_month(int(found[2]), int(found[3]))
    return offered[0] if offered else None
