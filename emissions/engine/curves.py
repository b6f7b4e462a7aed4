"""How power follows load: straight lines between measured or modelled points."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

from emissions.grid.factors import Row, number, optional_number

Curve = Callable[[Fraction], Fraction]
Points = tuple[tuple[Fraction, Fraction], ...]

_PROCESSOR = ((0, "idle_w"), (10, "w_10"), (50, "w_50"), (100, "full_w"))


def interpolate(points: Points, at: Fraction) -> Fraction:
    """The value at `at` on the straight lines through points that are sorted by their first number.

    >>> interpolate(((Fraction(0), Fraction(4)), (Fraction(100), Fraction(20))), Fraction(50))
    Fraction(12, 1)
    """
    for (left, low), (right, high) in pairwise(points):
        if at <= right:
            return low + (high - low) * (at - left) / (right - left)
    return points[-1][1]


def points_of(row: Row, *columns: tuple[int, str]) -> Points:
    """The points of a row: watts by percent of full load."""
    return tuple((Fraction(load), number(row, column)) for load, column in columns)


def processor_curve(row: Row, count: Fraction) -> Curve:
    """Watts of so many vCPUs of a processor, or so many accelerators, by percent of full load.

    Accelerators have points at 10 and 50 % too: half load draws three quarters of their design power.
    """
    known = tuple((Fraction(load), watts) for load, name in _PROCESSOR if (watts := optional_number(row, name)) is not None)
    return lambda load: count * interpolate(known, load)
