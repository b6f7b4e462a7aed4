"""How far the power models lie from measured types that they have not seen. Run: `python tests/bench/accuracy.py`.

The Teads EC2 dataset measures some 560 types. Each group of them in turn (a family, a series, a processor) is taken out
altogether: the models are fitted, and their band is set, on the other groups alone; the engine then estimates the
group's types without their measured rows, and the estimate is compared with what was measured. A fitted figure thus
never meets the types that judge it. Families weigh alike in a fit, whatever number of sizes they come in.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from emissions.engine.curves import interpolate, points_of, processor_curve
from emissions.engine.power import instance_power
from emissions.grid.catalog import load_factor_set
from emissions.grid.factor_set import FactorSet
from emissions.grid.factors import Row, number
from emissions.grid.shapes import bare_name

DAY = "2026-02-01"
TEADS = ("teads_w_idle", "teads_w_10", "teads_w_50", "teads_w_100")
BOAVIZTA = ("boavizta_w_idle", "boavizta_w_50", "boavizta_w_100")
LOADS = {"teads": (0, 10, 50, 100), "boavizta": (0, 50, 100)}
# The figures that are tried: shares of the processor's watts, and watts per GiB.
SCALES = {"boavizta": [Fraction(n, 100) for n in range(70, 125, 5)], "processor": [Fraction(n, 10) for n in range(10, 29)]}
MEMORY = {"boavizta": [Fraction(n, 100) for n in range(0, 42, 3)], "processor": [Fraction(n, 100) for n in range(20, 65, 5)]}
TAIL = 0.05


@dataclass(frozen=True, eq=False)
class Measured:
    """A measured type: its groups, its watts at its reference load, and what the models start from at that load."""

    row: Row
    family: str
    series: str
    processor: str
    watts: float
    gib: float
    accelerators: float
    cores: dict[str, float]


@dataclass(frozen=True)
class Fitted:
    """A model's two figures, and the 5th and 95th percentile of measured over modelled."""

    scale: Fraction
    memory: Fraction
    low: Fraction
    high: Fraction


@dataclass(frozen=True)
class Score:
    """How a model did on types it had not seen: shares inside its band, whole and at the load that was measured."""

    types: int
    groups: int
    inside: float
    inside_at_load: float
    median_error: float
    worst_decile: float


def measured_types(factors: FactorSet) -> list[Measured]:
    """The measured types of a set that both models can be asked for."""
    return [_measured(factors, row) for row in factors.tables["instances"] if row["teads_w_50"] and row["boavizta_w_50"]]


def _measured(factors: FactorSet, row: Row) -> Measured:
    family = bare_name("aws", row["instance_type"]).partition(".")[0]
    load = number(row, "baseline_percent") if row["baseline_percent"] else Fraction(50)
    known = factors.row("processors", row["microarchitecture"], DAY) or factors.row("processors", "unlisted", DAY)
    gpu = factors.row("processors", row["gpu"], DAY) if row["gpu"] else None
    assert known is not None
    boavizta = interpolate(points_of(row, *zip(LOADS["boavizta"], BOAVIZTA, strict=True)), load)
    return Measured(
        row=row,
        family=family,
        series=re.match(r"u-|[a-z]+\d?", family)[0],  # type: ignore[index]
        processor=row["microarchitecture"],
        watts=float(interpolate(points_of(row, *zip(LOADS["teads"], TEADS, strict=True)), load)),
        gib=float(number(row, "memory_gib")),
        accelerators=float(processor_curve(gpu, number(row, "gpu_count"))(load)) if gpu else 0.0,
        cores={"boavizta": float(boavizta), "processor": float(processor_curve(known, number(row, "vcpu"))(load))},
    )


def fit(types: Iterable[Measured], model: str) -> Fitted:
    """The figures with the least mean error over families, and the band that holds nine in ten of their types."""
    families: dict[str, list[Measured]] = defaultdict(list)
    for one in types:
        families[one.family].append(one)
    by_family = [_errors(tuple(group), model) for group in families.values()]
    figures = [(scale, memory) for scale in SCALES[model] for memory in MEMORY[model]]
    _, (scale, memory) = min(zip(map(statistics.fmean, zip(*by_family, strict=True)), figures, strict=True))
    ratios = sorted(
        (one.watts / _modelled(one, model, float(scale), float(memory)), 1 / len(group))
        for group in families.values()
        for one in group
    )
    low, high = _percentile(ratios, TAIL), _percentile(ratios, 1 - TAIL)
    return Fitted(scale, memory, Fraction(math.floor(low * 100), 100), Fraction(math.ceil(high * 100), 100))


