"""Posting a version to the ledger: reversals of what it replaces, its own rows, and the roll-ups over both."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import connection

from cloudtuner.errors import BillError
from emissions.engine.results import in_order
from emissions.models import AccountPeriod, BillVersion
from emissions.models.ledger import MEASURES, ROW_KEY
from emissions.services.copying import rows_copy
from emissions.store import default_store

_KEY = ", ".join(ROW_KEY)
_MEASURES = ", ".join(MEASURES)
_NEGATED = ", ".join(f"-{name}" for name in MEASURES)
_COPIED = ("batch_id", "version_id", "provider", "period_from", *ROW_KEY, "sign", *MEASURES)


@dataclass(frozen=True)
class Replaced:
    """An account's billing period that is about to be replaced, and the version whose rows are there (None: none yet)."""

    account: str
    old_version: uuid.UUID | None


def periods_touched(version: BillVersion) -> list[Replaced]:
    """Every account whose period the version replaces: those it holds, and those only the bill's confirmed version holds."""
    bill = version.bill
    live = AccountPeriod.objects.filter(provider=bill.provider, period_from=bill.period_from)
    pointers = {row.account: row for row in live.select_related("version")}
    new = set(version.accounts.values_list("account", flat=True))
    old = {account for account, row in pointers.items() if row.version.bill_id == bill.pk}
    return [Replaced(account, pointers[account].version_id if account in pointers else None) for account in sorted(new | old)]


def rows_reverse(*, version: BillVersion, batch: int, touched: Iterable[Replaced]) -> None:
    """Adds, for each row that the ledger follows now for these accounts, its reversal."""
    bill = version.bill
    with connection.cursor() as cursor:
        for slot in touched:
            if slot.old_version is None:
                continue
            cursor.execute(
                f"INSERT INTO emissions_ledgerhour (batch_id, version_id, provider, period_from, {_KEY}, sign, {_MEASURES}) "  # noqa: S608
                f"SELECT %s, version_id, provider, period_from, {_KEY}, -1, {_NEGATED} FROM emissions_ledgerhour "
                "WHERE account = %s AND provider = %s AND period_from = %s AND version_id = %s AND sign = 1 ORDER BY id",
                [batch, slot.account, bill.provider, bill.period_from, slot.old_version],
            )


def rows_add(*, version: BillVersion, batch: int) -> Iterator[list[bytes]]:
    """Copies the version's estimated hours into the ledger, by account and hour; gives the lines of each block as sent.

    They are the lines that COPY TO gives back (without the batch, which a batch's root does not cover), so the root needs
    no second reading of the rows.
    """
    table = _hours(version)
    for lines in rows_copy("emissions_ledgerhour", _COPIED, _with(table, version, batch_id=batch, sign=1)):
        yield [line.partition(b"\t")[2] for line in lines]


def _hours(version: BillVersion) -> pa.Table:
    """The version's hours with every measure. Those estimated before the engine knew water, and confirmed since, have none."""
    table = pq.read_table(default_store().path(version.hours_digest))
    for name in MEASURES:
        if name not in table.column_names:
            table = table.append_column(name, pa.repeat(pa.scalar(0, pa.int64()), table.num_rows))
    return in_order(table, ROW_KEY)


def _with(table: pa.Table, version: BillVersion, **more: int) -> pa.Table:
    """The rows with what all of them share."""
    shared: dict[str, pa.Scalar] = {name: pa.scalar(value, pa.int64()) for name, value in more.items()}
    shared["version_id"] = pa.scalar(str(version.pk))
    shared["provider"] = pa.scalar(version.bill.provider)
    shared["period_from"] = pa.scalar(version.bill.period_from, pa.int64())
    for name, value in shared.items():
        table = table.append_column(name, pa.repeat(value, table.num_rows))
    return table


def periods_follow(*, version: BillVersion, touched: Iterable[Replaced]) -> None:
    """Points the accounts' billing period at the version and writes their roll-ups again, from the hours that were posted."""
    bill = version.bill
    accounts = [slot.account for slot in touched]
    AccountPeriod.objects.bulk_create(
        [
            AccountPeriod(
                provider=bill.provider,
                account=account,
                period_from=bill.period_from,
                period_through=bill.period_through,
                version=version,
            )
            for account in accounts
        ],
        update_conflicts=True,
        unique_fields=["provider", "account", "period_from"],
        update_fields=["period_through", "version"],
    )
    scope = "provider = %s AND period_from = %s AND account = ANY(%s)"
    where: list[Any] = [bill.provider, bill.period_from, accounts]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM emissions_ledgerday WHERE {scope}", where)  # noqa: S608
        cursor.execute(f"DELETE FROM emissions_accountday WHERE {scope}", where)  # noqa: S608
    hours = _hours(version)
    for name, table in (("ledgerday", days_of(hours)), ("accountday", bits_of(hours))):
        columns = ("provider", "period_from", *table.column_names)
        for _lines in rows_copy(f"emissions_{name}", columns, _with(table, version)):
            pass


def days_of(hours: pa.Table) -> pa.Table:
    """The hourly rows by day, `hour` being the first of the day. Raises BillError where a sum would not fit 64 bits."""
    for name in MEASURES:
        bounds = pc.min_max(hours[name]).as_py()
        if hours.num_rows and max(abs(bounds["min"]), abs(bounds["max"])) >= 2**63 // 24:
            raise BillError("the bill's sums by day do not fit 64 bits.", code="bill.too_large")
    by_day = hours.set_column(hours.column_names.index("hour"), "hour", _first_hour(hours["hour"]))
    found = by_day.group_by(list(ROW_KEY)).aggregate([(name, "sum") for name in MEASURES])
    return found.rename_columns([name.removesuffix("_sum") for name in found.column_names])


def bits_of(hours: pa.Table) -> pa.Table:
    """Which hours of each account's days have rows, as 24 bits."""
    there = hours.select(["account", "hour"]).group_by(["account", "hour"]).aggregate([])
    day = _first_hour(there["hour"])
    bits = pc.shift_left(pa.repeat(pa.scalar(1, pa.int64()), len(day)), pc.subtract(there["hour"], day))
    table = pa.table({"account": there["account"], "hour": day, "hours": bits})
    found = table.group_by(["account", "hour"]).aggregate([("hours", "sum")])
    return found.rename_columns([name.removesuffix("_sum") for name in found.column_names])


def _first_hour(hour: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.multiply(pc.divide(hour, 24), 24)
