"""Where our figure of a rate key and Cloud Carbon Footprint's part ways: a chain of steps that adds up to the difference.

Each step changes one thing, from CCF's value to ours: the unit that storage is read in, copies, the model of power, PUE,
the grid, embodied emissions, and whether there is a model at all. So the steps of a bill add up to the difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from emissions.engine.amounts import KeyAmount
from emissions.engine.ccf.formula import Footprint, Line, copies_of, footprint
from emissions.engine.ccf.tables import PUE
from emissions.engine.ratecard import Rate, hours_in_month

_KWH_PER_UWH = 1e-9
_KG_PER_UG = 1e-9

UNITS, COPIES, POWER, MEMORY, SITE, GRID, EMBODIED, BY_COST, UNMODELLED = (
    "units", "copies", "power", "memory", "pue", "grid", "embodied", "by_cost", "unmodelled",
)  # fmt: skip

CAUSES = {
    UNITS: "storage read in the bill's unit: CCF takes usage types that end in ByteHrs for bytes, 2^40 too little",
    COPIES: "copies that a service keeps: each set has its own count (S3: CCF 6, ours 3)",
    POWER: "watts per unit: measured or modelled by instance type here, mean of processors at half load there",
    MEMORY: "memory: CCF adds what exceeds the processors' own; here it is in the power of the type",
    SITE: "PUE by region and year here, 1.135 everywhere there",
    GRID: "grid factor by region, year and basis here, constants of 2021 there",
    EMBODIED: "embodied emissions: per instance over its lifetime here; there divided by the vCPUs twice",
    BY_COST: "usage without a model, by cost: within its service here; there over all usage billed in the same unit, left out",
    UNMODELLED: "usage that only one of the two has a model for",
}


@dataclass(frozen=True)
class KeyComparison:
    """One rate key by both methods, kg CO2e, and the steps from CCF's figure to ours by cause."""

    amount: KeyAmount
    category: str
    quality: str
    ours_operational_kg: float
    ours_embodied_kg: float
    ccf_operational_kg: float
    ccf_embodied_kg: float
    ccf_kind: str
    defects: tuple[str, ...]
    steps: dict[str, float]

    @property
    def ours_kg(self) -> float:
        return self.ours_operational_kg + self.ours_embodied_kg

    @property
    def ccf_kg(self) -> float:
        return self.ccf_operational_kg + self.ccf_embodied_kg


def compare_key(amount: KeyAmount, rate: Rate) -> KeyComparison:
    """Both figures of one rate key, and what makes the difference. `rate` is ours.

    Cloud Carbon Footprint is repeated for AWS only; for other providers its side is `absent`. Sums of quantities know no
    hours: where a factor set has a profile of the day, ours stands at the day's mean.
    """
    key = amount.key
    if key.provider != "aws":
        return _without_ccf(amount, rate)
    line = Line(key.service, key.usage_type, key.unit, key.region, hours_in_month(amount.month))
    theirs = footprint(line, amount.quantity)
    units = float(amount.cost_micro) if rate.by_cost else amount.quantity
    operational, embodied = _ours(amount, rate)
    ccf_operational, ccf_embodied = theirs.operational_t * 1000, theirs.embodied_t * 1000
    steps = _steps(line, theirs, rate, units, operational)
    steps[EMBODIED] = steps.get(EMBODIED, 0.0) + embodied - ccf_embodied
    return KeyComparison(
        amount=amount,
        category=rate.category,
        quality=rate.quality,
        ours_operational_kg=operational,
        ours_embodied_kg=embodied,
        ccf_operational_kg=ccf_operational,
        ccf_embodied_kg=ccf_embodied,
        ccf_kind=theirs.kind,
        defects=theirs.defects,
        steps={cause: kg for cause, kg in steps.items() if kg},
    )


def _ours(amount: KeyAmount, rate: Rate) -> tuple[float, float]:
    units = float(amount.cost_micro) if rate.by_cost else amount.quantity
    return float(rate.operational_ug) * units * _KG_PER_UG, float(rate.embodied_ug) * units * _KG_PER_UG


def _without_ccf(amount: KeyAmount, rate: Rate) -> KeyComparison:
    operational, embodied = _ours(amount, rate)
    return KeyComparison(amount, rate.category, rate.quality, operational, embodied, 0.0, 0.0, "absent", (), {})


def _steps(line: Line, theirs: Footprint, rate: Rate, units: float, operational_kg: float) -> dict[str, float]:
    """The chain over the operational part: CCF's kilograms, one change at a time, until ours stand."""
    if rate.by_cost:
        return {BY_COST: operational_kg - theirs.operational_t * 1000}
    ours_kwh = float(rate.energy_uwh) * units * _KWH_PER_UWH
    if (not theirs.operational_kwh and theirs.corrected_kwh is None) or not ours_kwh:
        return {UNMODELLED: operational_kg - theirs.operational_t * 1000}
    grid = theirs.t_per_kwh * 1000
    parts = {term.part: float(term.value) for term in rate.terms}
    pue = parts.get("PUE", PUE)
    right = theirs.corrected_kwh if theirs.corrected_kwh is not None else theirs.operational_kwh
    copies = parts.get("copies", 1.0) / copies_of(line.service, line.usage_type)
    copied = right * copies
    racked = ours_kwh / pue
    without_memory = copied - theirs.memory_kwh * copies
    return {
        UNITS: (right - theirs.operational_kwh) * grid,
        COPIES: (copied - right) * grid,
        MEMORY: (without_memory - copied) * grid,
        POWER: (racked * PUE - without_memory) * grid,
        SITE: racked * (pue - PUE) * grid,
        GRID: operational_kg - ours_kwh * grid,
    }
