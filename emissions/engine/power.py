"""How many watts an instance type draws, and how much of a server's making an hour of it carries.

Central figure: measured by a third party (Teads) where there is such a row, else modelled from components (Boavizta),
else read off the processor's SPECpower line plus memory. The band takes the lowest model at a quarter of the load and
the highest at three quarters: models of one type differ by a factor of two to three, and nobody bills utilisation.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from emissions.engine.band import Band
from emissions.engine.terms import Term, worst
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Factor, Row, number, optional_number

Curve = Callable[[Fraction], Fraction]

_PREFIXES = ("db.", "cache.", "dax.", "ml.", "kafka.")
_SUFFIXES = (".search", ".elasticsearch")
_SIZES = {"nano": 2, "micro": 2, "small": 2, "medium": 2, "large": 2}
_SIZE = re.compile(r"[a-z][a-z0-9-]*\.(?:(nano|micro|small|medium|large)|(\d*)xlarge|metal-(\d+)xl)")
_GIB_PER_VCPU = Fraction(4)


@dataclass(frozen=True)
class InstancePower:
    """Watts of one instance at the reference load, embodied grams an hour, and where both come from."""

    watts: Band
    embodied_g_per_hour: Band
    quality: str
    reason: str
    terms: tuple[Term, ...]


def instance_power(factors: FactorSet, instance_type: str, day: str) -> InstancePower | None:
    """Power and embodied share of an instance type; None when neither the type nor the size in its name is known."""
    row = find_instance(factors, instance_type, day)
    if row is not None:
        return _listed(factors, row, day)
    vcpu = vcpu_of_size(_bare(instance_type))
    return None if vcpu is None else _by_size(factors, instance_type, vcpu, day)


def interpolate(points: tuple[tuple[Fraction, Fraction], ...], at: Fraction) -> Fraction:
    """The value at `at` on the straight lines through points that are sorted by their first number.

    >>> interpolate(((Fraction(0), Fraction(4)), (Fraction(100), Fraction(20))), Fraction(50))
    Fraction(12, 1)
    """
    for (left, low), (right, high) in pairwise(points):
        if at <= right:
            return low + (high - low) * (at - left) / (right - left)
    return points[-1][1]


def vcpu_of_size(instance_type: str) -> int | None:
    """The vCPUs that a size name stands for since the fifth generation; None for a name that says nothing.

    >>> vcpu_of_size("m9x.large"), vcpu_of_size("m9x.xlarge"), vcpu_of_size("m9x.12xlarge"), vcpu_of_size("ra3.xlplus")
    (2, 4, 48, None)
    """
    match = _SIZE.fullmatch(instance_type)
    if match is None:
        return None
    if match[1]:
        return _SIZES[match[1]]
    return 4 * int(match[2] or match[3] or 1)


def _bare(instance_type: str) -> str:
    for prefix in _PREFIXES:
        instance_type = instance_type.removeprefix(prefix)
    for suffix in _SUFFIXES:
        instance_type = instance_type.removesuffix(suffix)
    return instance_type


def find_instance(factors: FactorSet, instance_type: str, day: str) -> Row | None:
    """The type's row, also for a managed service's spelling of it (`db.m5.large`, `m5.large.search`)."""
    return factors.row("instances", instance_type, day) or factors.row("instances", _bare(instance_type), day)


def _points(row: Row, *columns: tuple[int, str]) -> tuple[tuple[Fraction, Fraction], ...]:
    return tuple((Fraction(load), number(row, column)) for load, column in columns)


def _processor_curve(row: Row, count: Fraction) -> Curve:
    points = _points(row, (0, "idle_w"), (100, "full_w"))
    return lambda load: count * interpolate(points, load)


def _listed(factors: FactorSet, row: Row, day: str) -> InstancePower:
    load = _load(factors, row, day)
    memory = factors.coefficient("memory.active", day)
    processor = factors.row("processors", row["microarchitecture"], day) or factors.row("processors", "unlisted", day)
    assert processor is not None
    vcpu = number(row, "vcpu")
    gib = optional_number(row, "memory_gib") or vcpu * _GIB_PER_VCPU
    gpu: Curve = lambda _: Fraction(0)  # noqa: E731
    gpu_row: Row | None = None
    if row["gpu"]:
        gpu_row = factors.row("processors", row["gpu"], day)
        assert gpu_row is not None
        gpu = _processor_curve(gpu_row, number(row, "gpu_count"))
    processor_curve = _processor_curve(processor, vcpu)

    def by_processor(at: Fraction, per_gib: Fraction) -> Fraction:
        return processor_curve(at) + gib * per_gib + gpu(at)

    curves: list[tuple[str, str, Curve]] = []
    if row["teads_w_50"]:
        points = _points(row, (0, "teads_w_idle"), (10, "teads_w_10"), (50, "teads_w_50"), (100, "teads_w_100"))
        curves.append(("measured", "Teads EC2 dataset", lambda at: interpolate(points, at)))
    if row["boavizta_w_50"]:
        modelled = _points(row, (0, "boavizta_w_idle"), (50, "boavizta_w_50"), (100, "boavizta_w_100"))
        quality = worst("estimated", gpu_row["quality"] if gpu_row else "estimated")
        curves.append((quality, "BoaviztAPI 2.5.0", lambda at: interpolate(modelled, at) + gpu(at)))
    lows = [curve(load.low) for _, _, curve in curves] + [by_processor(load.low, memory.low)]
    highs = [curve(load.high) for _, _, curve in curves] + [by_processor(load.high, memory.high)]
    terms: tuple[Term, ...]
    if curves:
        quality, source, curve = curves[0]
        widen = Band.exact(1) if quality == "measured" else Band.of(factors.coefficient("power.modelled", day))
        watts = Band(curve(load.value), min(lows) * widen.low, max(highs) * widen.high)
        terms = (Term("power", row["id"], watts.value, f"W at {load.value} % load", source, row["year"]),)
    else:
        quality, source = processor["quality"], processor["source"]
        single = factors.coefficient("power.single_model", day)
        watts = Band(by_processor(load.value, memory.value), min(lows) * single.low, max(highs) * single.high)
        terms = (
            Term("power", processor["id"], processor_curve(load.value), f"W at {load.value} % load", source, processor["year"]),
            Term.of("memory", memory),
        )
        if gpu_row:
            quality = worst(quality, gpu_row["quality"])
            terms += (Term("accelerator", gpu_row["id"], gpu(load.value), "W", gpu_row["source"], gpu_row["year"]),)
    reasons = {"measured": "power of this type measured by a third party", "estimated": "power of this type modelled"}
    embodied, embodied_terms = _embodied(factors, row, vcpu, day)
    return InstancePower(
        watts, embodied, quality, reasons.get(quality, "power taken from a like processor"), (*terms, *embodied_terms)
    )


def _load(factors: FactorSet, row: Row, day: str) -> Factor:
    """The reference load; a burstable type idles at its baseline unless credits are billed."""
    load = factors.coefficient("load.reference", day)
    if not row["baseline_percent"]:
        return load
    baseline = number(row, "baseline_percent")
    return Factor(load.id, baseline, baseline / 2, load.high, load.unit, load.quality, load.source, load.year)


def _embodied(factors: FactorSet, row: Row, vcpu: Fraction, day: str) -> tuple[Band, tuple[Term, ...]]:
    models: list[tuple[Fraction, str, str]] = []
    kilograms = optional_number(row, "embodied_kg")
    if kilograms is not None:
        lifetime = number(row, "embodied_lifetime_h")
        models.append((1000 * kilograms / lifetime, f"gCO2e/h over {lifetime} h", "BoaviztAPI 2.5.0"))
    platform = optional_number(row, "platform_embodied_kg")
    host = optional_number(row, "platform_vcpu")
    if platform is not None and host:
        years = factors.coefficient("embodied.platform_lifetime", day)
        share = 1000 * platform * vcpu / host / years.value
        models.append((share, f"gCO2e/h over {years.value} h", "Teads and CCF platform list"))
    if not models:
        default = factors.coefficient("embodied.per_vcpu_hour", day)
        return Band.of(default).scaled(vcpu), (Term.of("embodied", default),)
    widen = factors.coefficient("embodied.band", day)
    values = [value for value, _, _ in models]
    value, unit, source = models[0]
    return (
        Band(value, min(values) * widen.low, max(values) * widen.high),
        (Term("embodied", row["id"], value, unit, source, row["year"]),),
    )


def _by_size(factors: FactorSet, instance_type: str, vcpu: int, day: str) -> InstancePower:
    processor = factors.row("processors", "unlisted", day)
    assert processor is not None
    load = factors.coefficient("load.reference", day)
    memory = factors.coefficient("memory.active", day)
    single = factors.coefficient("power.single_model", day)
    embodied = factors.coefficient("embodied.per_vcpu_hour", day)
    curve = _processor_curve(processor, Fraction(vcpu))
    gib = vcpu * _GIB_PER_VCPU
    watts = Band(
        curve(load.value) + gib * memory.value,
        (curve(load.low) + gib * memory.low) * single.low,
        (curve(load.high) + gib * memory.high) * single.high,
    )
    return InstancePower(
        watts,
        Band.of(embodied).scaled(vcpu),
        "proxy",
        f"{instance_type} is not listed: {vcpu} vCPU read from its size",
        (
            Term(
                "power", processor["id"], curve(load.value), f"W at {load.value} % load", processor["source"], processor["year"]
            ),
            Term.of("memory", memory),
            Term.of("embodied", embodied),
        ),
    )
