"""Every region of every provider answers for every month on both bases, by a figure of its own or a proxy with a name."""

from __future__ import annotations

from fractions import Fraction

import pytest

from emissions.grid.catalog import GLOBAL_REGION, load_factor_set

MONTHS = tuple(f"{year}-{month:02d}-01" for year in range(2019, 2027) for month in range(1, 13))
COUNTS = {"aws": 38, "azure": 79, "gcp": 49, "oci": 41}


@pytest.fixture(scope="module")
def widest():
    return load_factor_set("2026-oci")


@pytest.mark.parametrize("provider", COUNTS)
def test_regions__every_month_2019_to_2026__answer_on_both_bases(widest, provider):
    regions = widest.regions(provider)
    assert len(regions) == COUNTS[provider]
    for region in (*regions, GLOBAL_REGION):
        for day in MONTHS:
            direct, lifecycle = (widest.grid(provider, region, day, basis) for basis in ("direct", "lifecycle"))
            for grid in (direct, lifecycle):
                assert 0 < grid.factor.low <= grid.factor.value <= grid.factor.high < 2, (region, day)
                assert grid.factor.source
                assert grid.factor.unit in ("kgCO2e/kWh", "kgCO2/kWh")
                assert not grid.proxy or grid.factor.quality == "proxy"
            preferred = widest.grid(provider, region, day)
            assert preferred in (direct, lifecycle)
            if direct.zone == lifecycle.zone:
                assert "the lifecycle value stands" in direct.proxy
            assert 1 < widest.pue(provider, region, day).value < 2
            assert 0 <= widest.wue(provider, region, day).value < 3


def test_regions__india__is_direct_everywhere_and_the_rest_lifecycle_unless_google_publishes(widest):
    for provider in COUNTS:
        for row in widest.tables["regions"]:
            if row["provider"] != provider or row["region"] == GLOBAL_REGION:
                continue
            direct = row["country"] == "IND" or (provider == "gcp" and row["direct_zone"].startswith("google."))
            assert row["basis"] == ("direct" if direct else "lifecycle"), row["id"]


def test_regions__united_states__read_egrid_or_googles_own(widest):
    american = [row for row in widest.tables["regions"] if row["country"] == "USA"]
    assert len(american) > 30
    for row in american:
        assert row["direct_zone"].startswith("google." if row["provider"] == "gcp" else "egrid."), row["id"]


def test_instances__providers__have_their_own(widest):
    counts = {provider: sum(row["provider"] == provider for row in widest.tables["instances"]) for provider in COUNTS}
    assert counts["aws"] >= 1585
    assert counts["azure"] >= 550
    assert counts["gcp"] >= 330
    assert counts["oci"] >= 40
    for row in widest.tables["instances"]:
        assert Fraction(row["vcpu"]) > 0, row["id"]
        assert bool(row["gpu"]) == bool(row["gpu_count"]), row["id"]
        assert bool(row["embodied_kg"]) == bool(row["embodied_lifetime_h"]), row["id"]
        assert bool(row["platform_embodied_kg"]) == bool(row["platform_vcpu"]) or row["provider"] != "azure", row["id"]
