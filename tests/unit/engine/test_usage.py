"""What usage types stand for: documented names of four providers, units, and bands that never cross."""

from __future__ import annotations

import csv
import random
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emissions.engine.figures import value_line
from emissions.engine.ratecard import CostRatio, Rate, build_rate_card, rate_by_cost, rate_of
from emissions.engine.ratekey import RateKey
from emissions.engine.usage import CATEGORIES, NotModelled, Refused
from emissions.engine.usage.measure import measure_of
from emissions.engine.usage.read import MODELS
from emissions.grid.catalog import load_factor_set

FEBRUARY = 12 * 2026 + 1
# Names as the providers' price lists and documentation write them; written out for these tests, not taken from a bill.
DOCUMENTED = list(csv.DictReader((Path(__file__).parent / "documented_usage.csv").read_text(encoding="utf-8").splitlines()))
WANTED = {"aws": 0.95, "azure": 0.90, "gcp": 0.90, "oci": 0.90}


def _key(row: dict[str, str]) -> RateKey:
    return RateKey(row["provider"], row["service"], row["usage_type"], "", row["unit"], row["region"], row["instance_type"])


def _set_for(provider: str):
    return load_factor_set("2026-oci" if provider == "oci" else None)


@pytest.mark.parametrize("provider", sorted(WANTED))
def test_usage__documented_names__are_modelled_in_their_category(provider):
    rows = [row for row in DOCUMENTED if row["provider"] == provider]
    told = {}
    for row in rows:
        rate = rate_of(_key(row), FEBRUARY, _set_for(provider))
        assert not isinstance(rate, Refused), rate
        told[_key(row)] = rate.category if isinstance(rate, Rate) else "unknown"
    assert told == {_key(row): row["category"] for row in rows}
    assert sum(category != "unknown" for category in told.values()) / len(rows) >= WANTED[provider]


def test_usage__documented_names__bands_never_cross():
    for row in DOCUMENTED:
        for basis in (None, "lifecycle", "direct"):
            rate = rate_of(_key(row), FEBRUARY, _set_for(row["provider"]), basis)
            if isinstance(rate, Rate):
                assert 0 <= rate.low_ug <= rate.operational_ug + rate.embodied_ug <= rate.high_ug, row
                assert rate.basis == basis or basis is None
                assert rate.category in CATEGORIES
                assert rate.reason, row
                # What uses energy uses water, and neither is free of carbon.
                assert (rate.energy_uwh > 0) == (rate.operational_ug > 0) == (rate.water_ul > 0), row


@given(
    st.sampled_from(DOCUMENTED),
    st.decimals(min_value=0, max_value=10**6, places=9).map(str),
    st.integers(12 * 2023, 12 * 2027),
)
@settings(max_examples=300, deadline=None)
def test_usage__any_line__low_is_at_most_central_at_most_high(row, quantity, month):
    rate = rate_of(_key(row), month, _set_for(row["provider"]))
    if isinstance(rate, Rate) and float(quantity) * rate.ceiling < 2**53:
        energy, operational, embodied, low, high, water = value_line(quantity, rate, 0)
        # Operational and embodied are rounded apart.
        assert 0 <= low <= operational + embodied + 1 <= high + 2
        assert energy >= 0 <= water


@given(st.integers(0, 10**12), st.integers(1, 10**9), st.sampled_from(["within_service", "within_bill"]), st.integers(0, 10**9))
@settings(max_examples=100, deadline=None)
def test_usage__line_by_cost__low_is_at_most_central_at_most_high(energy, cost, scope, paid):
    key = RateKey("aws", "AmazonRekognition", "ImagesProcessed", "", "Images", "eu-north-1", "")
    ratio = CostRatio(Fraction(energy, cost), Fraction(energy, 7 * cost), scope)
    rate = rate_by_cost(key, FEBRUARY, load_factor_set(), ratio, "no model")
    assert 0 <= rate.low_ug <= rate.operational_ug + rate.embodied_ug <= rate.high_ug
    figures = value_line(str(paid), rate, 0) if paid * rate.ceiling < 2**53 else (0,) * 6
    assert figures[3] <= figures[1] + figures[2] + 1 <= figures[4] + 2


