"""What one billed unit of a rate key uses: the row that fits, its unit, its model, the copies kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from emissions.engine.band import ZERO, Band
from emissions.engine.ratekey import RateKey
from emissions.engine.terms import Term, worst
from emissions.engine.usage import compute, flat, storage, tokens
from emissions.engine.usage.measure import COUNT, GB, GB_HOUR, HOUR, TOKEN, Measure, counted, kept, measure_of
from emissions.engine.usage.patterns import EVERY_SERVICE, rows_for
from emissions.engine.usage.use import Ask, Modelled, NotModelled, Refused, Use
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Row


@dataclass(frozen=True)
class _Model:
    """What a model is asked per base unit of, and who answers."""

    dimensions: tuple[str, ...]
    answer: Callable[[Ask], Modelled | NotModelled]


MODELS: Mapping[str, _Model] = {
    "instance": _Model((HOUR,), compute.instance),
    "host": _Model((HOUR,), compute.host),
    "vcpu": _Model((HOUR,), compute.vcpu),
    "credits": _Model((HOUR,), compute.beyond_baseline),
    "core": _Model((HOUR,), compute.core),
    "vcore": _Model((HOUR,), compute.vcore),
    "dtu": _Model((HOUR,), compute.dtus),
    "bundle": _Model((HOUR,), compute.bundle),
    "gpu": _Model((HOUR,), compute.gpu),
    # AWS and Azure write gigabyte-seconds of a function as seconds too.
    "function": _Model((GB_HOUR, HOUR), compute.function),
    "memory": _Model((GB_HOUR, HOUR), flat.memory),
    "cache": _Model((HOUR,), flat.cache),
    "storage": _Model((GB_HOUR,), storage.stored),
    # Storage beside containers and functions is billed in "hours" and "seconds" of gigabytes.
    "scratch": _Model((GB_HOUR, HOUR), storage.stored),
    "disk": _Model((HOUR,), storage.disk),
    "network": _Model((GB,), flat.network),
    "scan": _Model((GB,), flat.per_unit),
    "request": _Model((COUNT,), flat.per_unit),
    "device": _Model((HOUR,), flat.per_unit),
    "tokens": _Model((TOKEN, COUNT), tokens.inference),
}


def use_of(key: RateKey, factors: FactorSet, day: str, month_hours: int) -> Use | NotModelled | Refused:
    """What one unit of a rate key uses. `month_hours` turns gigabyte-months into gigabyte-hours."""
    billed = measure_of(key.provider, key.unit)
    misfit: Row | None = None
    for row in rows_for(factors, key):
        if row["model"] == "nothing":
            return Use("none", ZERO, ZERO, "estimated", row["note"], ())
        model = MODELS[row["model"]]
        measure = _meant(row["model"], billed)
        if measure is None or measure.dimension not in model.dimensions:
            misfit = misfit or row
            continue
        answer = model.answer(Ask(key, row, factors, day))
        if not isinstance(answer, Modelled):
            return answer
        terms = answer.terms
        if measure.monthly:
            terms += (Term("hours in the month", "calendar", Fraction(month_hours), "h", "calendar, UTC", ""),)
        return _kept(row, answer, terms, measure.base_units(month_hours), Ask(key, row, factors, day))
    if misfit is not None and misfit["service"] != EVERY_SERVICE and _is_code(key):
        wanted = " or ".join(MODELS[misfit["model"]].dimensions).replace("_", "-")
        return Refused("line.unit", f"{key.service} {key.usage_type} is billed in {key.unit or 'no unit'!r}, expected {wanted}.")
    return NotModelled("no model for this usage type")


def _is_code(key: RateKey) -> bool:
    """Whether the usage type is a code with one unit, as AWS's are, and not a name or a sentence in words.

    A code in another unit is a damaged line; a name in another unit is one that the patterns read too widely.
    """
    return key.provider == "aws" and " " not in key.usage_type


def _meant(model: str, billed: Measure | None) -> Measure | None:
    """What a unit means to a model: devices are kept for the month that a count is billed for, requests are counted."""
    if billed is None:
        return None
    match model:
        case "device":
            return kept(billed)
        case "request":
            return counted(billed)
        case _:
            return billed


def _kept(row: Row, answer: Modelled, terms: tuple[Term, ...], base_units: Fraction, ask: Ask) -> Use:
    """A model's answer times the copies that the service keeps and the size of the billed unit."""
    wh, embodied = answer.wh, answer.embodied_g
    if row["copies"] != "copies.one":
        copies = ask.factor(row["copies"])
        wh, embodied = wh * Band.of(copies), embodied * Band.of(copies)
        terms = (*terms, Term.of("copies", copies))
    quality = worst(answer.quality, row["quality"] or "measured")
    reason = "; ".join(part for part in (answer.reason, row["note"]) if part)
    category = "gpu" if answer.accelerated else row["category"]
    return Use(category, wh.scaled(base_units), embodied.scaled(base_units), quality, reason, terms, answer.instance_type)
