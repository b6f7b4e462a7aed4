"""How many watts an instance type draws, and how much of a server's making an hour of it carries.

Measured by a third party (Teads) where there is such a row; else modelled from components (Boavizta), else read off the
processor's SPECpower line plus memory, both fitted to the measured types (`power` table). Accelerators add their own
watts. A type that is not listed takes the power of the nearest family of its kind. The band reads each model at a
quarter and three quarters of the load, and is as wide as measured types lie from the model when their own family is
held out (docs/accuracy.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from emissions.engine.band import Band
from emissions.engine.curves import Curve, interpolate, points_of, processor_curve
from emissions.engine.embodied import embodied_of
from emissions.engine.terms import Term, worst
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Factor, Row, number, optional_number
from emissions.grid.shapes import Shape, bare_name, distance, has_accelerators, shape_of

_GIB_PER_VCPU = Fraction(4)
_TEADS = ((0, "teads_w_idle"), (10, "teads_w_10"), (50, "teads_w_50"), (100, "teads_w_100"))
_BOAVIZTA = ((0, "boavizta_w_idle"), (50, "boavizta_w_50"), (100, "boavizta_w_100"))
_REASONS = {"measured": "power of this type measured by a third party", "estimated": "power of this type modelled"}


@dataclass(frozen=True)
class InstancePower:
    """Watts of one instance at the reference load, embodied grams an hour, and where both come from."""

    watts: Band
    embodied_g_per_hour: Band
    quality: str
    reason: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Fit:
    """One model of a type's watts: by percent of load, with what its residuals on measured types widen it by."""

    curve: Curve
    band: Band
    quality: str
    source: str
    terms: tuple[Term, ...]

    def at(self, load: Factor) -> Band:
        """The watts at the reference load, low at its low end, high at its high end."""
        return Band(self.curve(load.value), self.curve(load.low) * self.band.low, self.curve(load.high) * self.band.high)


def instance_power(factors: FactorSet, provider: str, instance_type: str, day: str) -> InstancePower | None:
    """Power and embodied share of an instance type; None when neither the type nor its family nor its size is known."""
    row = find_instance(factors, provider, instance_type, day)
    if row is not None:
        return _listed(factors, row, day)
    shape = shape_of(provider, instance_type)
    if shape is None:
        return None
    return _like_nearest(factors, provider, instance_type, shape, day) or _by_size(factors, provider, instance_type, shape, day)


def find_instance(factors: FactorSet, provider: str, instance_type: str, day: str) -> Row | None:
    """The row of a type, under its own name or that of the machine below a managed service ("db.", ".search")."""
    own = factors.instance(provider, instance_type.strip().lower(), day)
    return own or factors.instance(provider, bare_name(provider, instance_type), day)


def nearest_listed(factors: FactorSet, provider: str, shape: Shape) -> tuple[Shape, Row] | None:
    """The listed type nearest to a name: of the nearest family of its kind, the one nearest in size."""
    if not (shape.vcpu or shape.whole):
        return None
    best: tuple[int, int, bool, bool, str] | None = None
    found: tuple[Shape, Row] | None = None
    for other, row in _shapes(factors).get((provider, shape.letters), ()):
        away = distance(shape, other, provider)
        if away is None or not other.vcpu:
            continue
        # A metal name says no size: the largest of the family stands for the whole machine.
        apart = abs(other.vcpu - shape.vcpu) if shape.vcpu else -other.vcpu
        # Of equals the size of that name comes first (burstable sizes differ by their baseline), and the bare machine.
        managed = bare_name(provider, row["instance_type"]) != row["instance_type"]
        rank = (away, apart, other.size != shape.size, managed, row["id"])
        if best is None or rank < best:
            best, found = rank, (other, row)
    return found


@lru_cache(maxsize=8)
def _shapes(factors: FactorSet) -> dict[tuple[str, str], list[tuple[Shape, Row]]]:
    """The listed types that a name's rules fit, by provider and family letters."""
    found: dict[tuple[str, str], list[tuple[Shape, Row]]] = {}
    for row in factors.tables["instances"]:
        shape = shape_of(row["provider"], row["instance_type"])
        if shape is not None and shape.vcpu:
            found.setdefault((row["provider"], shape.letters), []).append((shape, row))
    return found


def _listed(factors: FactorSet, row: Row, day: str) -> InstancePower:
    load = _load(factors, row, day)
    fits = fits_of(factors, row, day)
    best, bands = fits[0], [fit.at(load) for fit in fits]
    watts = bands[0]
    if best.quality == "measured":
        # Load is the one thing that measuring a type leaves open; where models of it go further, so does the band.
        watts = Band(watts.value, min(band.low for band in bands), max(band.high for band in bands))
    power = Term("power", row["id"], watts.value, f"W at {load.value} % load", best.source, row["year"])
    embodied, making = embodied_of(factors, row, day)
    reason = _REASONS.get(best.quality, "power taken from a like processor")
    return InstancePower(watts, embodied, best.quality, reason, (power, *best.terms, *making))


