"""On which line of a file a record stands."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from emissions.billing.files import BillFile


def physical_lines(file: BillFile, records: Sequence[int]) -> list[int]:
    """The line each record (counted from 1, without the header) starts on, as an editor shows it; in Parquet, its row.

    A quoted value may span lines, so the file is walked once when there is anything to find.
    """
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