@given(st.lists(st.sampled_from([_key(row) for row in DOCUMENTED if row["provider"] != "oci"]), max_size=30), st.randoms())
@settings(max_examples=20, deadline=None)
def test_rate_card__any_order_and_repetition__is_the_same_card(keys, shuffled: random.Random):
    wanted = [(key, FEBRUARY) for key in keys]
    mixed = [*wanted, *wanted]
    shuffled.shuffle(mixed)
    factors = load_factor_set()
    assert build_rate_card(mixed, factors) == build_rate_card(wanted, factors)


@pytest.mark.parametrize("name", ["genesis", "2026-oci"])
def test_usage_table__every_row__names_a_model_and_coefficients_that_exist(name):
    factors = load_factor_set(name)
    names = {row["id"] for row in factors.tables["coefficients"]}
    processors = {row["name"] for row in factors.tables["processors"]}
    for row in factors.tables["usage_types"]:
        assert row["category"] in CATEGORIES, row["id"]
        if row["model"] == "nothing":
            assert row["note"], f"{row['id']} says nothing without saying why"
            continue
        assert row["model"] in MODELS, row["id"]
        assert row["copies"] in names, row["id"]
        if row["model"] in ("core", "gpu"):
            assert row["factor"] in processors, row["id"]
        elif row["model"] not in ("instance", "host", "tokens"):
            assert row["factor"] in names, row["id"]
        sized = {"bundle": (".vcpu", ".gb"), "dtu": (".vcpu", ".gb")}.get(row["model"], ("",) if row["size"] else ())
        assert {row["size"] + part for part in sized} <= names, row["id"]
    ids = Counter(row["id"] for row in factors.tables["usage_types"])
    assert max(ids.values()) == 1


@pytest.mark.parametrize(
    ("provider", "unit", "dimension", "base_units"),
    [
        ("aws", "Hrs", "hour", 1),
        ("aws", "ShardHour", "hour", 1),
        ("aws", "GB-Mo", "gb_hour", 672),
        ("aws", "PayloadUnits", "count", 1),
        ("aws", "1K tokens", "token", 1000),
        ("azure", "100 Hours", "hour", 100),
        ("azure", "1/Month", "hour", 672),
        ("azure", "1/Day", "hour", 24),
        ("azure", "10K", "count", 10_000),
        ("azure", "1 GB/Month", "gb_hour", 672),
        ("gcp", "seconds", "hour", Fraction(1, 3600)),
        ("gcp", "byte-seconds", "gb_hour", Fraction(1, 3600 * 10**9)),
        ("gcp", "bytes", "gb", Fraction(1, 10**9)),
        ("gcp", "gibibyte month", "gb_hour", Fraction(672 * 2**30, 10**9)),
        ("oci", "OCPU Per Hour", "hour", 1),
        ("oci", "Gigabyte Storage Capacity Per Month", "gb_hour", 672),
    ],
)
def test_measure__unit_of_a_provider__in_base_units(provider, unit, dimension, base_units):
    measure = measure_of(provider, unit)
    assert (measure.dimension, measure.base_units(672)) == (dimension, base_units)


def test_measure__unit_without_a_word__measures_nothing():
    assert measure_of("aws", "") is None


def test_container__split_lines__carry_nothing_beside_their_instance(factors):
    """The parent instance or the split share, never both."""
    for usage_type in ("ECS-EC2-vCPU-Hours", "EKS-EC2-GB-Hours", "EMR-EKS-EC2-vCPU-Hours"):
        rate = rate_of(RateKey("aws", "AmazonEKS", usage_type, "", "hours", "us-east-1", ""), FEBRUARY, factors)
        assert rate.category == "none"
        assert rate.doubles == (0, 0, 0, 0, 0, 0)


def test_host__dedicated__is_the_whole_machine_and_its_instances_are_not_counted(factors):
    host = rate_of(RateKey("aws", "AmazonEC2", "HostUsage:m5", "", "Hrs", "us-east-1", ""), FEBRUARY, factors)
    whole = rate_of(RateKey("aws", "AmazonEC2", "BoxUsage:m5.metal", "", "Hrs", "us-east-1", "m5.metal"), FEBRUARY, factors)
    guest = rate_of(RateKey("aws", "AmazonEC2", "HostBoxUsage:m5.large", "", "Hrs", "us-east-1", "m5.large"), FEBRUARY, factors)
    assert host.energy_uwh == whole.energy_uwh > 0
    assert guest.energy_uwh == 0