@cache
def _errors(family: tuple[Measured, ...], model: str) -> tuple[float, ...]:
    """The mean error of a family's types for each pair of figures that is tried: the same in most fits."""
    return tuple(
        statistics.fmean(abs(math.log(_modelled(one, model, float(scale), float(memory)) / one.watts)) for one in family)
        for scale in SCALES[model]
        for memory in MEMORY[model]
    )


def _modelled(one: Measured, model: str, scale: float, memory: float) -> float:
    return scale * one.cores[model] + memory * one.gib + one.accelerators


def _percentile(weighted: list[tuple[float, float]], share: float) -> float:
    wanted, so_far = share * sum(weight for _, weight in weighted), 0.0
    for value, weight in weighted:
        so_far += weight
        if so_far >= wanted:
            return value
    return weighted[-1][0]


def hold_out(factors: FactorSet, types: list[Measured], group_of: Callable[[Measured], str], model: str) -> Score:
    """The score of a model ("boavizta", "processor" or "relative") with each group held out in turn."""
    groups: dict[str, list[Measured]] = defaultdict(list)
    for one in types:
        groups[group_of(one)].append(one)
    inside, at_load, errors = 0, 0, []
    for name, held in groups.items():
        others = [one for one in types if group_of(one) != name]
        blind = _without(factors, held, {model: fit(others, model)} if model in SCALES else {}, model)
        band = blind.power(f"power.{model}.band", DAY)
        for one in held:
            guess = instance_power(blind, "aws", one.row["instance_type"], DAY)
            if guess is None:
                continue
            inside += float(guess.watts.low) <= one.watts <= float(guess.watts.high)
            at_load += float(guess.watts.value * band.low) <= one.watts <= float(guess.watts.value * band.high)
            errors.append(abs(float(guess.watts.value) / one.watts - 1))
    errors.sort()
    count = len(errors)
    return Score(count, len(groups), inside / count, at_load / count, statistics.median(errors), errors[int(0.9 * count)])


def _without(factors: FactorSet, held: list[Measured], fitted: dict[str, Fitted], model: str) -> FactorSet:
    """The set as it would be had the held types never been measured, nor modelled, nor listed, as the model asks."""
    names = {one.row["instance_type"] for one in held}
    families = {one.family for one in held}
    gone = {"boavizta": TEADS, "processor": (*TEADS, *BOAVIZTA)}.get(model, ())
    rows = []
    for row in factors.tables["instances"]:
        if model == "relative" and row["provider"] == "aws":
            if bare_name("aws", row["instance_type"]).partition(".")[0] in families:
                continue
        elif row["provider"] == "aws" and row["instance_type"] in names:
            rows.append({**row, **dict.fromkeys(gone, "")})
            continue
        rows.append(row)
    power = tuple(_refitted(row, fitted) for row in factors.tables["power"])
    # Not a published set: its id needs no digest, only to differ from the others'.
    return FactorSet(
        f"held-out {model} {sorted(names)}", "held-out", {**factors.tables, "instances": tuple(rows), "power": power}
    )


def _refitted(row: Row, fitted: dict[str, Fitted]) -> Row:
    _, model, figure = row["id"].split(".")
    if model not in fitted:
        return row
    found = fitted[model]
    if figure == "band":
        return {**row, "low": str(float(found.low)), "high": str(float(found.high))}
    value = str(float(getattr(found, figure)))
    return {**row, "value": value, "low": value, "high": value}


def main() -> None:
    factors = load_factor_set()
    types = measured_types(factors)
    for model in SCALES:
        found = fit(types, model)
        print(
            f"{model}: scale {float(found.scale)}, memory {float(found.memory)} W/GiB, "
            f"band {float(found.low)} to {float(found.high)}"
        )
    print(f"{len(types)} measured types")
    groups: dict[str, Callable[[Measured], str]] = {
        "family": lambda one: one.family,
        "series": lambda one: one.series,
        "processor": lambda one: one.processor,
    }
    for model in (*SCALES, "relative"):
        for name, group_of in groups.items():
            if model == "relative" and name == "processor":
                continue
            score = hold_out(factors, types, group_of, model)
            print(
                f"{model:9} by {name:9} {score.types} types in {score.groups} groups: {score.inside:.1%} inside "
                f"({score.inside_at_load:.1%} at the measured load), "
                f"median error {score.median_error:.1%}, nine in ten within {score.worst_decile:.1%}"
            )


if __name__ == "__main__":
    main()
