"""Rows on their way into a table: Arrow columns as the lines of PostgreSQL's COPY text form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

_BLOCK_ROWS = 51_200
# What PostgreSQL writes for these characters itself, so that a line sent is the line that COPY TO gives back.
_ESCAPES = (("\\", "\\\\"), ("\b", "\\b"), ("\f", "\\f"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\v", "\\v"))


def rows_copy(table: str, columns: Sequence[str], rows: pa.Table) -> Iterator[list[bytes]]:
    """Copies the rows, a block at a time, and gives the lines of each block once it was sent.

    Names are ours; `rows` has these columns, integers and texts, none of them NULL. Nothing is sent before it is asked for,
    and all of it only when the last block was.
    """
    query = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for block in rows.select(list(columns)).to_batches(max_chunksize=_BLOCK_ROWS):
            lines: list[bytes] = _lines(block).to_pylist()
            copy.write(b"\n".join(lines) + b"\n")
            yield lines


def _lines(block: pa.RecordBatch) -> pa.Array:
    texts = [_text(column) for column in block.columns]
    return pc.cast(pc.binary_join_element_wise(*texts, "\t"), pa.large_binary())


def _text(column: pa.Array) -> pa.Array:
    if pa.types.is_integer(column.type):
        return pc.cast(column, pa.string())
    named = column.dictionary_encode()
    return pa.array([escaped(text) for text in named.dictionary.to_pylist()], pa.string()).take(named.indices)


def escaped(text: str) -> str:
    r"""A text as COPY writes it.

    >>> escaped("a\tb\\c")
    'a\\tb\\\\c'
    """
    for character, written in _ESCAPES:
        text = text.replace(character, written)
    return text
