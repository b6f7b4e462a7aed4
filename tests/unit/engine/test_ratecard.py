"""Rates by hand, and the five defects of Cloud Carbon Footprint that ours must not have (docs/methodology.md)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cloudtuner.errors import FactorError, ProofError
from emissions.engine.power import instance_power
from emissions.engine.ratecard import CostRatio, Rate, build_rate_card, hours_in_month, month_of, rate_by_cost, rate_of
from emissions.engine.ratekey import RateKey
from emissions.engine.recompute import recompute, value_quantity
from emissions.engine.usage import NotModelled, Refused
from emissions.grid.catalog import load_factor_set
from emissions.poce.lines import StrippedLines

FEBRUARY = 12 * 2026 + 1
JANUARY = 12 * 2026


def _key(service: str, usage_type: str, unit: str, region: str = "us-east-1", instance_type: str = "") -> RateKey:
    return RateKey("aws", service, usage_type, "", unit, region, instance_type)


def _rate(factors, *key: str, month: int = FEBRUARY) -> Rate:
    rate = rate_of(_key(*key), month, factors)
    assert isinstance(rate, Rate), rate
    return rate


def test_rate__worked_example_of_the_methodology__to_the_microgram(factors):
    rate = _rate(factors, "AmazonEC2", "APS3-BoxUsage:m5.large", "Hrs", "ap-south-1", "m5.large")
    # 14.1 W x 1.42 = 20.022 Wh; x 0.7117 kg/kWh = 14.2496574 g; 24.003 kg / 52,560 h = 0.45667808... g
    assert rate.energy_uwh == 20_022_000
    assert rate.operational_ug == Fraction("14249657.4")
    assert rate.embodied_ug == Fraction("24.003") / 52560 * 10**9
    assert value_quantity("1", rate, 0)[:3] == (20_022_000, 14_249_657, 456_678)
    assert value_quantity("24", rate, 0)[:3] == (480_528_000, 341_991_778, 10_960_274)
    assert (rate.quality, rate.basis, rate.category) == ("measured", "direct", "compute")
    assert [term.id for term in rate.terms] == [
        "instance.aws.m5.large",
        "instance.aws.m5.large",
        "pue.aws.ap-south-1.2024",
        "cea.v21.0.fy2024.weighted_avg_incl_res_captive.excluding",
        "wue.aws.ap-south-1.2024",
    ]


def test_storage__gigabyte_months__are_not_bytes(factors):
    """Defect 1: a name that ends in ByteHrs is billed in GB-Mo all the same."""
    rate = _rate(factors, "AmazonS3", "TimedStorage-ByteHrs", "GB-Mo")
    # 1,000 GB-Mo: 1 TB x 672 h x 0.65 Wh x 3 copies x 1.15
    assert rate.energy_uwh * 1000 == Fraction("0.65") * 672 * 3 * Fraction("1.15") * 10**6
    assert float(rate.operational_ug * 1000 / 10**9) == pytest.approx(0.4930, abs=1e-4)


def test_storage__month__counts_its_hours(factors):
    january, february = (
        _rate(factors, "AmazonS3", "TimedStorage-ByteHrs", "GB-Mo", month=month) for month in (JANUARY, FEBRUARY)
    )
    assert january.energy_uwh / february.energy_uwh == Fraction(744, 672)
    assert (hours_in_month(JANUARY), hours_in_month(FEBRUARY), hours_in_month(12 * 2024 + 1)) == (744, 672, 696)


def test_embodied__48_times_larger_instance__has_48_times_the_share(factors):
    """Defect 2: embodied is not divided by the vCPU count twice."""
    small = _rate(factors, "AmazonEC2", "BoxUsage:m5.large", "Hrs", "us-east-1", "m5.large")
    large = _rate(factors, "AmazonEC2", "BoxUsage:m5.24xlarge", "Hrs", "us-east-1", "m5.24xlarge")
    assert float(large.embodied_ug / small.embodied_ug) == pytest.approx(48, rel=0.05)


def test_energy__other_region__differs_by_pue_alone(factors):
    """Defect 3: embodied is never turned back into kilowatt-hours through the grid."""
    virginia, stockholm = (
        _rate(factors, "AmazonEC2", "BoxUsage:m5.large", "Hrs", region, "m5.large") for region in ("us-east-1", "eu-north-1")
    )
    assert virginia.energy_uwh / stockholm.energy_uwh == Fraction("1.15") / Fraction("1.10")
    assert virginia.embodied_ug == stockholm.embodied_ug


def test_unknown__card__does_not_depend_on_order(factors):
    """Defect 4: no running average: what is unknown is valued from sums of integers."""
    unknown, known = _key("AmazonS3", "StorageLens-ObjCount", "Objects"), _key("AmazonEC2", "BoxUsage:m5.large", "Hrs")
    keys = [(unknown, FEBRUARY), (known, FEBRUARY)]
    forward, backward = build_rate_card(keys, factors), build_rate_card(reversed(keys), factors)
    assert forward == backward
    assert isinstance(rate_of(*keys[0], factors), NotModelled)
    by_cost = rate_by_cost(*keys[0], factors, CostRatio(Fraction(7, 3), Fraction(1), "within_service"), "no model")
    assert (by_cost.quality, by_cost.category, by_cost.by_cost) == ("unknown", "unknown", True)
    assert by_cost.operational_ug == Fraction(7, 3) * Fraction("0.32717")


@pytest.mark.parametrize(
    ("service", "usage_type", "unit", "region", "instance_type", "quality"),
    [
        ("AmazonEC2", "BoxUsage:m7i.large", "Hrs", "us-east-1", "m7i.large", "estimated"),
        ("AmazonEC2", "BoxUsage:m7g.large", "Hrs", "us-east-1", "m7g.large", "estimated"),
        ("AmazonEC2", "APS6-BoxUsage:m5.large", "Hrs", "ap-southeast-4", "m5.large", "measured"),
        ("AmazonEC2", "BoxUsage:z99.8xlarge", "Hrs", "us-east-1", "z99.8xlarge", "proxy"),
        ("AmazonRDS", "RDS:Multi-AZ-GP3-Storage", "GB-Mo", "us-east-1", "", "estimated"),
        ("AmazonCloudFront", "EU-DataTransfer-Out-Bytes", "GB", "", "", "proxy"),
        ("AmazonEFS", "TimedStorage-Z-ByteHrs", "GB-Mo", "us-east-1", "", "estimated"),
        ("AmazonECS", "USE1-Fargate-GB-Hours", "hours", "us-east-1", "", "estimated"),
    ],
)
def test_rate__what_ccf_misses__is_estimated(factors, service, usage_type, unit, region, instance_type, quality):
    """Defect 5: types, regions and usage without an entry there."""
    rate = _rate(factors, service, usage_type, unit, region, instance_type)
    assert rate.energy_uwh > 0
    assert rate.quality == quality


def test_lambda__gigabyte_second__is_its_share_of_a_vcpu_and_its_memory(factors):
    rate = _rate(factors, "AWSLambda", "Lambda-GB-Second", "Lambda-GB-Second")
    watts = Fraction("2.12") / Fraction("1.769") + Fraction("0.0598")
    assert rate.energy_uwh == watts / 3600 * Fraction("1.15") * 10**6


def test_database__standby__doubles_energy_and_embodied(factors):
    single = _rate(factors, "AmazonRDS", "InstanceUsage:db.r5.large", "Hrs", "us-east-1", "db.r5.large")
    double = _rate(factors, "AmazonRDS", "Multi-AZUsage:db.r5.large", "Hrs", "us-east-1", "db.r5.large")
    assert (double.energy_uwh, double.embodied_ug) == (2 * single.energy_uwh, 2 * single.embodied_ug)


def test_transfer__inbound_and_iops__are_counted_elsewhere(factors):
    for key in (("AmazonEC2", "DataTransfer-In-Bytes", "GB"), ("AmazonEC2", "EBS:VolumeP-IOPS.gp3", "IOPS-Mo")):
        rate = _rate(factors, *key)
        assert rate.doubles == (0, 0, 0, 0, 0, 0)
        assert rate.reason


@pytest.mark.parametrize(
    ("region", "usage_type", "shown"),
    [
        ("", "APS3-BoxUsage:m5.large", "ap-south-1"),
        ("", "EU-BoxUsage:m5.large", "eu-west-1"),
        ("", "BoxUsage:m5.large", "us-east-1"),
        ("", "XYZ9-BoxUsage:m5.large", "global"),
        ("us-east-1-bos-1", "BoxUsage:m5.large", "us-east-1-bos-1"),
        ("mars-north-1", "BoxUsage:m5.large", "mars-north-1"),
    ],
)
def test_region__missing_or_new__is_derived_and_said(factors, region, usage_type, shown):
    rate = _rate(factors, "AmazonEC2", usage_type, "Hrs", region, "m5.large")
    assert rate.region == shown
    assert rate.quality == ("measured" if shown in ("ap-south-1", "eu-west-1", "us-east-1") else "proxy")


def test_rate__unit_that_does_not_fit__is_refused(factors):
    refused = rate_of(_key("AmazonEC2", "BoxUsage:m5.large", "GB-Mo"), FEBRUARY, factors)
    assert isinstance(refused, Refused)
    assert "billed in 'GB-Mo', expected hour" in refused.message


def test_instance__size_that_says_nothing__is_left_to_cost(factors):
    missing = rate_of(_key("AmazonRedshift", "Node:ra3.xlplus", "Hrs", "us-east-1", "ra9.enormous"), FEBRUARY, factors)
    assert isinstance(missing, NotModelled)
    assert "ra9.enormous" in missing.reason


def test_rate__every_listed_type__has_an_ordered_band(factors):
    for row in factors.tables["instances"]:
        power = instance_power(factors, row["provider"], row["instance_type"], "2026-02-01")
        assert power is not None
        assert 0 < power.watts.low <= power.watts.value <= power.watts.high, row["id"]
        assert 0 < power.embodied_g_per_hour.low <= power.embodied_g_per_hour.value <= power.embodied_g_per_hour.high, row["id"]


def test_recompute__line_that_no_rate_values__is_refused(factors):
    key = _key("AmazonMystery", "X", "Dreams").text
    with pytest.raises(ProofError, match="no rate values AmazonMystery X"):
        recompute(StrippedLines.collect([(491640, key, "1")]), factors)
    large = _key("AmazonEC2", "BoxUsage:m5.large", "Hrs").text
    with pytest.raises(ProofError, match="too large"):
        recompute(StrippedLines.collect([(491640, large, "100000000000")]), factors)
    with pytest.raises(ProofError, match="not a rate key"):
        RateKey.from_text('{"provider":"aws"}')
    assert month_of(491640) == FEBRUARY


def test_rate_card__provider_that_the_set_does_not_know__names_a_set_that_does(factors):
    key = RateKey("oci", "COMPUTE", "Standard - E4 - OCPU", "", "1 NONE HOURS OCPU", "ap-mumbai-1", "")
    with pytest.raises(FactorError, match="knows no regions of oci") as told:
        build_rate_card([(key, FEBRUARY)], factors)
    assert told.value.code == "factors.provider"
    assert "2026-oci" in told.value.hint
    assert (key, FEBRUARY) in build_rate_card([(key, FEBRUARY)], load_factor_set("2026-oci")).rates
