"""What is billed by the day: such a line begins with its day, and nothing says at which of its hours something ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emissions.selectors.figures import LedgerRow
from emissions.selectors.slicing import LIVE_SQL, rows

WHOLE_DAY = (1 << 24) - 1
_FIRST_HOUR = 1
_KIND = ("account", "region", "service", "category")
_KINDS = ", ".join(_KIND)
_HOURS_SQL = (
    "SELECT day.hour + place - 1, SUM(told)::bigint "
    "FROM emissions_accountday day, unnest(ug) WITH ORDINALITY AS of (told, place) WHERE told IS NOT NULL "
    "AND day.hour BETWEEN %s - 23 AND %s AND day.hour + place - 1 BETWEEN %s AND %s GROUP BY 1 ORDER BY 1"
)
_DAILY_SQL = (
    "SELECT service, hour, SUM(operational_ug + embodied_ug)::bigint "  # noqa: S608
    f"FROM ({LIVE_SQL}) live JOIN emissions_ledgerday ON series_id = id "
    "WHERE daily AND hour_through >= %s AND hour_from <= %s AND hour BETWEEN %s AND %s GROUP BY 1, 2 ORDER BY 2"
)
_DAYS_SQL = (
    "SELECT place FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[]) "  # noqa: S608
    f"WITH ORDINALITY AS asked ({_KINDS}, hour, place) WHERE NOT EXISTS (SELECT FROM emissions_ledgerseries series "
    f"JOIN emissions_ledgerhour other ON series_id = id WHERE {' AND '.join(f'series.{name} = asked.{name}' for name in _KIND)} "
    "AND other.hour BETWEEN asked.hour + 1 AND asked.hour + 23)"
)


@dataclass(frozen=True)
class Times:
    """Micrograms of some time: by the hour, and by the first hour of the day for what is billed by the day.

    `daily` are the services of the latter, those with the most first.
    """

    hours: dict[int, int]
    days: dict[int, int]
    daily: tuple[str, ...]


def times_of(hour_from: int, hour_through: int) -> Times:
    """What the ledger holds of these hours. What has lines at the first hour of its days only is billed by the day."""
    hours = dict(rows(_HOURS_SQL, [hour_from, hour_through] * 2))
    days: Counter[int] = Counter()
    services: Counter[str] = Counter()
    for service, hour, ug in rows(_DAILY_SQL, [hour_from, hour_through] * 2):
        days[hour] += ug
        services[service] += ug
    return Times(hours, days, tuple(sorted(services, key=lambda name: (-services[name], name))))


def stand_for_days(found: Sequence[LedgerRow]) -> list[bool]:
    """Of each single row, whether it is billed by the day: it begins one, and no other hour of that day has its like."""
    asked = [place for place, row in enumerate(found) if row.hour is not None and row.hour % 24 == 0]
    columns: list[list[object]] = [[getattr(found[place], name) for place in asked] for name in (*_KIND, "hour")]
    daily = {asked[int(ordinal) - 1] for (ordinal,) in rows(_DAYS_SQL, columns)} if asked else set()
    return [place in daily for place in range(len(found))]


def hours_covered(days: Mapping[int, int]) -> dict[int, int]:
    """The hours that an account's lines stand for, as 24 bits a day: all of them where every line begins with its day.

    >>> hours_covered({0: 1, 24: 1}) == {0: WHOLE_DAY, 24: WHOLE_DAY}, hours_covered({0: 1, 24: 3})
    (True, {0: 1, 24: 3})
    """
    return dict.fromkeys(days, WHOLE_DAY) if set(days.values()) == {_FIRST_HOUR} else dict(days)
