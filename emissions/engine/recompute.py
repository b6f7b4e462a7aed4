"""What stripped lines come to: the validator's way to the same integers, in plain Python and without a bill."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from cloudtuner.errors import ProofError
from emissions.engine.figures import value_line
from emissions.engine.hourly import DAY
from emissions.engine.ratecard import Rate, month_of, rate_of
from emissions.engine.ratekey import RateKey
from emissions.grid.catalog import FactorSet
from emissions.poce.lines import StrippedLines


@dataclass(frozen=True)
class Recomputed:
    """Sums over lines. `hours` are (hour, operational + embodied µg), ascending, hours without lines left out."""

    energy_uwh: int
    operational_ug: int
    embodied_ug: int
    low_ug: int
    high_ug: int
    hours: list[tuple[int, int]]
    line_count: int

    @property
    def ug(self) -> int:
        """Operational and embodied micrograms together."""
        return self.operational_ug + self.embodied_ug


def value_quantity(quantity: str, rate: Rate, hour: int) -> tuple[int, int, int, int, int]:
    """The attested integers of a line of an hour: energy, operational, embodied, low, high."""
    energy, operational, embodied, low, high, _ = value_line(quantity, rate, hour)
    return energy, operational, embodied, low, high


def recompute(
    lines: StrippedLines, factor_set: FactorSet, *, hour_from: int | None = None, hour_through: int | None = None
) -> Recomputed:
    """The same integers as `estimate` gives for these lines, optionally for a range of hours, both ends included.

    Raises ProofError for a line that no rate values: such a line has no place among stripped lines.
    """
    keys = [RateKey.from_text(text) for text in lines.rate_keys]
    rates: dict[tuple[int, int], Rate] = {}
    # Quantities repeat (most are one hour), so most lines are a look-up. An hour matters where the day has a profile.
    valued: dict[tuple[int, int, int, str], tuple[int, int, int, int, int]] = {}
    day = DAY if factor_set.tables["grid_hourly"] else 1
    months: dict[int, int] = {}
    sums = [0, 0, 0, 0, 0]
    hours: defaultdict[int, int] = defaultdict(int)
    count = 0
    for hour, key, quantity in lines.lines:
        if (hour_from is not None and hour < hour_from) or (hour_through is not None and hour > hour_through):
            continue
        month = months.get(hour)
        if month is None:
            month = months[hour] = month_of(hour)
        figures = valued.get((key, month, hour % day, quantity))
        if figures is None:
            rate = rates.get((key, month))
            if rate is None:
                rate = rates[key, month] = _rate(keys[key], month, factor_set)
            figures = valued[key, month, hour % day, quantity] = value_quantity(quantity, rate, hour)
        for place in range(5):
            sums[place] += figures[place]
        hours[hour] += figures[1] + figures[2]
        count += 1
    energy, operational, embodied, low, high = sums
    return Recomputed(energy, operational, embodied, low, high, sorted(hours.items()), count)


def _rate(key: RateKey, month: int, factor_set: FactorSet) -> Rate:
    rate = rate_of(key, month, factor_set)
    if not isinstance(rate, Rate):
        raise ProofError(f"no rate values {key.service} {key.usage_type}.", code="lines.not_valued")
    return rate
