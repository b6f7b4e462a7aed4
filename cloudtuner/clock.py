"""Which hour: the one `now`, and hours as integers since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NewType

Hour = NewType("Hour", int)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The current time, aware, UTC. The only `now` of the code base: tests replace this one."""
    return datetime.now(UTC)


def hour_of(moment: datetime) -> Hour:
    """The hour that holds a moment.

    >>> hour_of(datetime(2025, 4, 1, 0, 59, tzinfo=UTC))
    484296
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return Hour((moment - _EPOCH) // timedelta(hours=1))


def hour_start(hour: int) -> datetime:
    """The moment an hour begins.

    >>> hour_start(484296).isoformat()
    '2025-04-01T00:00:00+00:00'
    """
    return _EPOCH + timedelta(hours=hour)


def month_hours(year: int, month: int) -> tuple[Hour, Hour]:
    """First and last hour of a calendar month, both included.

    >>> month_hours(2025, 4)
    (484296, 485015)
    """
    start = datetime(year, month, 1, tzinfo=UTC)
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return hour_of(start), Hour(hour_of(following) - 1)


def financial_year_hours(start_year: int) -> tuple[Hour, Hour]:
    """First and last hour of an Indian financial year, 1 April to 31 March, in UTC.

    >>> financial_year_hours(2025)
    (484296, 493055)
    """
    return hour_of(datetime(start_year, 4, 1, tzinfo=UTC)), Hour(hour_of(datetime(start_year + 1, 4, 1, tzinfo=UTC)) - 1)


def hour_text(hour: int) -> str:
    """An hour as people read it.

    >>> hour_text(484296)
    '2025-04-01 00:00 UTC'
    """
    return hour_start(hour).strftime("%Y-%m-%d %H:%M UTC")
