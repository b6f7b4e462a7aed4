"""What one line comes to: six integers, in plain Python. The fact query gives the same for all lines at once."""

from __future__ import annotations

from typing import NamedTuple

from cloudtuner.errors import ProofError
from cloudtuner.units import EXACT_LIMIT, quantise
from emissions.engine.ratecard import Rate


class Figures(NamedTuple):
    """The integers of a line, or of many lines together, in the order of `Rate.doubles`."""

    energy_uwh: int
    operational_ug: int
    embodied_ug: int
    low_ug: int
    high_ug: int
    water_ul: int

    @property
    def ug(self) -> int:
        """Operational and embodied micrograms together."""
        return self.operational_ug + self.embodied_ug


def is_exact(amount: str, rate: Rate) -> bool:
    """Whether a line stays below 2^53 in every measure, so that a double holds each of its products to the unit."""
    return abs(float(amount)) * rate.ceiling < EXACT_LIMIT


def value_line(amount: str, rate: Rate, hour: int | None) -> Figures:
    """The integers of a line: one double product each, rounded once.

    `amount` is the quantity, or the cost in 10^-6 of currency for a rate by cost. `hour` None: the line lasts longer than
    one, and takes the mean of the day. Raises ProofError from 2^53 on.
    """
    if not is_exact(amount, rate):
        raise ProofError(f"a line of {amount} is too large to be valued exactly.", code="lines.too_large")
    double = float(amount)
    return Figures(*(quantise(double * per_unit) for per_unit in (rate.doubles if hour is None else rate.at(hour))))
