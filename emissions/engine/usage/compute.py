"""What runs: whole instances and hosts, single vCPUs, bundles of vCPU and memory, functions, accelerators."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from emissions.engine.band import ZERO, Band
from emissions.engine.curves import processor_curve
from emissions.engine.power import InstancePower, find_instance, instance_power
from emissions.engine.terms import Term, worst
from emissions.engine.usage.use import Ask, Modelled, NotModelled, by
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Factor

_HOST_SIZES = ("metal", "metal-48xl", "metal-24xl", *(f"{size}xlarge" for size in (48, 32, 24, 18, 16, 12, 9, 8)))

_NAMED = re.compile(r"\b(?:db\.|cache\.|ml\.)?[a-z][a-z0-9-]*\.(?:nano|micro|small|medium|large|\d*xlarge|metal[\w-]*)")
_VCORES = re.compile(r"(?i)\b(\d+) ?v?cores?\b")
_DTUS = re.compile(r"(?i)\b(\d+) ?e?dtus?\b|\b([bsp]\d*) (?:database )?dtus?\b")


def instance(ask: Ask) -> Modelled | NotModelled:
    """One hour of an instance type: the line's own, else the one that the usage type names."""
    names = _types(ask)
    for name in names:
        found = _instance(ask.factors, ask.key.provider, name, ask.day)
        if found is not None:
            return found
    return NotModelled(f"instance type {names[0] or 'without a name'} is not listed and its name says no size")


@lru_cache(maxsize=16384)
def _instance(factors: FactorSet, provider: str, name: str, day: str) -> Modelled | None:
    """A type by itself: the same type runs in many regions and under many names of usage."""
    power = instance_power(factors, provider, name, day)
    if power is None:
        return None
    row = find_instance(factors, provider, name, day)
    return _running(power, name, accelerated=row is not None and bool(row["gpu"]))


def host(ask: Ask) -> Modelled | NotModelled:
    """One hour of a dedicated host: the largest instance of its family, since that fills it."""
    family = ask.key.usage_type.rpartition(":")[2].partition(".")[0]
    for name in (f"{family}.{size}" for size in _HOST_SIZES):
        if find_instance(ask.factors, ask.key.provider, name, ask.day) is not None:
            power = instance_power(ask.factors, ask.key.provider, name, ask.day)
            if power is not None:
                return _running(power, name)
    return NotModelled(f"no host of the family {family} is listed")


def _types(ask: Ask) -> list[str]:
    if ask.key.instance_type:
        return [ask.key.instance_type]
    text = ask.key.usage_type
    if ask.key.provider == "azure":
        # "D2 v3/D2s v3": one meter for sizes that differ by their disks.
        return [part.strip() for part in text.rpartition(" - ")[2].split("/")]
    if ask.key.provider == "aws" and " " in text:
        # "$0.096 per On Demand Linux m5.large Instance Hour"
        return _NAMED.findall(text.lower()) or [""]
    if ask.key.provider == "aws" and ":" not in text:
        return ["m1.small"]
    return [text.rpartition(":")[2]]


def _running(power: InstancePower, name: str, *, accelerated: bool = False) -> Modelled:
    return Modelled(power.watts, power.embodied_g_per_hour, power.quality, power.reason, power.terms, accelerated, name)


def vcpu(ask: Ask) -> Modelled:
    """One vCPU for an hour, with its share of a server's making; `size` where the billed unit is several."""
    processor, making = ask.factor(ask.row["factor"]), ask.factor("embodied.per_vcpu_hour")
    watts, embodied = Band.of(processor), Band.of(making)
    terms: tuple[Term, ...] = (Term.of("processor", processor), Term.of("embodied", making))
    if ask.row["size"]:
        size = ask.factor(ask.row["size"])
        watts, embodied, terms = watts * Band.of(size), embodied * Band.of(size), (*terms, Term.of("size", size))
    return Modelled(watts, embodied, processor.quality, by(processor), terms)


def core(ask: Ask) -> Modelled | NotModelled:
    """One vCPU of a named processor for an hour, fitted as instances are, with its share of a server's making.

    Its memory is billed apart; `size` says how many vCPU the billed unit is, where it is not one.
    """
    row = ask.factors.row("processors", ask.row["factor"], ask.day)
    if row is None:
        return NotModelled(f"processor {ask.row['factor']} is not listed")
    load, making = ask.factor("load.reference"), ask.factor("embodied.per_vcpu_hour")
    scale, band = (ask.factors.power(f"power.processor.{name}", ask.day) for name in ("scale", "band"))
    curve = processor_curve(row, scale.value)
    watts = Band(curve(load.value), curve(load.low) * band.low, curve(load.high) * band.high)
    embodied, value = Band.of(making), watts.value
    terms: tuple[Term, ...] = (
        Term("processor", row["id"], value, f"W per vCPU at {load.value} % load", row["source"], row["year"]),
        Term.of("fitted scale", scale),
        Term.of("embodied", making),
    )
    if ask.row["size"]:
        size = ask.factor(ask.row["size"])
        watts, embodied, terms = watts * Band.of(size), embodied * Band.of(size), (*terms, Term.of("size", size))
    return Modelled(watts, embodied, row["quality"], f"by {row['id']}", terms)


