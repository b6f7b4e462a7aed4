"""How much work a node's usage is, whatever it ran on and wherever: the measure under the efficiency score.

Two integers per line, each quantised once like every other figure:

work µWh   = quantity × reference Wh per unit × 10^6        no PUE, no region, no hardware type
scored µg  = quantity × Wh per unit × PUE × grid × 10^6     operational, on the score's own basis

An instance's reference is its vCPUs, memory and accelerators at the frozen constants below, however much the type
really draws; every other use is counted at the rack as the factor set models it, copies included. `scored` takes every
region on the lifecycle basis (each region has it) and with the set's latest rows, so that two months of a score differ
by what the customer changed and not by the year of a factor. That is the constant-factor rule of CEA's baselines.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from cloudtuner.errors import ProofError
from cloudtuner.units import EXACT_LIMIT, quantise
from emissions.engine.power import find_instance, instance_power
from emissions.engine.ratecard import hours_in_month, month_of
from emissions.engine.ratekey import RateKey
from emissions.engine.usage import Use, region_of, use_of
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import number, optional_number
from emissions.grid.shapes import shape_of
from emissions.poce.lines import StrippedLines

# Frozen: no factor set changes them. Watts per vCPU at half load and per GB of memory are Cloud Carbon Footprint's means
# (aws 0.15.0); watts per accelerator are the mean of its ten accelerators at half load.
WATTS_PER_VCPU = Fraction("2.12")
WATTS_PER_GB = Fraction("0.392")
WATTS_PER_ACCELERATOR = Fraction("133.175")

# The day whose rows a score takes: the last, which a set leaves open.
LATEST = "9999-12-31"
SCORE_BASIS = "lifecycle"
GB_PER_VCPU = Fraction(4)
_MICRO = 10**6


@dataclass(frozen=True)
class Work:
    """Sums over lines: reference energy in µWh, and operational µg on the score's basis."""

    work_uwh: int
    scored_ug: int


@dataclass(frozen=True)
class WorkRate:
    """The exact terms of one rate key in one month, per billed unit. `region` is the one whose factors answer."""

    region: str
    reference_wh: Fraction
    rack_wh: Fraction
    pue: Fraction
    grid: Fraction

    @property
    def work_uwh(self) -> Fraction:
        """Reference µWh per unit."""
        return self.reference_wh * _MICRO

    @property
    def scored_ug(self) -> Fraction:
        """Operational µg per unit."""
        return self.rack_wh * self.pue * self.grid * _MICRO


def work_rate(key: RateKey, month: int, factors: FactorSet, *, region: str | None = None) -> WorkRate | None:
    """The terms of a key, optionally as if it had run in another region; None where no model answers."""
    return _work_rate(key, hours_in_month(month), factors, region)


@lru_cache(maxsize=65_536)
def _work_rate(key: RateKey, month_hours: int, factors: FactorSet, region: str | None) -> WorkRate | None:
    use = use_of(key, factors, LATEST, month_hours)
    if not isinstance(use, Use):
        return None
    place = region or region_of(key, factors)[1]
    grid = factors.grid(key.provider, place, LATEST, SCORE_BASIS)
    return WorkRate(
        region=place,
        reference_wh=_reference_wh(key, use, factors),
        rack_wh=use.wh.value,
        pue=factors.pue(key.provider, place, LATEST).value,
        grid=grid.factor.value,
    )


def _reference_wh(key: RateKey, use: Use, factors: FactorSet) -> Fraction:
    """Watt-hours per unit at reference: an instance's true draw is taken out and its size put in its place."""
    power = instance_power(factors, key.provider, use.instance_type, LATEST) if use.instance_type else None
    if power is None or not power.watts.value:
        return use.wh.value
    return use.wh.value / power.watts.value * reference_watts(key.provider, use.instance_type, factors)


def reference_watts(provider: str, instance_type: str, factors: FactorSet) -> Fraction:
    """What an instance of this size counts for: 2.12 W a vCPU, 0.392 W a GB, 133.175 W an accelerator.

    A type that is not listed has the vCPUs of its size and four GB with each.
    """
    row = find_instance(factors, provider, instance_type, LATEST)
    if row is None:
        shape = shape_of(provider, instance_type)
        vcpu = Fraction((shape.vcpu if shape else None) or 1)
        return vcpu * (WATTS_PER_VCPU + GB_PER_VCPU * WATTS_PER_GB)
    vcpu = number(row, "vcpu")
    memory = optional_number(row, "memory_gib") or vcpu * GB_PER_VCPU
    accelerators = number(row, "gpu_count") if row["gpu"] else Fraction(0)
    return vcpu * WATTS_PER_VCPU + memory * WATTS_PER_GB + accelerators * WATTS_PER_ACCELERATOR


def coverage_bp(known_cost_micro: int, energy_cost_micro: int) -> int:
    """The share of energy-bearing spend with a model, in basis points from 0 to 10000; 10000 when nothing was spent.

    >>> coverage_bp(79, 100), coverage_bp(0, 0), coverage_bp(-5, 100)
    (7900, 10000, 0)
    """
    if energy_cost_micro <= 0:
        return 10_000
    return min(10_000, max(0, 10_000 * known_cost_micro // energy_cost_micro))


def weigh(lines: StrippedLines, factors: FactorSet) -> Work:
    """Work and scored micrograms of stripped lines. Raises ProofError for a line that no rate values."""
    keys = [RateKey.from_text(text) for text in lines.rate_keys]
    months: dict[int, int] = {}
    # Quantities repeat (most are one hour), so distinct ones are valued and counted.
    counted: Counter[tuple[int, int, str]] = Counter()
    for hour, key, quantity in lines.lines:
        month = months.get(hour)
        if month is None:
            month = months[hour] = month_of(hour)
        counted[key, month, quantity] += 1
    doubles: dict[tuple[int, int], tuple[float, float]] = {}
    work_uwh = scored_ug = 0
    for (key, month, quantity), count in counted.items():
        rates = doubles.get((key, month))
        if rates is None:
            rates = doubles[key, month] = _doubles(keys[key], month, factors)
        work, scored = weigh_quantity(quantity, rates)
        work_uwh += work * count
        scored_ug += scored * count
    return Work(work_uwh, scored_ug)


def weigh_quantity(quantity: str, rates: tuple[float, float]) -> tuple[int, int]:
    """Work and scored micrograms of one line: one double product each, rounded once."""
    amount = float(quantity)
    if abs(amount) * max(rates) >= EXACT_LIMIT:
        raise ProofError(f"a line of {quantity} is too large to be valued exactly.", code="lines.too_large")
    return quantise(amount * rates[0]), quantise(amount * rates[1])


def _doubles(key: RateKey, month: int, factors: FactorSet) -> tuple[float, float]:
    rate = work_rate(key, month, factors)
    if rate is None:
        raise ProofError(f"no rate values {key.service} {key.usage_type}.", code="lines.not_valued")
    return float(rate.work_uwh), float(rate.scored_ug)
