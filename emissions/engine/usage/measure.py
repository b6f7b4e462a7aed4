"""How much one billed unit is, in the base units that models count in: hours, gigabyte-hours, gigabytes, counts, tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from emissions.billing.registry import unit_of

HOUR, GB_HOUR, GB, COUNT, TOKEN = "hour", "gb_hour", "gb", "count", "token"

_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])")
_THING = re.compile(r"[A-Za-z][A-Za-z /_-]*")

# Each dimension of a billed unit: its base unit, how many of them it is, and whether it lasts for the line's month.
_BASES: dict[str, tuple[str, Fraction, bool]] = {
    "second": (HOUR, Fraction(1, 3600), False),
    "hour": (HOUR, Fraction(1), False),
    "day": (HOUR, Fraction(24), False),
    "month": (HOUR, Fraction(1), True),
    "gb_hour": (GB_HOUR, Fraction(1), False),
    "gb_month": (GB_HOUR, Fraction(1), True),
    "gb": (GB, Fraction(1), False),
    "count": (COUNT, Fraction(1), False),
    "token": (TOKEN, Fraction(1), False),
}


@dataclass(frozen=True)
class Measure:
    """`factor` base units of `dimension` per billed unit; `monthly` ones count for each hour of the line's month."""

    dimension: str
    factor: Fraction
    monthly: bool = False

    def base_units(self, month_hours: int) -> Fraction:
        """Base units per billed unit in a month of so many hours."""
        return self.factor * month_hours if self.monthly else self.factor


def measure_of(provider: str, unit: str) -> Measure | None:
    """What a unit of a provider's bill measures; None for one without a word in it.

    >>> measure_of("azure", "1 GB/Month")
    Measure(dimension='gb_hour', factor=Fraction(1, 1), monthly=True)
    >>> measure_of("gcp", "byte-seconds").factor == Fraction(1, 3600 * 10**9)
    True
    """
    found = unit_of(provider, unit) or unit_of(provider, _JOINED.sub(" ", unit))
    if found is None:
        # A thing with neither a size nor a time ("PayloadUnits", "Secrets") is counted.
        return Measure(COUNT, Fraction(1)) if _THING.fullmatch(unit) else None
    dimension, factor, monthly = _BASES[found.dimension]
    return Measure(dimension, found.factor * factor, monthly)


def kept(measure: Measure) -> Measure:
    """A count of things that are billed by the month they are kept for ("Keys", "Alarms")."""
    return Measure(HOUR, measure.factor, monthly=True) if measure.dimension == COUNT else measure


def counted(measure: Measure) -> Measure:
    """Requests that a unit counts by the month ("10,000 Requests Per Month"): a count all the same."""
    return Measure(COUNT, measure.factor) if measure.dimension == HOUR and measure.monthly else measure
