"""What a usage type stands for: which model, how many joules and copies per billed unit, and in which region."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from emissions.billing.registry import unit_of
from emissions.engine.band import ZERO, Band
from emissions.engine.power import instance_power
from emissions.engine.ratekey import RateKey
from emissions.engine.terms import Term, worst
from emissions.grid.catalog import GLOBAL_REGION, FactorSet
from emissions.grid.factors import Factor, Row

_PREFIX = re.compile(r"([A-Z]{2,3}\d?)-")
_DIMENSIONS = {
    "instance": ("hour",),
    "vcpu_hours": ("hour",),
    "cpu_credits": ("hour",),
    "glue_dpu": ("hour",),
    "aurora_acu": ("hour",),
    "memory": ("gb_hour", "hour"),
    "storage": ("gb_month", "gb_hour"),
    "network": ("gb",),
    "lambda": ("second",),
}


@dataclass(frozen=True)
class Use:
    """What one billed unit uses at the rack: watt-hours and embodied grams, before PUE and grid."""

    category: str
    wh: Band
    embodied_g: Band
    quality: str
    reason: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class NotModelled:
    """No model answers for the usage type: it is valued by cost."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """The line contradicts its usage type and cannot be valued at all."""

    code: str
    message: str


def region_of(key: RateKey, factors: FactorSet) -> tuple[str, str, str]:
    """Where a line's usage ran: region as shown, region whose factors answer, and the reason when they differ."""
    if key.region:
        if factors.has_region(key.provider, key.region):
            return key.region, key.region, ""
        # Local zones and wavelength zones are named after the region they hang on.
        parent = re.match(r"[a-z]{2}(?:-gov)?-[a-z]+-\d", key.region)
        if parent and factors.has_region(key.provider, parent[0]):
            return key.region, parent[0], f"factors of {parent[0]}"
        return key.region, GLOBAL_REGION, f"no factors for {key.region}: mean of regions"
    prefix = _PREFIX.match(key.usage_type)
    if prefix is None:
        # AWS leaves the prefix out in its oldest region only.
        return "us-east-1", "us-east-1", ""
    for row in factors.tables["prefixes"]:
        if row["prefix"] == prefix[1] and row["provider"] == key.provider:
            known = factors.has_region(key.provider, row["region"])
            return row["region"], row["region"] if known else GLOBAL_REGION, ""
    return GLOBAL_REGION, GLOBAL_REGION, "billed without a region: mean of regions"


def use_of(key: RateKey, factors: FactorSet, day: str, month_hours: int) -> Use | NotModelled | Refused:
    """What one unit of a rate key uses. `month_hours` turns gigabyte-months into gigabyte-hours."""
    row = _usage_row(factors, key)
    if row is None:
        return NotModelled("no model for this usage type")
    if row["model"] == "nothing":
        return Use(row["category"] or "none", ZERO, ZERO, "estimated", row["note"], ())
    unit = unit_of(key.provider, key.unit)
    if unit is None or unit.dimension not in _DIMENSIONS[row["model"]]:
        wanted = " or ".join(_DIMENSIONS[row["model"]]).replace("_", "-")
        return Refused("line.unit", f"{key.service} {key.usage_type} is billed in {key.unit or 'no unit'!r}, expected {wanted}.")
    scale = unit.factor * (month_hours if unit.dimension == "gb_month" else 1)
    copies = factors.coefficient(row["copies"], day)
    use = _modelled(row, key, factors, day)
    if not isinstance(use, Use):
        return use
    terms = use.terms if copies.id == "copies.one" else (*use.terms, Term.of("copies", copies))
    if unit.dimension == "gb_month":
        terms += (Term("hours in the month", "calendar", Fraction(month_hours), "h", "calendar, UTC", ""),)
    if copies.id == "copies.one":
        wh, embodied = use.wh, use.embodied_g
    else:
        wh, embodied = use.wh * Band.of(copies), use.embodied_g * Band.of(copies)
    return Use(row["category"], wh.scaled(scale), embodied.scaled(scale), use.quality, use.reason, terms)


