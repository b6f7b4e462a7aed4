"""Which accounts are billed by the day: their lines have a day, and nothing says at which of its hours something ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from emissions.models import AccountDay

WHOLE_DAY = (1 << 24) - 1


def is_daily(days: Collection[int]) -> bool:
    """Whether days, each as 24 bits for its hours with lines, are of lines that stand for whole days.

    Such lines begin with the day, so every day has them in one hour only, always the same one.

    >>> is_daily([1, 1, 1]), is_daily([1 << 8, 1 << 8]), is_daily([1, 3]), is_daily([1 << 8])
    (True, True, False, False)
    """
    hours = 0
    for day in days:
        hours |= day
    return hours.bit_count() == 1 and (len(days) > 1 or hours == 1)


def daily_accounts(hour_from: int, hour_through: int) -> tuple[str, ...]:
    """The accounts with lines in these hours that are billed by the day, in order."""
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    days = AccountDay.objects.filter(hour__range=(hour_from - 23, hour_through), hours__gt=0)
    for account, day, hours in days.values_list("account", "hour", "hours"):
        found[account][day] |= hours
    return tuple(sorted(account for account, told in found.items() if is_daily(told.values())))


def hours_covered(days: Mapping[int, int]) -> dict[int, int]:
    """The hours that lines stand for, day by day: all of them where an account is billed by the day."""
    return dict.fromkeys(days, WHOLE_DAY) if is_daily(days.values()) else dict(days)
