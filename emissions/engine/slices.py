"""In which slices of time a bill is worked through, so that each fits the processor's caches and little memory.

Sums per hour and duplicates (same line id, start and end) never reach over a slice. A bill whose files are in no order
of time is one slice: cutting it would read every file once per slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pyarrow.parquet as pq

from emissions.engine.lines import HOUR_US, LineSource

# Lines of a slice: as many as are valued in memory at once, because a row group that spans a cut is read in both slices.
_LINES = 2_000_000
# In a file in order of time few row groups span a cut.
_MOST_READ = 1.5


@dataclass(frozen=True)
class Slice:
    """Lines that start in [first_us, last_us); None is open. The first slice also has the lines without a start."""

    first_us: int | None = None
    last_us: int | None = None

    def where(self, source: LineSource) -> str:
        """The condition over a file's own columns; the reader skips row groups by it."""
        if self.first_us is None and self.last_us is None:
            return "TRUE"
        column = source.timed_by[0]
        before = f"{column} < {source.moment(self.last_us)}" if self.last_us is not None else "TRUE"
        if self.first_us is None:
            return f"({before} OR {column} IS NULL)"
        return f"({column} >= {source.moment(self.first_us)} AND {before})"


def slices_of(sources: Sequence[LineSource]) -> list[Slice]:
    """The slices of a bill, in order of time, together every line once."""
    groups: list[tuple[int, int, int]] = []
    for source in sources:
        found = _row_groups(source) if source.timed_by[0] else None
        if found is None:
            return [Slice()]
        groups.extend(found)
    total = sum(rows for _, _, rows in groups)
    if total < _LINES:
        return [Slice()]
    cuts = _cuts(groups, total)
    edges = [min(start for start, _, _ in groups), *cuts, max(end for _, end, _ in groups) + 1]
    read = sum(rows for low, high in pairwise(edges) for start, end, rows in groups if start < high and end >= low)
    if read > _MOST_READ * total:
        return [Slice()]
    bounds: list[int | None] = [None, *cuts, None]
    return [Slice(low, high) for low, high in pairwise(bounds)]


def _cuts(groups: list[tuple[int, int, int]], total: int) -> list[int]:
    """Full hours that cut the lines into parts of about the same size."""
    cuts: list[int] = []
    before = 0
    wanted = total / max(1, round(total / _LINES))
    for start, _, rows in sorted(groups):
        if before >= wanted * (len(cuts) + 1):
            cuts.append(start // HOUR_US * HOUR_US)
        before += rows
    return sorted(set(cuts) - {min(start for start, _, _ in groups) // HOUR_US * HOUR_US})


def _row_groups(source: LineSource) -> list[tuple[int, int, int]] | None:
    """First start, last start and lines of each row group, in microseconds; None where the file does not say."""
    with pq.ParquetFile(source.path) as parquet:
        metadata = parquet.metadata
        wanted = source.timed_by[0].strip('"')
        place = next((p for p in range(metadata.num_columns) if metadata.schema.column(p).path == wanted), None)
        if place is None:
            return None
        found = []
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            told = group.column(place).statistics
            if told is None or not told.has_min_max:
                return None
            try:
                found.append((_us(told.min), _us(told.max), group.num_rows))
            except (OverflowError, ValueError):
                # A year that no calendar has: the lines are read, and quarantined, in one slice.
                return None
        return found


def _us(moment: datetime) -> int:
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (known - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
