"""Which files of a bill say again what another one says, where lines have no ids to tell.

Two parts of one delivery share no line; a newer delivery repeats most of the older one. Each file is read once more and
keeps the smallest hashes of its lines: of two files, the hashes below what both keep show how much they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from duckdb import DuckDBPyConnection

from emissions.billing.files import LINE_COLUMN, BillFile
from emissions.billing.normalise import LineSql
from emissions.billing.places import columns_of
from emissions.engine.reading import reading

# So many hashes tell a share to a few hundredths, and files of fewer lines are compared whole.
_KEPT = 4096
# A later delivery changes some lines; parts of one delivery have none in common but by chance.
_SHARE = 0.5
# What a later delivery fills in or corrects on lines that are the same.
_CHANGING = ("invoice", "cost")


@dataclass(frozen=True)
class Repeat:
    """`file` says again about so many hundredths of the lines of `other`, which is no larger."""

    file: BillFile
    other: BillFile
    percent: int


def repeats(connection: DuckDBPyConnection, files: Sequence[BillFile]) -> list[Repeat]:
    """The pairs of a bill's files of which one holds most of the other's lines; none where lines have ids."""
    if len(files) < 2 or any(LineSql(file).has("line_id") for file in files):
        return []
    changing = {column.lower() for file in files for field in _CHANGING for column in columns_of(file.bill_format.columns[field])}
    shared = set.intersection(*(set(file.names) for file in files))
    names = sorted(name for name in shared - {LINE_COLUMN} if name.lower() not in changing)
    sketches = [_smallest(connection, file, names) for file in files]
    found: list[Repeat] = []
    for (file, large), (other, small) in permutations(zip(files, sketches, strict=True), 2):
        known = any((one.file, one.other) == (other, file) for one in found)
        if other.rows <= file.rows and not known and (share := _share(small, large)) >= _SHARE:
            found.append(Repeat(file, other, round(100 * share)))
    return found


def _smallest(connection: DuckDBPyConnection, file: BillFile, names: Sequence[str]) -> list[int]:
    columns = {column.name: column.sql for column in file.columns}
    texts = ", ".join(f"coalesce({columns[name]}::VARCHAR, '')" for name in names)
    with reading(file):
        rows = connection.execute(
            f"SELECT min(hash({texts}), {_KEPT}) FROM {LineSql(file).scan(numbered=False)}"  # noqa: S608
        ).fetchall()
    return sorted(set(rows[0][0] or ()))


def _share(small: Sequence[int], large: Sequence[int]) -> float:
    """Which share of the smaller file's lines the larger one has, by the hashes that both would have kept."""
    ends = [sketch[-1] for sketch in (small, large) if len(sketch) >= _KEPT]
    below = {line for line in small if not ends or line <= min(ends)}
    return len(below & set(large)) / len(below) if below else 0.0
