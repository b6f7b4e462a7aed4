"""Cloud Carbon Footprint's five defects (docs/methodology.md section 8): its figures as its package gives them, ours by hand."""

from __future__ import annotations

import math
from fractions import Fraction
from operator import itemgetter

import pytest

from emissions.engine.ccf.formula import BYTES, EMBODIED, REGION, UNLISTED, Line, footprint
from emissions.engine.estimate import estimate
from emissions.engine.ratecard import Rate, month_of, rate_of
from emissions.engine.ratekey import RateKey

APRIL = month_of(484296)  # 720 hours


def _ours(factors, service: str, usage_type: str, unit: str, region: str = "us-east-1", instance_type: str = "") -> Rate:
    rate = rate_of(RateKey("aws", service, usage_type, "", unit, region, instance_type), APRIL, factors)
    assert isinstance(rate, Rate)
    return rate


def _ccf(service: str, usage_type: str, unit: str, amount: float, region: str = "us-east-1"):
    return footprint(Line(service, usage_type, unit, region, 720), amount)


@pytest.mark.parametrize(
    ("service", "usage_type", "watt_hours", "copies"),
    [
        ("AmazonS3", "TimedStorage-ByteHrs", "0.65", 3),
        ("AmazonDynamoDB", "TimedStorage-ByteHrs", "1.2", 3),
        ("AmazonEFS", "TimedStorage-ByteHrs", "1.2", 3),
        ("AmazonECR", "TimedStorage-ByteHrs", "0.65", 3),
    ],
)
def test_defect_1__storage_by_its_unit__not_read_as_bytes(factors, service, usage_type, watt_hours, copies):
    theirs = _ccf(service, usage_type, "GB-Mo", 1000)
    assert BYTES in theirs.defects
    assert 0 < theirs.operational_kwh < 1e-10
    # 1 TB for 720 h, in the copies that the service keeps, PUE 1.15.
    ours = _ours(factors, service, usage_type, "GB-Mo").energy_uwh * 1000
    assert ours == Fraction(watt_hours) * 720 * copies * Fraction("1.15") * 10**6
    assert theirs.corrected_kwh > 1e9 * theirs.operational_kwh


def test_defect_2__embodied__grows_with_the_machine(factors):
    small, large = (_ccf("AmazonEC2", f"BoxUsage:m5.{size}", "Hrs", 24) for size in ("large", "24xlarge"))
    assert EMBODIED in large.defects
    # Both get 0.01149 kg a day there.
    assert math.isclose(small.embodied_t * 1000, 0.01149, rel_tol=1e-3)
    assert math.isclose(small.embodied_t, large.embodied_t, rel_tol=1e-3)
    ours = [
        _ours(factors, "AmazonEC2", "BoxUsage", "Hrs", instance_type=f"m5.{size}").embodied_ug for size in ("large", "24xlarge")
    ]
    assert float(ours[1] / ours[0]) == pytest.approx(48, rel=0.05)
    # By hand: 24.003 kg over 52,560 h.
    assert ours[0] == Fraction("24.003") / 52_560 * 10**9


def test_defect_3__energy__does_not_depend_on_the_grid(factors):
    virginia, stockholm = (_ccf("AmazonEC2", "BoxUsage:m5.large", "Hrs", 24, place) for place in ("us-east-1", "eu-north-1"))
    assert (round(virginia.kwh_with_embodied, 3), round(stockholm.kwh_with_embodied, 3)) == (0.231, 1.507)
    ours = [
        _ours(factors, "AmazonEC2", "BoxUsage:m5.large", "Hrs", place, "m5.large").energy_uwh * 24
        for place in ("us-east-1", "eu-north-1")
    ]
    # 14.1 W for 24 h, PUE 1.15 and 1.10: 0.38916 and 0.37224 kWh.
    assert [float(energy) / 1e9 for energy in ours] == [0.38916, 0.37224]


def test_defect_4__unknown_usage__by_its_own_service_in_any_order(factors, write_bill):
    known = {"line_item_unblended_cost": "0.100"}
    strange = {"line_item_usage_type": "APS3-SomethingNew", "pricing_unit": "Widgets", "product_instance_type": ""}
    unknown = {**strange, "line_item_unblended_cost": "0.050"}
    other = {"line_item_product_code": "AmazonS3", "line_item_usage_type": "APS3-TimedStorage-ByteHrs", "pricing_unit": "GB-Mo"}
    lines = [unknown, other, known, known]
    found = []
    for name, order in (("a.csv", lines), ("b.csv", lines[::-1])):
        with estimate([write_bill(order, name=name)], factor_set=factors) as told:
            found.append(sorted(told.hours.drop_columns(["water_ul"]).to_pylist(), key=itemgetter("quality")))
    assert found[0] == found[1]
    by_cost = next(row for row in found[0] if row["quality"] == "unknown")
    machine = next(row for row in found[0] if row["service"] == "AmazonEC2" and row["quality"] != "unknown")
    # Half of what one machine costs: a quarter of what the two machines drew.
    assert by_cost["energy_uwh"] == pytest.approx(machine["energy_uwh"] / 4, abs=1)
    # There the ratio is per unit, and nothing else is billed in widgets: nothing.
    assert _ccf("AmazonEC2", "APS3-SomethingNew", "Widgets", 1).kind == "unknown"


def test_defect_5__types_and_regions_that_are_not_listed__have_their_own_figures(factors):
    assert _ccf("AmazonEC2", "BoxUsage:m7i.large", "Hrs", 1).defects == (UNLISTED,)
    assert _ours(factors, "AmazonEC2", "BoxUsage:m7i.large", "Hrs", instance_type="m7i.large").energy_uwh > 0
    hyderabad = _ccf("AmazonEC2", "BoxUsage:m5.large", "Hrs", 1, "ap-south-2")
    assert REGION in hyderabad.defects
    ours = _ours(factors, "AmazonEC2", "BoxUsage:m5.large", "Hrs", "ap-south-2", "m5.large")
    grid = next(term for term in ours.terms if term.part == "grid")
    assert grid.value > Fraction(3, 2) * Fraction(str(hyderabad.t_per_kwh * 1000))
    assert _ccf("AmazonRDS", "RDS:Multi-AZ-GP3-Storage", "GB-Mo", 1).kind == "nothing"
    assert _ours(factors, "AmazonRDS", "RDS:Multi-AZ-GP3-Storage", "GB-Mo").energy_uwh > 0