def fits_of(factors: FactorSet, row: Row, day: str) -> list[Fit]:
    """The models of a listed type, the best first: measured, by components, by processor."""
    gpu, gpu_quality, gpu_terms = _accelerators(factors, row, day)
    gib = optional_number(row, "memory_gib") or number(row, "vcpu") * _GIB_PER_VCPU
    fits = []
    if row["teads_w_50"]:
        measured = points_of(row, *_TEADS)
        fits.append(Fit(lambda load: interpolate(measured, load), Band.exact(1), "measured", "Teads EC2 dataset", ()))
    if row["boavizta_w_50"]:
        parts = points_of(row, *_BOAVIZTA)
        curve, terms = _fitted(factors, "boavizta", lambda load: interpolate(parts, load), gib, gpu, day)
        band = Band.of(factors.power("power.boavizta.band", day))
        fits.append(Fit(curve, band, worst("estimated", gpu_quality), "BoaviztAPI 2.5.0", (*terms, *gpu_terms)))
    processor = factors.row("processors", row["microarchitecture"], day) or factors.row("processors", "unlisted", day)
    assert processor is not None
    cores = processor_curve(processor, number(row, "vcpu"))
    curve, terms = _fitted(factors, "processor", cores, gib, gpu, day)
    named = Term(
        "processor", processor["id"], number(processor, "full_w"), "W/vCPU at full load", processor["source"], processor["year"]
    )
    band = Band.of(factors.power("power.processor.band", day))
    quality = worst(processor["quality"], gpu_quality)
    return [*fits, Fit(curve, band, quality, processor["source"], (named, *terms, *gpu_terms))]


def _fitted(factors: FactorSet, model: str, cores: Curve, gib: Fraction, gpu: Curve, day: str) -> tuple[Curve, tuple[Term, ...]]:
    scale, memory = factors.power(f"power.{model}.scale", day), factors.power(f"power.{model}.memory", day)
    terms = (Term.of("fitted scale", scale), Term.of("fitted memory", memory))
    return lambda load: scale.value * cores(load) + memory.value * gib + gpu(load), terms


def _accelerators(factors: FactorSet, row: Row, day: str) -> tuple[Curve, str, tuple[Term, ...]]:
    if not row["gpu"]:
        return (lambda _: Fraction(0)), "measured", ()
    known = factors.row("processors", row["gpu"], day) or factors.row("processors", "unlisted accelerator", day)
    assert known is not None
    curve = processor_curve(known, number(row, "gpu_count"))
    full = curve(Fraction(100))
    term = Term("accelerator", known["id"], full, f"W at full load of {row['gpu_count']}", known["source"], known["year"])
    return curve, known["quality"], (term,)


def _load(factors: FactorSet, row: Row, day: str) -> Factor:
    """The reference load; a burstable type idles at its baseline unless credits are billed."""
    load = factors.coefficient("load.reference", day)
    if not row["baseline_percent"]:
        return load
    baseline = number(row, "baseline_percent")
    high = max(load.high, baseline)
    return Factor(load.id, baseline, baseline / 2, high, load.unit, load.quality, load.source, load.year)


def _like_nearest(factors: FactorSet, provider: str, instance_type: str, shape: Shape, day: str) -> InstancePower | None:
    nearest = nearest_listed(factors, provider, shape)
    if nearest is None:
        return None
    other, row = nearest
    like = _listed(factors, row, day)
    # Sizes are compared as names tell them: an old Azure "D3" has four vCPUs, and so has the "D3 v2" that stands for it.
    share = Fraction(shape.vcpu, other.vcpu) if shape.vcpu and other.vcpu else Fraction(1)
    vcpu = share * number(row, "vcpu")
    # Google sells any mix of vCPUs and memory: what the name says beyond the listed ratio is memory.
    memory = factors.power("power.processor.memory", day)
    beyond = Fraction(0) if shape.gib is None else max(Fraction(0), shape.gib - share * number(row, "memory_gib"))
    widen = Band.of(factors.power("power.relative.band", day))
    watts = (like.watts.scaled(share) + Band.exact(memory.value * beyond)) * widen
    power = Term("power", row["id"], watts.value, f"W, {share} times its size", row["source"], row["year"])
    terms = tuple(term for term in like.terms if term.part != "power")
    return InstancePower(
        watts,
        like.embodied_g_per_hour.scaled(share) * widen,
        "proxy",
        f"{instance_type} is not listed: power of {row['instance_type']}, the nearest of its kind, for {vcpu} vCPU",
        (power, *terms),
    )


def _by_size(factors: FactorSet, provider: str, instance_type: str, shape: Shape, day: str) -> InstancePower | None:
    if not shape.vcpu or has_accelerators(provider, shape):
        return None
    processor = factors.row("processors", "unlisted", day)
    assert processor is not None
    load, vcpu = factors.coefficient("load.reference", day), Fraction(shape.vcpu)
    gib = shape.gib or vcpu * _GIB_PER_VCPU
    making = factors.coefficient("embodied.per_vcpu_hour", day)
    curve, terms = _fitted(factors, "processor", processor_curve(processor, vcpu), gib, lambda _: Fraction(0), day)
    watts = Fit(curve, Band.of(factors.power("power.size.band", day)), "proxy", processor["source"], ()).at(load)
    power = Term("power", processor["id"], watts.value, f"W at {load.value} % load", processor["source"], processor["year"])
    return InstancePower(
        watts,
        Band.of(making).scaled(vcpu),
        "proxy",
        f"{instance_type} is not listed: {shape.vcpu} vCPU read from its size",
        (power, *terms, Term.of("embodied", making)),
    )
