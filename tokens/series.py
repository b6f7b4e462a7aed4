"""Which hours are a kilogram's: positions in a node's hour series.

A node's FINAL hours, oldest first, are one long ruler of micrograms. What was claimed and what was retired are
positions on it, so a part of it always names hours, also after a restatement moved the marks. Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate


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


@dataclass(frozen=True)
class NodeRuler:
    """A node's series with what was claimed and what was retired of it."""

    node: str
    series: HourSeries
    claimed_ug: int
    retired_ug: int

    @property
    def usable_to(self) -> int:
        """The position up to which kilograms are in the wallet and still have hours."""
        return min(self.claimed_ug, self.series.total)

    @property
    def deficit_ug(self) -> int:
        """Claimed before a restatement took it away; the node's next months pay it back."""
        return max(0, self.claimed_ug - self.series.total)

    def retirable(self, hour_from: int, hour_through: int) -> int:
        """µg in the wallet, not retired, of these hours."""
        return self.series.within(self.retired_ug, self.usable_to, hour_from, hour_through)

    @property
    def oldest_hour(self) -> int | None:
        """The first hour that is in the wallet and not retired."""
        return self.series.span(self.retired_ug, 1).hour_from if self.retired_ug < self.usable_to else None


def take_oldest(rulers: Sequence[NodeRuler], ug: int, *, hour_through: int) -> dict[str, int]:
    """How much of each node makes up `ug`, oldest hours first over all nodes, equal hours by node id.

    >>> a = NodeRuler("a", HourSeries(((1, 10), (2, 10))), 20, 0)
    >>> b = NodeRuler("b", HourSeries(((1, 3), (3, 9))), 12, 0)
    >>> take_oldest([a, b], 15, hour_through=3)
    {'a': 12, 'b': 3}

    Raises ValueError when there is less than that.
    """
    steps = sorted(step for ruler in rulers for step in _steps(ruler, hour_through))
    taken: dict[str, int] = {}
    left = ug
    for _hour, node, share in steps:
        if left == 0:
            break
        part = min(left, share)
        taken[node] = taken.get(node, 0) + part
        left -= part
    if left:
        raise ValueError(f"{left} µg more than there are")
    return taken


def _steps(ruler: NodeRuler, hour_through: int) -> Iterable[tuple[int, str, int]]:
    position = ruler.retired_ug
    for (hour, _), reached in zip(ruler.series.hours, ruler.series.reached, strict=True):
        end = min(reached, ruler.usable_to)
        if hour > hour_through:
            return
        if end > position:
            yield hour, ruler.node, end - position
            position = end


def share_out(ug: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`ug` split in proportion to non-negative weights, exactly: largest remainders first, equal ones by name.

    >>> share_out(10, {"a": 1, "b": 1, "c": 1})
    {'a': 4, 'b': 3, 'c': 3}
    """
    whole = sum(weights.values())
    if whole <= 0:
        raise ValueError("weights need a positive sum")
    shares = {name: ug * weight // whole for name, weight in weights.items()}
    rest = ug - sum(shares.values())
    for name in sorted(weights, key=lambda name: (-(ug * weights[name] % whole), name))[:rest]:
        shares[name] += 1
    return shares
