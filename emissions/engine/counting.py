"""Sums per hour and place of lines that lie close together: counted into a table of every hour and place.

Where a bill has about as many lines as it has hours times places, each sum has a cell of its own, and a line is added to
it. Grouping by hash takes three times as long, and its rows have yet to be sorted.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from emissions.engine.facts import MEASURES

Integers = npt.NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.uint64, np.float64)
SUMMED = (*MEASURES, "cost_micro")
# Lines that are counted at once: few enough that their columns stay in the processor's innermost caches.
BATCH = 15_000
# Cells that are made rows of the result at once.
_PACKED = 250_000
# Cells for each line: of more of them most would stay empty, and each takes memory.
_CELLS_PER_LINE = 1
# Each takes 64 bytes, which are the result's where it is used.
_MOST_CELLS = 16_000_000


@dataclass(frozen=True)
class Grid:
    """The cells of a bill: its hours from the first on (since 1970, UTC), and its places, which are numbered from 1."""

    first_hour: int
    hours: int
    places: int

    @property
    def cells(self) -> int:
        """How many sums there may be."""
        return self.hours * self.places

    def suits(self, lines: int) -> bool:
        """Whether so many lines are worth counting."""
        return self.cells <= min(_CELLS_PER_LINE * lines, _MOST_CELLS)


@dataclass(frozen=True)
class Counted:
    """The sums of some neighbouring cells that are used, in order of hour and place: SUMMED and `lines`, how many they are."""

    hour: Integers
    place: Integers
    sums: dict[str, Integers]


def zeros(count: int, kind: type[Number]) -> npt.NDArray[Number]:
    """Noughts in small pages, all taken at once where the system can.

    numpy asks for huge pages, which a virtual machine may first have to get from its host: five times as slow. Pages that
    are taken one by one, where two threads write, are not faster.
    """
    at_once = getattr(mmap, "MAP_POPULATE", 0)  # Linux has it
    memory = mmap.mmap(-1, max(1, 8 * count), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | at_once)
    return np.frombuffer(memory, kind)[:count]


def count(batches: Iterable[pa.RecordBatch], grid: Grid) -> Iterator[Counted]:
    """Sums valued lines (`place`, `hour`, SUMMED) per hour and place.

    For lines of which no sum of absolute values reaches 2^53: doubles add them exactly, in any order.
    """
    lines = zeros(grid.cells, np.int64)
    sums = {name: zeros(grid.cells, np.float64) for name in SUMMED}
    for batch in batches:
        if not batch.num_rows:
            continue
        cell = (batch["hour"].to_numpy() - grid.first_hour) * grid.places + (batch["place"].to_numpy() - 1)
        # A bill in order of time has few hours in a batch.
        low, high = int(cell.min()), int(cell.max()) + 1
        cell -= low
        lines[low:high] += np.bincount(cell, minlength=high - low)
        for name, summed in sums.items():
            summed[low:high] += np.bincount(cell, batch[name].to_numpy(), high - low)
    room = np.empty(min(grid.cells, _PACKED))
    for first in range(0, grid.cells, _PACKED):
        part = slice(first, first + _PACKED)
        used = np.flatnonzero(lines[part])
        found = {name: _packed(summed[part], used, room) for name, summed in (*sums.items(), ("lines", lines))}
        hour, place = np.divmod(used + first, grid.places)
        yield Counted(hour + grid.first_hour, place + 1, found)


def _packed(cells: npt.NDArray[Any], used: Integers, room: npt.NDArray[np.float64]) -> Integers:
    """The used cells as integers, in the same memory, which is there already; by way of `room`, so that no more is taken."""
    packed = cells.view(np.int64)[: len(used)]
    packed[:] = np.take(cells, used, out=room.view(cells.dtype)[: len(used)], mode="clip")
    return packed
