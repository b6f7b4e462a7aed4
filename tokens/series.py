"""Which hours are a kilogram's: positions in a node's hour series.

A node's FINAL hours, oldest first, are one long ruler of micrograms. What was claimed and what was retired are
positions on it, so a part of it always names hours, also after a restatement moved the marks. Pure.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True)
class HourSpan:
    """Hours of a node and the shares taken of the first and the last; everything between is whole.

    When first and last are the same hour, both shares are the whole amount.
    """

    hour_from: int
    hour_through: int
    first_hour_ug: int
    last_hour_ug: int
    ug: int


@dataclass(frozen=True)
class HourSeries:
    """(hour, µg) of one node, ascending. An hour may be negative (a reversal); the total then nets it."""

    hours: tuple[tuple[int, int], ...]

    @cached_property
    def reached(self) -> tuple[int, ...]:
        """The highest total reached up to and with each hour: never falls, ends at the series' peak."""
        return tuple(accumulate(accumulate(ug for _, ug in self.hours), max, initial=0))[1:]

    @cached_property
    def _sums(self) -> tuple[int, ...]:
        return tuple(accumulate(ug for _, ug in self.hours))

    @property
    def total(self) -> int:
        """Σ µg, at least 0."""
        return max(0, self._sums[-1]) if self._sums else 0

    def before(self, hour: int) -> int:
        """The position at which an hour begins: what the hours before it reached, at most the total.

        >>> HourSeries(((1, 10), (2, 5), (3, 7))).before(3)
        15
        """
        index = bisect_left(self.hours, (hour,))
        return min(self.reached[index - 1], self.total) if index else 0

    def within(self, position_from: int, position_to: int, hour_from: int, hour_through: int) -> int:
        """How many µg of the positions [from, to) lie in these hours.

        >>> HourSeries(((1, 10), (2, 5), (3, 7))).within(4, 20, 2, 3)
        10
        """
        low = max(position_from, self.before(hour_from))
        high = min(position_to, self.before(hour_through + 1))
        return max(0, high - low)

    def span(self, position: int, ug: int) -> HourSpan:
        """The hours of the positions [position, position + ug).

        >>> HourSeries(((1, 10), (2, 5), (3, 7))).span(4, 13)
        HourSpan(hour_from=1, hour_through=3, first_hour_ug=6, last_hour_ug=2, ug=13)

        Raises ValueError when the series does not reach that far.
        """
        if ug <= 0 or position < 0:
            raise ValueError(f"a span needs a position of at least 0 and more than 0 µg, not {position} and {ug}")
        first = bisect_right(self.reached, position)
        last = bisect_left(self.reached, position + ug)
        if last >= len(self.hours):
            raise ValueError(f"the series ends at {self.reached[-1] if self.hours else 0} µg, before {position + ug}")
        if first == last:
            return HourSpan(self.hours[first][0], self.hours[last][0], ug, ug, ug)
        sums = self._sums
        return HourSpan(self.hours[first][0], self.hours[last][0], sums[first] - position, position + ug - sums[last - 1], ug)


Interval = tuple[int, int]
Track = tuple[str, int]
"""A node and the airdrop round that paid hours before its first one; 0 for what epochs pay, which is one long series."""


@dataclass(frozen=True)
class NodeRuler:
    """A node's series, how far it was claimed, and which positions retirements took (half-open intervals, any order).

    What epochs pay of a node is one ruler; the leaf of an airdrop round is one of its own, `round` says which.
    """

    node: str
    series: HourSeries
    claimed_ug: int
    taken: tuple[Interval, ...] = ()
    round: int = 0

    @property
    def track(self) -> Track:
        """Which series this is, among all of an organisation."""
        return self.node, self.round

    @property
    def deficit_ug(self) -> int:
        """Claimed before a restatement took it away; the node's next months pay it back."""
        return max(0, self.claimed_ug - self.series.total)

    @cached_property
    def free(self) -> tuple[Interval, ...]:
        """The positions in the wallet that still have hours and are not retired, ascending.

        >>> NodeRuler("a", HourSeries(((1, 50),)), 40, ((10, 20), (0, 5))).free
        ((5, 10), (20, 40))
        """
        found: list[Interval] = []
        position, end = 0, min(self.claimed_ug, self.series.total)
        for low, high in sorted(self.taken):
            if position < min(low, end):
                found.append((position, min(low, end)))
            position = max(position, high)
        if position < end:
            found.append((position, end))
        return tuple(found)

    def retirable(self, hour_from: int, hour_through: int) -> int:
        """µg in the wallet, not retired, of these hours."""
        return sum(self.series.within(low, high, hour_from, hour_through) for low, high in self.free)

    def steps(self, hour_from: int, hour_through: int) -> Iterator[tuple[int, Track, Interval]]:
        """The free positions of these hours, cut at each hour: (hour, track, interval), ascending."""
        begin = self.series.before(hour_from)
        for (hour, _), reached in zip(self.series.hours, self.series.reached, strict=True):
            if hour < hour_from:
                continue
            if hour > hour_through:
                return
            for low, high in self.free:
                if max(low, begin) < min(high, reached):
                    yield hour, self.track, (max(low, begin), min(high, reached))
            begin = max(begin, reached)


def take_oldest(rulers: Iterable[NodeRuler], ug: int, *, hour_from: int, hour_through: int) -> dict[Track, list[Interval]]:
    """Which positions of which tracks make up `ug`: oldest hours first over all nodes, equal hours by node id.

    >>> a = NodeRuler("a", HourSeries(((1, 10), (2, 10))), 20)
    >>> b = NodeRuler("b", HourSeries(((1, 3), (3, 9))), 12)
    >>> take_oldest([a, b], 15, hour_from=1, hour_through=3)
    {('a', 0): [(0, 12)], ('b', 0): [(0, 3)]}

    Raises ValueError when there is less than that.
    """
    taken: dict[Track, list[Interval]] = {}
    left = ug
    for _hour, track, (low, high) in heapq.merge(*(ruler.steps(hour_from, hour_through) for ruler in rulers)):
        if left == 0:
            break
        part = (low, min(high, low + left))
        left -= part[1] - part[0]
        parts = taken.setdefault(track, [])
        if parts and parts[-1][1] == part[0]:
            parts[-1] = (parts[-1][0], part[1])
        else:
            parts.append(part)
    if left:
        raise ValueError(f"{left} µg more than there are")
    return taken


def scale(cells: Mapping[Key, int], share: int, total: int) -> dict[Key, int]:
    """Each cell times share/total, so that cells which sum to `total` sum to `share` exactly: floors, then the largest
    remainders, equal ones in the order given.

    >>> scale({"a": 1, "b": 1, "c": 1}, 10, 3)
    {'a': 4, 'b': 3, 'c': 3}
    """
    if total <= 0:
        raise ValueError("a total above 0 is needed")
    floors = {key: value * share // total for key, value in cells.items()}
    rest = (sum(cells.values()) * share) // total - sum(floors.values())
    for key in sorted(cells, key=lambda key: -(cells[key] * share % total))[:rest]:
        floors[key] += 1
    return floors
