"""Posting a version to the ledger: reversals of what it replaces, its own rows, and the roll-ups over both."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from django.db import connection

from emissions.models import AccountPeriod, BillVersion
from emissions.models.ledger import MEASURES, ROW_KEY
from emissions.store import default_store

_KEY = ", ".join(ROW_KEY)
_MEASURES = ", ".join(MEASURES)
_NEGATED = ", ".join(f"-{name}" for name in MEASURES)
_SUMS = ", ".join(f"SUM({name})::bigint" for name in MEASURES)
_COPIED = ("batch_id", "version_id", "provider", "period_from", *ROW_KEY, "sign", *MEASURES)
_BLOCK_ROWS = 50_000


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


def rows_add(*, version: BillVersion, batch: int) -> None:
    """Copies the version's estimated hours into the ledger, by account and hour."""
    table = pq.read_table(default_store().path(version.hours_digest))
    table = table.sort_by([(name, "ascending") for name in ROW_KEY])
    constants = {
        "batch_id": pa.scalar(batch, pa.int64()),
        "version_id": pa.scalar(str(version.pk)),
        "provider": pa.scalar(version.bill.provider),
        "period_from": pa.scalar(version.bill.period_from, pa.int64()),
        "sign": pa.scalar(1, pa.int64()),
    }
    # Hours that were estimated before the engine knew water and wait for confirmation since have none.
    constants |= {name: pa.scalar(0, pa.int64()) for name in MEASURES if name not in table.column_names}
    columns = [pa.repeat(constants[name], table.num_rows) if name in constants else table[name] for name in _COPIED]
    full = pa.table(dict(zip(_COPIED, columns, strict=True)))
    options = pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY emissions_ledgerhour ({', '.join(_COPIED)}) FROM STDIN (FORMAT csv)") as copy,
    ):
        for block in full.to_batches(max_chunksize=_BLOCK_ROWS):
            sink = pa.BufferOutputStream()
            pa_csv.write_csv(pa.Table.from_batches([block]), sink, options)
            copy.write(sink.getvalue().to_pybytes())


def periods_follow(*, version: BillVersion, touched: Iterable[Replaced]) -> None:
    """Points the accounts' billing period at the version and writes their roll-ups again from its rows."""
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
        cursor.execute(
            f"INSERT INTO emissions_ledgerday (provider, period_from, {_KEY}, {_MEASURES}) "  # noqa: S608
            "SELECT provider, period_from, account, hour - hour %% 24, region, service, category, quality, basis, "
            f"{_SUMS} FROM emissions_ledgerhour WHERE {scope} AND version_id = %s AND sign = 1 "
            "GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
            [*where, version.pk],
        )
        cursor.execute(
            "INSERT INTO emissions_accountday (provider, period_from, account, hour, hours) "  # noqa: S608
            "SELECT provider, period_from, account, hour - hour %% 24, BIT_OR(1 << (hour %% 24)::int) "
            f"FROM emissions_ledgerhour WHERE {scope} AND version_id = %s AND sign = 1 GROUP BY 1, 2, 3, 4",
            [*where, version.pk],
        )
