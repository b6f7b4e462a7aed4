"""Watts and embodied grams of an instance type, by hand, over the ways a type can be known."""

from __future__ import annotations

from fractions import Fraction

import pytest

from emissions.engine.power import find_instance, fits_of, instance_power
from emissions.grid.catalog import load_factor_set

DAY = "2026-02-01"


def _power(provider, name):
    power = instance_power(load_factor_set("2026-oci"), provider, name, DAY)
    assert power is not None, name
    return power


def test_power__measured__is_the_curve_at_half_load():
    power = _power("aws", "m5.large")
    # Teads: 14.1 W at 50 %. At 25 % 7 + 7.1 x 15/40 = 9.6625 W, but the processor's model goes down to 6.41 W there:
    # 1.8 x 2 vCPU x (0.613 + (4.1042 - 0.613) / 4) + 0.4 x 8 GiB, times the low end of its band, 0.75.
    assert power.watts.value == Fraction("14.1")
    cores = 2 * (Fraction("0.613") + (Fraction("4.1042") - Fraction("0.613")) / 4)
    assert power.watts.low == (Fraction("1.8") * cores + Fraction("0.4") * 8) * Fraction("0.75")
    assert power.quality == "measured"
    assert [term.part for term in power.terms] == ["power", "embodied"]


def test_power__components__are_fitted_and_banded():
    power = _power("aws", "m7i.xlarge")
    row = find_instance(load_factor_set(), "aws", "m7i.xlarge", DAY)
    fitted = Fraction("0.9") * Fraction(row["boavizta_w_50"]) + Fraction("0.27") * Fraction(row["memory_gib"])
    assert power.watts.value == fitted
    assert power.quality == "estimated"
    assert {"power", "fitted scale", "fitted memory", "embodied"} == {term.part for term in power.terms}


def test_power__accelerators__draw_three_quarters_at_half_load():
    row = find_instance(load_factor_set(), "aws", "p5.48xlarge", DAY)
    fit = fits_of(load_factor_set(), row, DAY)[0]
    without = fits_of(load_factor_set(), {**row, "gpu": "", "gpu_count": ""}, DAY)[0]
    gap = fit.curve(Fraction(50)) - without.curve(Fraction(50))
    assert gap == 8 * Fraction("0.75") * 700
    assert any(term.part == "accelerator" for term in _power("aws", "p5.48xlarge").terms)


def test_power__accelerator_without_published_watts__is_a_proxy_by_name():
    power = _power("aws", "trn1.2xlarge")
    assert power.quality == "proxy"
    assert power.watts.value > 300


def test_power__burstable__stands_at_its_baseline():
    assert _power("aws", "t3.micro").watts.value < _power("aws", "t3.large").watts.value < _power("aws", "m5.large").watts.value
    azure, listed = _power("azure", "Standard_B2s"), find_instance(load_factor_set(), "azure", "Standard_B2s", DAY)
    assert listed["baseline_percent"] == "20"
    assert azure.watts.value < _power("azure", "Standard_D2s_v3").watts.value


@pytest.mark.parametrize(
    ("provider", "name", "like"),
    [
        ("aws", "m9g.4xlarge", "m8g.4xlarge"),
        ("aws", "m9i.metal-48xl", "m8i.metal-48xl"),
        ("aws", "t9g.nano", "t4g.nano"),
        ("aws", "ra3.xlplus", "ra3.4xlarge"),
        ("azure", "Standard_D8ads_v7", "d8ads_v5"),
        ("azure", "Standard_D3", "d3_v2"),
        ("gcp", "n2-custom-4-8192", "n2-standard-4"),
        ("gcp", "db-custom-2-7680", "n1-standard-2"),
        ("gcp", "n4d-standard-4", "n4-standard-4"),
    ],
)
def test_power__unlisted__takes_the_nearest_family_and_says_so(provider, name, like):
    power = _power(provider, name)
    assert power.quality == "proxy"
    assert f"{name} is not listed: power of {like}" in power.reason
    listed = _power(provider, like)
    assert power.watts.low < power.watts.value < power.watts.high
    if name.endswith(("m9g.4xlarge", "48xl", "D3", "v7", "n4d-standard-4")):
        assert power.watts.value == listed.watts.value


def test_power__custom_memory__counts_beyond_the_listed_ratio():
    lean, rich = _power("gcp", "n2-custom-4-16384"), _power("gcp", "n2-custom-4-32768")
    assert rich.watts.value - lean.watts.value == Fraction("0.4") * 16


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("aws", "ra9.enormous"),
        ("aws", "p99.24xlarge.search.engine"),
        ("azure", "Standard_NX96isr_Z9_v9"),
        ("gcp", "ct5lp-hightpu-4t"),
        ("gcp", "e2"),
        ("ovhcloud", "b2-7"),
    ],
)
def test_power__name_that_says_nothing_or_hides_accelerators__is_left_to_cost(provider, name):
    assert instance_power(load_factor_set(), provider, name, DAY) is None


def test_power__size_alone__is_the_widest_band():
    power = _power("aws", "zz9.2xlarge")
    assert "8 vCPU read from its size" in power.reason
    assert power.watts.high > 2 * power.watts.value
    assert _power("oci", "VM.Standard2.4").quality == "estimated"


def test_embodied__own_figure__and_the_mean_of_vcpus_where_there_is_none():
    assert _power("aws", "m5.large").embodied_g_per_hour.value == Fraction("24.003") * 1000 / 52560
    terms = {term.part: term for term in _power("azure", "Standard_ND96isr_H100_v5").terms}
    assert {"embodied", "embodied accelerator"} <= terms.keys()


@pytest.mark.parametrize("provider", ["aws", "azure", "gcp", "oci"])
def test_power__every_listed_type__has_an_ordered_band(provider):
    found = load_factor_set("2026-oci")
    for row in found.tables["instances"]:
        if row["provider"] != provider:
            continue
        power = instance_power(found, provider, row["instance_type"], DAY)
        assert power is not None
        assert 0 < power.watts.low <= power.watts.value <= power.watts.high, row["id"]
        assert 0 < power.embodied_g_per_hour.low <= power.embodied_g_per_hour.value <= power.embodied_g_per_hour.high, row["id"]
