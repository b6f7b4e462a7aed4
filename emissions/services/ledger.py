"""Posting a version to the ledger: reversals of what it replaces, its own series and rows, and the roll-ups over both."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection

from emissions.models import AccountDay, AccountPeriod, BillVersion, LedgerSeries
from emissions.models.ledger import MEASURES, SERIES_KEY
from emissions.services.batches import Leaves
from emissions.services.copying import binary_rows, figures_copy, texts_copy
from emissions.services.series import FIGURES, Stated, stated
from emissions.store import default_store

_TOLD = ("row_count", "hour_from", "hour_through", "daily")
_SERIES = ("id", "batch_id", "provider", "period_from", *SERIES_KEY, *_TOLD, "least", "most")
_REVERSE_SERIES = f"""
INSERT INTO emissions_ledgerseries
  (id, batch_id, reverses_id, provider, period_from, {", ".join((*SERIES_KEY, *_TOLD))}, least, most)
SELECT %s + row_number() OVER (ORDER BY stated.id), %s, stated.id, stated.provider, stated.period_from,
  {", ".join(f"stated.{name}" for name in (*SERIES_KEY, *_TOLD))}, '{{}}', '{{}}'
FROM emissions_ledgerseries stated LEFT JOIN emissions_ledgerseries reversal ON reversal.reverses_id = stated.id
WHERE stated.provider = %s AND stated.period_from = %s AND stated.account = ANY(%s)
  AND stated.reverses_id IS NULL AND reversal.id IS NULL
"""  # noqa: S608
_REVERSE_ROWS = f"""
INSERT INTO emissions_ledgerhour (series_id, hour, {", ".join(MEASURES)})
SELECT reversal.id, hour, {", ".join(f"-{name}" for name in MEASURES)}
FROM emissions_ledgerseries reversal JOIN emissions_ledgerhour ON series_id = reversal.reverses_id
WHERE reversal.batch_id = %s ORDER BY 1, 2
"""  # noqa: S608


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


def series_last() -> int:
    """The number of the last series in the ledger; 0 when it is empty."""
    return LedgerSeries.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def series_reverse(*, version: BillVersion, batch: int, touched: Iterable[Replaced]) -> None:
    """Adds the reversal of every series that is live for these accounts, with its rows."""
    bill, accounts = version.bill, [slot.account for slot in touched if slot.old_version is not None]
    with connection.cursor() as cursor:
        cursor.execute(_REVERSE_SERIES, [series_last(), batch, bill.provider, bill.period_from, accounts])
        if cursor.rowcount:
            cursor.execute(_REVERSE_ROWS, [batch])


def version_stated(version: BillVersion) -> Stated:
    """The version's estimated hours, from the store, by series."""
    return stated(pq.read_table(default_store().path(version.hours_digest)))


def series_add(*, version: BillVersion, batch: int, told: Stated, first: int) -> None:
    """Copies the version's series into the ledger, numbered from `first` on."""
    count = told.series.num_rows
    columns = _shared(told.series, version).append_column("id", pa.array(range(first, first + count), pa.int64()))
    columns = columns.append_column("batch_id", pa.repeat(pa.scalar(batch, pa.int64()), count))
    texts_copy("emissions_ledgerseries", _SERIES, columns)


def rows_add(told: Stated, *, first: int, leaves: Leaves) -> None:
    """Copies the rows of the series that begin with `first`, and adds them to the leaves.

    What is sent are the bytes that COPY TO gives back, so a root over them needs no second reading.
    """

    def blocks() -> Iterator[bytearray]:
        for block in told.blocks(first):
            rows = binary_rows(block)
            leaves.add(rows)
            yield rows

    figures_copy("emissions_ledgerhour", FIGURES, blocks())


def _shared(table: pa.Table, version: BillVersion) -> pa.Table:
    """The rows with what all of them share."""
    bill = version.bill
    table = table.append_column("provider", pa.repeat(pa.scalar(bill.provider), table.num_rows))
    return table.append_column("period_from", pa.repeat(pa.scalar(bill.period_from, pa.int64()), table.num_rows))


def periods_follow(*, version: BillVersion, batch: int, touched: Iterable[Replaced], told: Stated, first: int) -> None:
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
    AccountDay.objects.filter(provider=bill.provider, period_from=bill.period_from, account__in=accounts).delete()
    account_days = _shared(told.account_days(), version)
    texts_copy("emissions_accountday", account_days.column_names, account_days)
    for table, sums in (("emissions_ledgerday", told.days(first)), ("emissions_ledgermonth", told.months(first))):
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE series_id IN "  # noqa: S608
                "(SELECT reverses_id FROM emissions_ledgerseries WHERE batch_id = %s AND reverses_id IS NOT NULL)",
                [batch],
            )
        figures_copy(table, FIGURES, iter([binary_rows(sums)]))