def test_disk__tier__counts_its_size_whatever_it_holds(factors):
    small, large = (
        rate_of(
            RateKey("azure", "Storage", f"Premium SSD Managed Disks - {tier} LRS Disk", "", "1/Month", "eastus", ""),
            FEBRUARY,
            factors,
        )
        for tier in ("P10", "P30")
    )
    assert large.energy_uwh == 8 * small.energy_uwh


def test_tokens__model__output_costs_more_than_input_and_unlisted_is_said(factors):
    def rate(usage_type: str) -> Rate:
        return rate_of(RateKey("aws", "AmazonBedrock", usage_type, "", "1K tokens", "us-east-1", ""), FEBRUARY, factors)

    written, read, cached = (
        rate(f"USE1-Claude4.5Sonnet-{part}") for part in ("output-tokens", "input-tokens", "cache-read-input-token-count")
    )
    # 2.46 Wh for a thousand tokens x 0.88 x 1.15, a fifth of it read, a tenth of that from a cache
    assert written.energy_uwh == Fraction("2.46") * Fraction("0.88") * Fraction("1.15") * 10**6
    assert written.energy_uwh == 5 * read.energy_uwh == 50 * cached.energy_uwh
    assert written.high_ug > 10 * written.low_ug
    assert (written.category, written.quality) == ("tokens", "proxy")
    assert rate("USE1-BrandNew-output-tokens").reason.startswith("the model is not listed")


def test_basis__asked__answers_on_it_and_leaves_energy_alone(factors):
    key = RateKey("aws", "AmazonEC2", "APS3-BoxUsage:m5.large", "", "Hrs", "ap-south-1", "m5.large")
    direct, lifecycle = (rate_of(key, FEBRUARY, factors, basis) for basis in ("direct", "lifecycle"))
    assert rate_of(key, FEBRUARY, factors) == direct
    assert direct.energy_uwh == lifecycle.energy_uwh
    assert (direct.basis, lifecycle.basis) == ("direct", "lifecycle")
    assert direct.operational_ug != lifecycle.operational_ug


def test_usage__name_in_another_unit__is_left_to_cost_and_a_code_is_refused(factors):
    named = RateKey("azure", "Storage", "Tiered Block Blob - Hot LRS Data Stored", "", "1 Hour", "eastus", "")
    code = RateKey("aws", "AmazonS3", "TimedStorage-ByteHrs", "", "Hrs", "us-east-1", "")
    assert rate_of(named, FEBRUARY, factors) == NotModelled("no model for this usage type")
    refused = rate_of(code, FEBRUARY, factors)
    assert isinstance(refused, Refused)
    assert refused.message == "AmazonS3 TimedStorage-ByteHrs is billed in 'Hrs', expected gb-hour."


def test_usage__nothing_known__is_left_to_cost(factors):
    key = RateKey("azure", "Quantum Teleportation", "Entangled Pairs", "", "1", "eastus", "")
    assert rate_of(key, FEBRUARY, factors) == NotModelled("no model for this usage type")


def test_coefficients__every_one__is_asked_for_by_a_row_or_by_name():
    """No figure lies in the set that nothing uses."""
    families = ("tokens.output.", "disk.tier_", "dtu.", "redis.", "cost.")
    asked = set()
    for name in ("genesis", "2026-oci"):
        for row in load_factor_set(name).tables["usage_types"]:
            asked |= {
                row["factor"],
                row["size"],
                f"{row['size']}.vcpu",
                f"{row['size']}.gb",
                row["copies"],
                f"embodied.{row['factor']}",
            }
    code = "".join(path.read_text() for path in (Path(__file__).parents[3] / "emissions" / "engine").rglob("*.py"))
    for row in load_factor_set("2026-oci").tables["coefficients"]:
        assert row["id"] in asked or row["id"].startswith(families) or f'"{row["id"]}"' in code, row["id"]
