"""What the ledger holds of one account's calendar month, which bills state it, and whether it is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from cloudtuner import clock
from cloudtuner.clock import hour_of, hour_start, month_hours
from emissions.models import AccountPeriod, BillAccount, BillVersion
from emissions.poce.report import State


@dataclass(frozen=True)
class Source:
    """One version that the ledger follows for an account's billing period. `row` is None when it holds no line of it."""

    period_from: int
    period_through: int
    version: BillVersion
    row: BillAccount | None

    @property
    def lines_without_invoice(self) -> int:
        """Lines of the account without invoice id; of the whole version where the account has no line left to ask."""
        if self.row is not None:
            return self.row.lines_without_invoice
        return sum(row.lines_without_invoice for row in self.version.accounts.all())


@dataclass(frozen=True)
class Month:
    """A calendar month of one account with the sources that touch it, by billing period."""

    provider: str
    account: str
    hour_from: int
    hour_through: int
    sources: tuple[Source, ...]

    @property
    def lines_without_invoice(self) -> int:
        """Over all sources."""
        return sum(source.lines_without_invoice for source in self.sources)

    def state(self) -> State:
        """FINAL when the month has ended and every line of the account has an invoice id, PROVISIONAL else."""
        ended = hour_of(clock.now()) > self.hour_through
        return State.FINAL if ended and not self.lines_without_invoice else State.PROVISIONAL


def month_of(hour: int) -> tuple[int, int]:
    """First and last hour of the calendar month that holds an hour."""
    start = hour_start(hour)
    return month_hours(start.year, start.month)


def months_between(hour_from: int, hour_through: int) -> list[tuple[int, int]]:
    """The calendar months that a range of hours touches."""
    months = [month_of(hour_from)]
    while months[-1][1] < hour_through:
        months.append(month_of(months[-1][1] + 1))
    return months


def months(accounts: Iterable[str] | None = None) -> list[Month]:
    """Every month that a bill in the ledger names or has lines in, by account and time."""
    periods = AccountPeriod.objects.select_related("version", "version__bill")
    if accounts is not None:
        periods = periods.filter(account__in=list(accounts))
    pointers = list(periods)
    rows = {
        (row.version_id, row.account): row
        for row in BillAccount.objects.filter(version__in={pointer.version_id for pointer in pointers})
    }
    found: dict[tuple[str, str, int, int], list[Source]] = defaultdict(list)
    for pointer in pointers:
        row = rows.get((pointer.version_id, pointer.account))
        source = Source(pointer.period_from, pointer.period_through, pointer.version, row)
        first = min(pointer.period_from, row.hour_from) if row else pointer.period_from
        last = max(pointer.period_through, row.hour_through) if row else pointer.period_through
        for month in months_between(first, last):
            in_period = month[0] <= pointer.period_through and month[1] >= pointer.period_from
            has_days = row is not None and any(month[0] <= day * 24 <= month[1] for day in row.days)
            if in_period or has_days:
                found[pointer.provider, pointer.account, *month].append(source)
    return [
        Month(*key, sources=tuple(sorted(sources, key=lambda source: source.period_from)))
        for key, sources in sorted(found.items())
    ]
