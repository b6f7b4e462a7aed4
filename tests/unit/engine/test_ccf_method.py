"""`--method ccf` is Cloud Carbon Footprint over a whole bill, and every kilogram between it and ours is explained."""

from __future__ import annotations

import math

import pytest

from cloudtuner.errors import FactorError
from emissions.engine.ccf.card import ccf_rate
from emissions.engine.ccf.formula import Line, footprint
from emissions.engine.compare.differences import CAUSES, compare_key
from emissions.engine.estimate import estimate
from emissions.engine.ratecard import hours_in_month, month_of
from emissions.engine.ratekey import RateKey

MONTH = month_of(491640)
M5 = RateKey("aws", "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "Hrs", "us-east-1", "m5.large")


def test_estimate__method_ccf__sums_to_its_footprint_of_every_key(samples, factors):
    with estimate([samples.following.path], factor_set=factors, method="ccf") as found:
        amounts = found.amounts()
        energy = sum(found.hours.column("energy_uwh").to_pylist())
        operational = sum(found.hours.column("operational_ug").to_pylist())
        lines = found.counts.lines
    assert sum(amount.lines for amount in amounts) == lines - 6  # Tax and Credit carry no energy.
    whole = [
        footprint(Line(a.key.service, a.key.usage_type, a.key.unit, a.key.region, hours_in_month(a.month)), a.quantity)
        for a in amounts
    ]
    # Lines are rounded to micrograms one by one.
    assert math.isclose(energy, sum(each.operational_kwh for each in whole) * 1e9, abs_tol=lines)
    assert math.isclose(operational, sum(each.operational_t for each in whole) * 1e12, abs_tol=lines)


def test_ccf_rate__m5_large_hour__by_hand():
    rate = ccf_rate(M5, MONTH)
    # Skylake: 0.65 to 4.26 watts at half load, two vCPUs; memory beyond 81.32 GB of the family's 384 GB on one chip.
    cpu = (0.65 + 0.5 * (4.26 - 0.65)) * 2 * 1.135
    memory = (384 - 81.32) / (384 / 8) * 0.392 * 1.135
    assert math.isclose(float(rate.energy_uwh), (cpu + memory) * 1e6, rel_tol=1e-12)


def test_estimate__method_ccf_for_another_provider__refused():
    with pytest.raises(FactorError) as caught:
        ccf_rate(RateKey("gcp", "Compute Engine", "N1 Core", "", "hour", "us-east1", ""), MONTH)
    assert caught.value.code == "method.provider"


def test_compare_key__sample_bill__steps_add_up_to_the_difference(samples, factors):
    with estimate([samples.second.path], factor_set=factors) as found:
        rows = [compare_key(amount, found.rates[amount.key, amount.month]) for amount in found.amounts()]
        ours = found.ug / 1e9
    assert math.isclose(sum(row.ours_kg for row in rows), ours, rel_tol=1e-6)
    for row in rows:
        assert set(row.steps) <= set(CAUSES)
        assert math.isclose(sum(row.steps.values()), row.ours_kg - row.ccf_kg, rel_tol=1e-9, abs_tol=1e-12)
    storage = next(row for row in rows if row.amount.key.usage_type == "APS3-TimedStorage-ByteHrs")
    assert storage.steps["units"] > 0 > storage.steps["copies"]
    assert storage.ccf_kg < 1e-9 < storage.ours_kg
