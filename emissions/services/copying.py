"""Rows on their way into a table: Arrow columns as PostgreSQL's COPY takes them, texts in its text form, figures in binary.

A row of figures has a fixed width in the binary form, so a block of rows is its columns' bytes put in their places: no row
is handled by itself, and PostgreSQL parses no digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

_BLOCK_ROWS = 51_200
# What PostgreSQL writes for these characters itself, so that a line sent is the line that COPY TO gives back.
_ESCAPES = (("\\", "\\\\"), ("\b", "\\b"), ("\f", "\\f"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\v", "\\v"))
# The binary form's signature, its flags and the length of an extension; then what ends it.
BINARY_HEAD, BINARY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


def texts_copy(table: str, columns: Sequence[str], rows: pa.Table) -> None:
    """Copies rows of integers and texts, none of them NULL. Names are ours."""
    query = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for block in rows.select(list(columns)).to_batches(max_chunksize=_BLOCK_ROWS):
            copy.write(b"\n".join(_lines(block).to_pylist()) + b"\n")


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


def figures_copy(table: str, columns: Sequence[str], blocks: Iterator[bytearray]) -> None:
    """Copies blocks of `binary_rows`, the first empty one the last.

    Each block is a statement of its own: PostgreSQL keeps the rows of one aside for its triggers, in memory as long as they
    are few. While it works on one, the next is made in a thread beside, so making one must not touch the database.
    """
    query = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="copying") as pool:
        rows = next(blocks, b"")
        while rows:
            with connection.cursor() as cursor, cursor.copy(query) as copy:
                for part in (BINARY_HEAD, rows, BINARY_END):
                    copy.write(part)
                # Not sooner: it would keep the interpreter from sending, and PostgreSQL waiting.
                coming = pool.submit(next, blocks, b"")
            rows = coming.result()


def binary_rows(block: pa.RecordBatch) -> bytearray:
    """Rows of integers in the binary form of COPY: a count of fields, then each field's length and bytes, the first the
    heaviest.

    >>> bytes(binary_rows(pa.record_batch([pa.array([258], pa.int32())], names=["n"]))).hex()
    '00010000000400000102'
    """
    widths = [column.type.bit_width // 8 for column in block.columns]
    row, places = bytearray(len(widths).to_bytes(2, "big")), []
    for width in widths:
        row += width.to_bytes(4, "big")
        places.append(len(row))
        row += bytes(width)
    found: bytearray = row * block.num_rows
    stride = len(row)
    for column, width, place in zip(block.columns, widths, places, strict=True):
        start = column.offset * width
        data = memoryview(column.buffers()[1] or b"")[start : start + len(column) * width].tobytes()
        # Arrow's integers have their lightest byte first. A column is moved a byte of each row at a time, in C.
        for lane in range(width):
            found[place + width - 1 - lane :: stride] = data[lane::width]
    return found
