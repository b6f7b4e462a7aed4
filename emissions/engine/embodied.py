"""How much of a server's making an hour of an instance carries."""

from __future__ import annotations

from fractions import Fraction

from emissions.engine.band import Band
from emissions.engine.terms import Term
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Row, number, optional_number

_KILO = 1000


def embodied_of(factors: FactorSet, row: Row, day: str) -> tuple[Band, tuple[Term, ...]]:
    """Grams an hour of a listed type, from its own figure over its stated life.

    The rival model, the share of its platform over four years, widens the band, or answers where the type has none;
    without either the mean of vCPUs does, and each accelerator adds its own.
    """
    vcpu = number(row, "vcpu")
    models: list[tuple[Fraction, str, str]] = []
    kilograms = optional_number(row, "embodied_kg")
    if kilograms is not None:
        lifetime = number(row, "embodied_lifetime_h")
        models.append((_KILO * kilograms / lifetime, f"gCO2e/h over {lifetime} h", "BoaviztAPI 2.5.0"))
    platform = optional_number(row, "platform_embodied_kg")
    host = optional_number(row, "platform_vcpu")
    if platform is not None and host:
        years = factors.coefficient("embodied.platform_lifetime", day)
        share = _KILO * platform * vcpu / host / years.value
        models.append((share, f"gCO2e/h over {years.value} h", "Teads and CCF platform list"))
    if not models:
        return _by_vcpu(factors, row, vcpu, day)
    widen = factors.coefficient("embodied.band", day)
    values = [value for value, _, _ in models]
    value, unit, source = models[0]
    return (
        Band(value, min(values) * widen.low, max(values) * widen.high),
        (Term("embodied", row["id"], value, unit, source, row["year"]),),
    )


def _by_vcpu(factors: FactorSet, row: Row, vcpu: Fraction, day: str) -> tuple[Band, tuple[Term, ...]]:
    default = factors.coefficient("embodied.per_vcpu_hour", day)
    band, terms = Band.of(default).scaled(vcpu), (Term.of("embodied", default),)
    if not row["gpu"]:
        return band, terms
    accelerator = factors.coefficient("embodied.gpu_hour", day)
    return band + Band.of(accelerator).scaled(number(row, "gpu_count")), (*terms, Term.of("embodied accelerator", accelerator))
