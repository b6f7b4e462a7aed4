"""Which bill a file belongs to, from its columns and its first line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.clock import hour_text, month_hours
from cloudtuner.errors import BillError
from emissions.billing.formats import BillFormat, detect_format
from emissions.billing.registry import FORMATS

# Enough for the widest header and one line; the engine reads the file to its end later.
_PEEK = 1 << 20


@dataclass(frozen=True, order=True)
class BillKey:
    """What tells bills apart: provider, payer, export and billing period (a calendar month, by its hours).

    The formats read so far name no export, so one payer has one export per format.
    """

    period_from: int
    period_through: int
    provider: str
    payer: str
    export: str


def bill_key(path: Path) -> BillKey:
    """The bill that a file is a part of. Raises BillError naming the file when its columns are no bill's."""
    columns, first = _parquet_start(path) if _is_parquet(path) else _text_start(path)
    bill_format = detect_format(columns, where=path.name, formats=FORMATS)
    row = dict(zip(columns, first, strict=False))
    period_from, period_through = _month(_value(row, bill_format, "period_start", path), path)
    return BillKey(
        period_from=period_from,
        period_through=period_through,
        provider=bill_format.provider,
        payer=_value(row, bill_format, "payer", path),
        export=bill_format.name,
    )


def group_by_bill(paths: Sequence[Path]) -> list[tuple[BillKey, list[Path]]]:
    """The files of each bill, oldest billing period first."""
    groups: dict[BillKey, list[Path]] = {}
    for path in paths:
        groups.setdefault(bill_key(path), []).append(path)
    return sorted(groups.items())


def refuse_two_deliveries(key: BillKey, names: Sequence[str]) -> None:
    """Raises BillError when two files of one bill have the same name: two deliveries, of which only one can count.

    A delivery numbers its parts, so two parts never share a name; adding two deliveries up would count the bill twice.
    """
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BillError(
            f"two different files are called {doubled[0]}, both of payer {key.payer} for {hour_text(key.period_from)[:7]}.",
            code="bill.two_deliveries",
            where=doubled[0],
            hint="Upload one delivery of a bill at a time, the older first.",
        )


def _value(row: dict[str, str], bill_format: BillFormat, field: str, path: Path) -> str:
    column = bill_format.columns[field]
    value = row.get(column, "").strip()
    if not value:
        raise BillError(
            f"the first line names no {column}.", code="bill.empty", where=f"{path.name}, line 2", hint="Export the bill again."
        )
    return value


def _month(text: str, path: Path) -> tuple[int, int]:
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        raise BillError(
            f"the first line's billing period {text[:40]!r} is no time.",
            code="bill.columns",
            where=f"{path.name}, line 2",
            hint="Export it again.",
        ) from error
    return month_hours(start.year, start.month)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1" or path.name.lower().endswith(".parquet")


def _parquet_start(path: Path) -> tuple[list[str], list[str]]:
    try:
        with pq.ParquetFile(path) as file:
            names = list(file.schema_arrow.names)
            batch = next(file.iter_batches(batch_size=1), None)
    except (OSError, pa.ArrowException) as error:
        raise BillError(
            f"not a whole Parquet file ({error}).", code="bill.truncated", where=path.name, hint="Deliver it again."
        ) from error
    if batch is None or batch.num_rows == 0:
        return names, []
    return names, ["" if value is None else str(value) for value in batch.slice(0, 1).to_pylist()[0].values()]


def _text_start(path: Path) -> tuple[list[str], list[str]]:
    with path.open("rb") as raw:
        magic = raw.read(4)
    if not magic:
        raise BillError("the file is empty.", code="bill.empty", where=path.name, hint="Deliver it again.")
    codec = "gzip" if magic[:2] == b"\x1f\x8b" else "zstd" if magic == b"\x28\xb5\x2f\xfd" else None
    try:
        with pa.input_stream(str(path), compression=codec) as stream:
            start = bytes(stream.read(_PEEK))
        text = start.decode("utf-8-sig", errors="strict" if len(start) < _PEEK else "ignore")
    except UnicodeDecodeError as error:
        line = start[: error.start].count(b"\n") + 1
        raise BillError(
            "the text is not UTF-8.", code="bill.encoding", where=f"{path.name}, line {line}", hint="Export it as UTF-8."
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise BillError(
            f"the {codec or 'text'} is damaged ({error}).",
            code="bill.truncated",
            where=f"{path.name}, line 1",
            hint="Deliver it again.",
        ) from error
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        return next(rows, []), next(rows, [])
    except csv.Error as error:
        raise BillError(
            f"not CSV ({error}).", code="bill.columns", where=f"{path.name}, line {rows.line_num}", hint="Export it again."
        ) from error
