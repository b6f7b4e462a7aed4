"""What the hour of the day does to a rate, where the factor set has a profile of the region's day.

A line that lies in one hour takes that hour's ratio. A line that lasts longer takes the day's mean, which is the grid's
own factor: the 24 ratios have the mean 1, and a bill does not say how its usage was spread. The hour of a line is the one
it starts in; a line without an end counts as longer.

The fact query knows none of it. Where a set has profiles, a line's number names its profile and its slot of the day, and
the card has a row for each slot: still one join and one multiplication, and nothing at all where no set has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from emissions.engine.band import Band
from emissions.engine.terms import Term
from emissions.grid.catalog import HourlyProfile

DAY = 24
HOUR_OF_DAY = "hour of day"
# A line's slot of the day: an hour of it, or MEAN.
MEAN = DAY
_SLOTS = 32
_HOUR_US = 3_600_000_000
LONGER_SQL = f"coalesce(end_us - start_us NOT BETWEEN 0 AND {_HOUR_US}, TRUE)"
_SLOT_SQL = f"CASE WHEN {LONGER_SQL} THEN {MEAN} ELSE (start_us // {_HOUR_US} % {DAY} + {DAY}) % {DAY} END"


def numbered_sql(lines: str, columns: str) -> str:
    """Lines (of profile, `columns`, start_us and end_us) with the number of their profile and slot in place of the profile."""
    return f"SELECT {slotted_sql('profile', _SLOT_SQL)} AS profile, {columns} FROM ({lines})"  # noqa: S608


def slotted_sql(profile: str, slot: str) -> str:
    """The number of a profile in a slot: the slot takes the place of the last bits of the profile's hash."""
    return f"(({profile} & {-_SLOTS}) | ({slot}))::BIGINT"


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
