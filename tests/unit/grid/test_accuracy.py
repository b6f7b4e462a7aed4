"""The power models on measured types that they have not seen: share inside the band and median error (docs/accuracy.md)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from emissions.grid.catalog import load_factor_set

HOME = Path(__file__).parents[3]


def _bench():
    spec = importlib.util.spec_from_file_location("accuracy", HOME / "tests" / "bench" / "accuracy.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bench():
    return _bench()


@pytest.fixture(scope="module")
def types(bench):
    return bench.measured_types(load_factor_set())


@pytest.mark.parametrize("model", ["boavizta", "processor"])
def test_power_table__figures__are_the_fit_over_all_measured_types(bench, types, model):
    genesis = load_factor_set()
    found = bench.fit(types, model)
    scale, memory, band = (genesis.power(f"power.{model}.{name}", bench.DAY) for name in ("scale", "memory", "band"))
    assert (scale.value, memory.value, band.low, band.high) == (found.scale, found.memory, found.low, found.high)


def _score(bench, types, model, group):
    score = bench.hold_out(load_factor_set(), types, lambda one: getattr(one, group), model)
    page = (HOME / "docs" / "accuracy.md").read_text()
    row = f"| {score.types} in {score.groups} | {score.inside:.1%} | {score.inside_at_load:.1%} | {score.median_error:.1%} |"
    assert row in page, f"docs/accuracy.md, {model} by {group}, should say {row}"
    return score


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "group"),
    [
        ("boavizta", "family"),
        ("processor", "processor"),
        ("relative", "series"),
        pytest.param("boavizta", "series", marks=pytest.mark.deep),
        pytest.param("boavizta", "processor", marks=pytest.mark.deep),
        pytest.param("processor", "family", marks=pytest.mark.deep),
        pytest.param("processor", "series", marks=pytest.mark.deep),
        pytest.param("relative", "family", marks=pytest.mark.deep),
    ],
)
def test_hold_out__group_never_seen__nine_in_ten_inside_and_median_within_a_quarter(bench, types, model, group):
    score = _score(bench, types, model, group)
    assert score.types > 500
    assert score.inside >= 0.9
    assert score.median_error <= 0.25


def test_hold_out__band_without_load__still_holds_nine_in_ten_by_components(bench, types):
    assert _score(bench, types, "boavizta", "processor").inside_at_load >= 0.9
