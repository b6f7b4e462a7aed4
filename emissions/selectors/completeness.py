"""Which months of which accounts are whole: a bill there, hours with lines, every line invoiced."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cloudtuner import clock
from cloudtuner.clock import hour_of, hour_start
from emissions.models import AccountDay
from emissions.selectors.months import Month, month_of, months, months_between
from emissions.selectors.rhythm import hours_covered

CLOSED = ("whole", "gaps")


@dataclass(frozen=True)
class MonthState:
    """One account's calendar month.

    `state`: "missing" (no bill, though months before and after have one) · "open" (the month still runs) · "no_invoice" ·
    "gaps" (hours without any line) · "whole". `hours_expected` ends with the hour that has just begun.
    """

    provider: str
    account: str
    month: str
    hour_from: int
    hour_through: int
    state: str
    hours_present: int
    hours_expected: int
    lines: int
    lines_without_invoice: int


@dataclass(frozen=True)
class AccountMonths:
    """The months of one account, oldest first."""

    provider: str
    account: str
    months: tuple[MonthState, ...]


def completeness(hour_from: int, hour_through: int) -> tuple[AccountMonths, ...]:
    """Every account with its months in the range, from its first month in the ledger to its last, missing ones included."""
    by_account: dict[tuple[str, str], dict[int, Month]] = defaultdict(dict)
    for month in months():
        by_account[month.provider, month.account][month.hour_from] = month
    present = _hours_present(hour_from, hour_through)
    now = hour_of(clock.now())
    found = []
    for (provider, account), there in sorted(by_account.items()):
        spans = months_between(min(there), max(there))
        told = [
            _state(provider, account, span, there.get(span[0]), present.get((provider, account, span[0]), 0), now)
            for span in spans
            if span[1] >= hour_from and span[0] <= hour_through
        ]
        if told:
            found.append(AccountMonths(provider, account, tuple(told)))
    return tuple(found)


def unfinished(accounts: Iterable[AccountMonths]) -> tuple[MonthState, ...]:
    """The months that somebody has to do something about, or wait for, oldest first.

    Hours without a line are not among them: an idle account has such hours.
    """
    found = [month for account in accounts for month in account.months if month.state not in CLOSED]
    return tuple(sorted(found, key=lambda month: (month.hour_from, month.account)))


def _state(provider: str, account: str, span: tuple[int, int], month: Month | None, present: int, now: int) -> MonthState:
    lines = sum(source.row.lines for source in month.sources if source.row) if month else 0
    without = month.lines_without_invoice if month else 0
    expected = max(0, min(span[1], now) - span[0] + 1)
    if month is None:
        state = "missing"
    elif now <= span[1]:
        state = "open"
    elif without:
        state = "no_invoice"
    else:
        state = "whole" if present >= expected else "gaps"
    text = hour_start(span[0]).strftime("%Y-%m")
    return MonthState(provider, account, text, *span, state, present, expected, lines, without)


def _hours_present(hour_from: int, hour_through: int) -> dict[tuple[str, str, int], int]:
    """(provider, account, first hour of the month) → hours of it that lines of whichever bill stand for."""
    first, last = month_of(hour_from)[0], month_of(hour_through)[1]
    days: dict[tuple[str, str, int], int] = defaultdict(int)
    stated = AccountDay.objects.filter(hour__range=(first, last)).values_list("provider", "account", "hour", "hours")
    for provider, account, day, hours in stated.iterator():
        days[provider, account, day] |= hours
    starts: dict[int, int] = {}
    by_month: dict[tuple[str, str, int], dict[int, int]] = defaultdict(dict)
    for (provider, account, day), hours in days.items():
        start = starts.get(day)
        if start is None:
            start = starts[day] = month_of(day)[0]
        by_month[provider, account, start][day] = hours
    return {month: sum(hours.bit_count() for hours in hours_covered(told).values()) for month, told in by_month.items()}
