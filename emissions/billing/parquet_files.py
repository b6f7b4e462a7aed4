"""Whether a Parquet file is whole, which columns it has, and what its first line says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.errors import BillError
from emissions.billing.text_files import ALWAYS_ALLOWED, MAX_RATIO

# A line of a bill has an id or a quantity of its own; no encoding packs so many lines into a byte.
_MAX_ROWS_PER_BYTE = 16
_MAX_FOOTER_ITEMS = 1_000_000
_PIECE = 1 << 22


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file whose footer was read. `columns` are (name, Arrow's word for the type, SQL), structs part by part."""

    rows: int
    columns: tuple[tuple[str, str, str], ...]
    first_line: dict[str, str]


def file_digest(path: Path) -> str:
    """The sha256 of a file, as "0x…". In large pieces: other threads are asked for Python's lock once for each."""
    digest, piece = hashlib.sha256(), memoryview(bytearray(_PIECE))
    with path.open("rb", buffering=0) as raw:
        while found := raw.readinto(piece):
            digest.update(piece[:found])
    return "0x" + digest.hexdigest()


def read_parquet_file(path: Path, name: str) -> ParquetFile:
    """Reads the footer and the first line of a file; raises BillError for one that is not whole or claims too much."""
    try:
        with pq.ParquetFile(path, thrift_container_size_limit=_MAX_FOOTER_ITEMS) as parquet:
            schema, metadata = parquet.schema_arrow, parquet.metadata
            _refuse_claims(metadata, path.stat().st_size, name)
            columns = tuple(_columns(schema))
            # Lists and maps are never asked for on the first line, and may be large.
            flat = [column.name for column in schema if not pa.types.is_list(column.type) and not pa.types.is_map(column.type)]
            batch = next(parquet.iter_batches(batch_size=1, columns=flat), None)
    except (OSError, pa.ArrowException) as error:
        raise BillError(
            f"not a whole Parquet file ({error}).", code="bill.truncated", where=name, hint="Deliver it again."
        ) from error
    rows = batch.to_pylist()[:1] if batch is not None else []
    return ParquetFile(metadata.num_rows, columns, dict(item for row in rows for item in _texts("", row)))


def _texts(prefix: str, row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in row.items():
        if isinstance(value, dict):
            yield from _texts(f"{prefix}{key}.", value)
        else:
            yield prefix + key, "" if value is None else str(value)


def _refuse_claims(metadata: pq.FileMetaData, size: int, name: str) -> None:
    unpacked = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    rows = sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if rows != metadata.num_rows or min(rows, unpacked) < 0:
        raise BillError(
            f"its row groups hold {rows} lines and its footer claims {metadata.num_rows}.",
            code="bill.truncated",
            where=name,
            hint="Deliver it again.",
        )
    if unpacked > max(ALWAYS_ALLOWED, MAX_RATIO * size) or rows > max(1 << 16, _MAX_ROWS_PER_BYTE * size):
        raise BillError(
            f"it claims {rows} lines and {unpacked} bytes in a file of {size} bytes: no bill does.",
            code="bill.bomb",
            where=name,
            hint="Export it again.",
        )


def _columns(schema: pa.Schema) -> Iterator[tuple[str, str, str]]:
    for column in schema:
        yield from _parts(column.name, column.type, '"' + column.name.replace('"', '""') + '"')


def _parts(name: str, kind: pa.DataType, sql: str) -> Iterator[tuple[str, str, str]]:
    if pa.types.is_struct(kind):
        for part in kind:
            yield from _parts(f"{name}.{part.name}", part.type, f'{sql}."' + part.name.replace('"', '""') + '"')
    else:
        yield name, str(kind.value_type if pa.types.is_dictionary(kind) else kind), sql
