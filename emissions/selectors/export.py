"""The ledger as files: what the explorer shows, to the last row, as CSV or as Parquet.

Both are written a block at a time, and every block opens the organisation's schema itself: a response is sent after the
request's schema was closed again, so a lazy query would read another's rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.clock import hour_start
from cloudtuner.tenancy import current_schema, tenant_context
from cloudtuner.units import decimal_text
from emissions.engine.cells import neutral
from emissions.selectors.figures import LedgerFilters, LedgerRow
from emissions.selectors.ledger import (
    ALL_COLUMNS,
    TIMES,
    checked_groups,
    factor_sets,
    grouped_sql,
    ledger_row,
    row_keys,
    windows,
)
from emissions.selectors.single import SINGLE_TIES
from emissions.selectors.slicing import rows

# Of an amount, as a person's spreadsheet wants it: kilograms as exact decimals, and the integers they are made from.
AMOUNTS = (
    "co2e_kg", "co2e_low_kg", "co2e_high_kg", "operational_ug", "embodied_ug", "low_ug", "high_ug",
    "energy_uwh", "water_ul", "lines", "cost_micro",
)  # fmt: skip
_MASSES = {"co2e_kg": "ug", "co2e_low_kg": "low_ug", "co2e_high_kg": "high_ug"}
_EXACT_KG = pa.decimal128(28, 9)


def ledger_csv(filters: LedgerFilters, *, group_by: Sequence[str] = (), amounts: Sequence[str] = AMOUNTS) -> Iterator[str]:
    """The rows as CSV text, oldest first; `amounts` are some of AMOUNTS. Raises ServiceError as `ledger_page` does."""
    groups, chosen = checked_groups(group_by), [name for name in AMOUNTS if name in amounts]
    return _csv(current_schema(), filters, groups, chosen)


def ledger_parquet(filters: LedgerFilters, *, group_by: Sequence[str] = (), amounts: Sequence[str] = AMOUNTS) -> Iterator[bytes]:
    """The same as a Parquet file: hours as UTC timestamps, kilograms as DECIMAL(28, 9), everything else as integers."""
    groups, chosen = checked_groups(group_by), [name for name in AMOUNTS if name in amounts]
    return _parquet(current_schema(), filters, groups, chosen)


def _labels(groups: tuple[str, ...]) -> list[str]:
    """The columns of text: those of the grouping, and the factor set where rows are single ones."""
    return [*(name for name in groups if name not in TIMES), *(["factor_set"] if groups == ALL_COLUMNS else [])]


def _blocks(schema: str, filters: LedgerFilters, groups: tuple[str, ...]) -> Iterator[list[LedgerRow]]:
    """The rows in blocks: by stretches of time where rows stand by the hour, else all at once."""
    time = next((name for name in groups if name in TIMES), None)
    keys = row_keys(groups)
    with tenant_context(schema):
        cuts = list(windows(filters, descending=False)) if time == "hour" else [filters]
        sets = factor_sets() if groups == ALL_COLUMNS else {}
    for cut in cuts:
        query, values = grouped_sql(cut, groups)
        with tenant_context(schema):
            found = rows(f"{query} ORDER BY {', '.join(SINGLE_TIES if groups == ALL_COLUMNS else keys)}", values)
        yield [ledger_row(row, keys, time, sets) for row in found]


def _csv(schema: str, filters: LedgerFilters, groups: tuple[str, ...], amounts: list[str]) -> Iterator[str]:
    timed = any(name in TIMES for name in groups)
    labels = _labels(groups)
    yield _csv_lines([[*["from_utc", "through_utc"] * timed, *labels, *amounts]])
    for block in _blocks(schema, filters, groups):
        yield _csv_lines([_csv_row(row, labels, amounts, timed=timed) for row in block])


def _csv_row(row: LedgerRow, labels: list[str], amounts: list[str], *, timed: bool) -> list[object]:
    times = [hour_start(hour or 0).strftime("%Y-%m-%dT%H:%MZ") for hour in (row.hour, row.hour_through)] if timed else []
    return [
        *times,
        *(neutral(getattr(row, name) or "") for name in labels),
        *(
            decimal_text(getattr(row.amount, _MASSES[name]), scale=9, places=9) if name in _MASSES else getattr(row.amount, name)
            for name in amounts
        ),
    ]


def _csv_lines(lines: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def _parquet(schema: str, filters: LedgerFilters, groups: tuple[str, ...], amounts: list[str]) -> Iterator[bytes]:
    timed = any(name in TIMES for name in groups)
    labels = _labels(groups)
    moment = pa.timestamp("s", tz="UTC")
    shape = pa.schema(
        [
            *([("from_utc", moment), ("through_utc", moment)] if timed else []),
            *((name, pa.string()) for name in labels),
            *((name, _EXACT_KG if name in _MASSES else pa.int64()) for name in amounts),
        ]
    )
    pipe = _Pipe()
    with pq.ParquetWriter(pipe, shape, compression="zstd") as writer:
        for block in _blocks(schema, filters, groups):
            if block:
                writer.write_batch(_batch(block, shape, labels, amounts, timed=timed))
            yield pipe.taken()
    yield pipe.taken()


def _batch(block: list[LedgerRow], shape: pa.Schema, labels: list[str], amounts: list[str], *, timed: bool) -> pa.RecordBatch:
    columns: list[pa.Array] = []
    if timed:
        for name in ("hour", "hour_through"):
            seconds = pa.array([3600 * (getattr(row, name) or 0) for row in block], pa.int64())
            columns.append(seconds.cast(pa.timestamp("s", tz="UTC")))
    columns += [pa.array([getattr(row, name) for row in block], pa.string()) for name in labels]
    for name in amounts:
        values = [getattr(row.amount, _MASSES.get(name, name)) for row in block]
        columns.append(_kilograms(values) if name in _MASSES else pa.array(values, pa.int64()))
    return pa.record_batch(columns, schema=shape)


def _kilograms(micrograms: list[int]) -> pa.Array:
    """Micrograms as kilograms, exactly: the same digits with the point nine places further left."""
    whole = pa.array(micrograms, pa.int64()).cast(pa.decimal128(28, 0))
    return pa.Array.from_buffers(_EXACT_KG, len(micrograms), whole.buffers())


class _Pipe(io.RawIOBase):
    """Where a Parquet file is written to while it is sent: knows how long the file is, keeps what was not sent yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._length = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._length

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._length += len(part)
        return len(part)

    def taken(self) -> bytes:
        """What was written since the last time."""
        data, self._parts = b"".join(self._parts), []
        return data