def vcore(ask: Ask) -> Modelled:
    """A database's vCores for an hour: as many as its meter names ("2 vCore"), else the billed unit is one."""
    named = _VCORES.search(ask.key.usage_type)
    one = vcpu(ask)
    if named is None:
        return one
    count = Fraction(named[1])
    terms = (*one.terms, Term("vCores", "bill", count, "vCore", "named by the meter", ""))
    return Modelled(one.wh.scaled(count), one.embodied_g.scaled(count), one.quality, one.reason, terms)


def dtus(ask: Ask) -> Modelled:
    """Database transaction units for an hour: as many as the meter names ("10 DTUs") or its level has ("S1 DTU")."""
    named = _DTUS.search(ask.key.usage_type)
    level = ask.optional(f"dtu.{named[2].lower()}") if named and named[2] else None
    count = Fraction(named[1]) if named and named[1] else level.value if level else Fraction(1)
    one = bundle(ask)
    terms = (
        *one.terms,
        Term("DTU", level.id if level else "bill", count, "DTU", level.source if level else "named by the meter", ""),
    )
    return Modelled(one.wh.scaled(count), one.embodied_g.scaled(count), one.quality, one.reason, terms)


def beyond_baseline(ask: Ask) -> Modelled:
    """One vCPU-hour beyond a burstable type's baseline: its instance's making is on the instance's line."""
    processor = ask.factor(ask.row["factor"])
    return Modelled(Band.of(processor), ZERO, processor.quality, by(processor), (Term.of("processor", processor),))


def bundle(ask: Ask) -> Modelled:
    """A unit that is so many vCPU and so many gigabytes, named in `size`."""
    cpu, memory = ask.factor(ask.row["factor"]), ask.factor("memory.active")
    making, cores = ask.factor("embodied.per_vcpu_hour"), ask.factor(f"{ask.row['size']}.vcpu")
    gigabytes = ask.factor(f"{ask.row['size']}.gb")
    watts = Band.of(cpu) * Band.of(cores) + Band.of(memory) * Band.of(gigabytes)
    parts = (("processor", cpu), ("vCPU", cores), ("memory", memory), ("memory size", gigabytes), ("embodied", making))
    quality = worst("proxy", cores.quality, gigabytes.quality)
    reason = f"{by(cpu)}, sized by {cores.id}"
    return Modelled(watts, Band.of(making) * Band.of(cores), quality, reason, _terms(parts))


def function(ask: Ask) -> Modelled:
    """One gigabyte-hour of a function: its memory, and the vCPU that comes with it (one per 1,769 MB on AWS)."""
    cpu, memory = ask.factor(ask.row["factor"]), ask.factor("serverless.memory")
    per_vcpu, making = ask.factor(ask.row["size"]), ask.factor("embodied.per_vcpu_hour")
    share = 1 / per_vcpu.value
    parts = (("processor", cpu), ("memory", memory), ("memory per vCPU", per_vcpu), ("embodied", making))
    watts = Band.of(cpu).scaled(share) + Band.of(memory)
    return Modelled(watts, Band.of(making).scaled(share), worst(cpu.quality, memory.quality), by(cpu), _terms(parts))


def gpu(ask: Ask) -> Modelled | NotModelled:
    """One accelerator for an hour, at the reference load between its idle and its full power."""
    row = ask.factors.row("processors", ask.row["factor"], ask.day)
    if row is None:
        return NotModelled(f"accelerator {ask.row['factor']} is not listed")
    load = ask.factor("load.reference")
    curve = processor_curve(row, Fraction(1))
    watts = Band(*(curve(at) for at in (load.value, load.low, load.high)))
    term = Term("accelerator", row["id"], watts.value, f"W at {load.value} % load", row["source"], row["year"])
    making = ask.factor("embodied.gpu_hour")
    reason = f"by {row['id']}"
    return Modelled(watts, Band.of(making), worst(row["quality"], making.quality), reason, (term, Term.of("embodied", making)))


def _terms(parts: tuple[tuple[str, Factor], ...]) -> tuple[Term, ...]:
    return tuple(Term.of(part, factor) for part, factor in parts)