def _modelled(row: Row, key: RateKey, factors: FactorSet, day: str) -> Use | NotModelled:
    model = row["model"]
    if model == "instance":
        return _instance(key, factors, day)
    if model == "lambda":
        return _lambda(row, factors, day)
    if model in ("glue_dpu", "aurora_acu"):
        return _bundle("glue.vcpu_per_dpu" if model == "glue_dpu" else "aurora.vcpu_per_acu", model, factors, day)
    factor = factors.coefficient(row["factor"], day)
    band, embodied = Band.of(factor), ZERO
    terms: tuple[Term, ...] = (Term.of(model, factor),)
    if model == "storage":
        band = band.scaled(Fraction(1, 1000))
        terms = (*terms, Term("terabytes per gigabyte", "definition", Fraction(1, 1000), "TB/GB", "decimal prefixes", ""))
    elif model == "network":
        band = band.scaled(1000)
    elif model == "vcpu_hours":
        per_vcpu = factors.coefficient("embodied.per_vcpu_hour", day)
        embodied = Band.of(per_vcpu)
        terms = (*terms, Term.of("embodied", per_vcpu))
    return Use(row["category"], band, embodied, factor.quality, _reason(factor), terms)


def _reason(factor: Factor) -> str:
    return f"by {factor.id}, {factor.source}"


def _instance(key: RateKey, factors: FactorSet, day: str) -> Use | NotModelled:
    instance_type = key.instance_type or (key.usage_type.rpartition(":")[2] if ":" in key.usage_type else "m1.small")
    power = instance_power(factors, instance_type, day)
    if power is None:
        return NotModelled(f"instance type {instance_type} is not listed and its name says no size")
    return Use("compute", power.watts, power.embodied_g_per_hour, power.quality, power.reason, power.terms)


def _lambda(row: Row, factors: FactorSet, day: str) -> Use:
    """One gigabyte-second: its memory, and the share of a vCPU that comes with it (one per 1,769 MB)."""
    cpu = factors.coefficient(row["factor"], day)
    memory = factors.coefficient("serverless.memory", day)
    per_vcpu = factors.coefficient("lambda.gb_per_vcpu", day)
    embodied = factors.coefficient("embodied.per_vcpu_hour", day)
    share = 1 / per_vcpu.value
    watts = Band.of(cpu).scaled(share) + Band.of(memory)
    return Use(
        "serverless",
        watts.scaled(Fraction(1, 3600)),
        Band.of(embodied).scaled(share / 3600),
        worst(cpu.quality, memory.quality),
        _reason(cpu),
        (
            Term.of("processor", cpu),
            Term.of("memory", memory),
            Term.of("memory per vCPU", per_vcpu),
            Term.of("embodied", embodied),
        ),
    )


def _bundle(vcpu_name: str, model: str, factors: FactorSet, day: str) -> Use:
    """A unit that is so many vCPU and so many gigabytes."""
    vcpu = factors.coefficient(vcpu_name, day)
    gigabytes = factors.coefficient("glue.gb_per_dpu" if model == "glue_dpu" else "aurora.gb_per_acu", day)
    cpu = factors.coefficient("serverless.cpu_x86", day)
    memory = factors.coefficient("memory.active", day)
    embodied = factors.coefficient("embodied.per_vcpu_hour", day)
    watts = Band.of(cpu).scaled(vcpu.value) + Band.of(memory).scaled(gigabytes.value)
    terms = tuple(
        Term.of(part, factor)
        for part, factor in (
            ("vCPU", vcpu),
            ("memory size", gigabytes),
            ("processor", cpu),
            ("memory", memory),
            ("embodied", embodied),
        )
    )
    return Use("compute", watts, Band.of(embodied).scaled(vcpu.value), "proxy", _reason(cpu), terms)


def _usage_row(factors: FactorSet, key: RateKey) -> Row | None:
    for provider, service, usage_type, row in _patterns(factors):
        if provider == key.provider and (service is None or service.fullmatch(key.service)) and usage_type.search(key.usage_type):
            return row
    return None


@lru_cache(maxsize=8)
def _patterns(factors: FactorSet) -> tuple[tuple[str, re.Pattern[str] | None, re.Pattern[str], Row], ...]:
    """The set's usage types in the order of their ids: the first that fits wins."""
    return tuple(
        (row["provider"], None if row["service"] == "*" else re.compile(row["service"]), re.compile(row["usage_type"]), row)
        for row in sorted(factors.tables["usage_types"], key=lambda row: row["id"])
    )
