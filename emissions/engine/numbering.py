"""On which line of a file a record stands."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from emissions.billing.files import LINE_COLUMN, BillFile


def physical_lines(file: BillFile, records: Sequence[int]) -> list[int]:
    """The line each record (counted from 1, without the header) starts on, as an editor shows it; in Parquet, its row.

    A quoted value may span lines, so the file is walked once when there is anything to find. A file that was cut out of
    another tells the lines there.
    """
    if records and file.is_cut:
        lines: list[int] = _lines_told(file).take(pa.array([record - 1 for record in records])).to_pylist()
        return lines
    if not records or file.kind != "csv":
        return list(records)
    wanted = set(records)
    found: dict[int, int] = {}
    with file.path.open("r", encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        next(reader)
        record, before = 0, reader.line_num
        for row in reader:
            if row:
                record += 1
                if record in wanted:
                    found[record] = before + 1
                    if len(found) == len(wanted):
                        break
            before = reader.line_num
    return [found.get(record, record + 1) for record in records]


def line_shifts(file: BillFile) -> list[tuple[int, int]]:
    """(record, shift), ascending: from this record on, a record stands `shift` lines further down than its number.

    In Parquet a record's line is its row. In CSV the header is one line, and each line break in a quoted value is one more.
    """
    if file.is_cut:
        told = _lines_told(file)
        after_a_gap = pc.indices_nonzero(pc.not_equal(pc.subtract(told[1:], told[:-1]), 1)).to_pylist()
        return [(place + 1, told[place].as_py() - place - 1) for place in (0, *(gap + 1 for gap in after_a_gap))]
    if file.kind != "csv":
        return [(1, 0)]
    found: list[tuple[int, int]] = []
    with file.path.open("r", encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream)
        next(reader)
        record, before = 0, reader.line_num
        for row in reader:
            if row:
                record += 1
                shift = before + 1 - record
                if not found or found[-1][1] != shift:
                    found.append((record, shift))
            before = reader.line_num
    return found or [(1, 1)]


def _lines_told(file: BillFile) -> pa.Array:
    """The line of each record in the file that this one was cut out of; millions of them, so they stay Arrow's."""
    return pq.read_table(file.path, columns=[LINE_COLUMN])[LINE_COLUMN].combine_chunks()
