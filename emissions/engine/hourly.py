"""What the hour of the day does to a rate, where the factor set has a profile of the region's day.

A line that lies in one hour takes that hour's ratio. A line that lasts longer takes the day's mean, which is the grid's
own factor: the 24 ratios have the mean 1, and a bill does not say how its usage was spread. The hour of a line is the one
it starts in; a line without an end counts as longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from emissions.engine.band import Band
from emissions.engine.terms import Term
from emissions.grid.catalog import HourlyProfile

DAY = 24
HOUR_OF_DAY = "hour of day"


@dataclass(frozen=True)
class HourRate:
    """What an hour of the day makes of a rate: the grid's ratio to its mean, and the figures that hold the grid."""

    ratio: Fraction
    operational_ug: Fraction
    low_ug: Fraction
    high_ug: Fraction


def hour_rates(profile: HourlyProfile | None, operational: Band, beside: Band) -> tuple[HourRate, ...]:
    """The 24 hours of a rate: what holds the grid times each ratio, what does not beside it, exactly; () without a profile."""
    if profile is None:
        return ()
    found = []
    for ratio in profile.ratios:
        then = operational.scaled(ratio)
        total = then + beside
        found.append(HourRate(ratio, then.value, total.low, total.high))
    return tuple(found)


def term_of(profile: HourlyProfile | None) -> tuple[Term, ...]:
    """The profile among the terms of a rate, which stands for a day as a whole; () without one."""
    if profile is None:
        return ()
    return (Term(HOUR_OF_DAY, profile.id, Fraction(1), "ratio, mean of 24 hours", profile.source, profile.year),)
