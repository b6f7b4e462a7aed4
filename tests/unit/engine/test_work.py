"""Work knows neither place nor hardware; scored micrograms know both, on one basis."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.engine.ratecard import month_of
from emissions.engine.ratekey import RateKey
from emissions.engine.work import WATTS_PER_ACCELERATOR, WATTS_PER_GB, WATTS_PER_VCPU, Work, reference_watts, weigh, work_rate
from emissions.poce.lines import StrippedLines
from emissions.poce.score import score_bp

HOUR = 491640  # 2026-02-01T00Z
MONTH = month_of(HOUR)
M5 = RateKey("aws", "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "Hrs", "us-east-1", "m5.large")
S3 = RateKey("aws", "AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "us-east-1", "")
OUT = RateKey("aws", "AmazonEC2", "DataTransfer-Out-Bytes", "RunInstances", "GB", "us-east-1", "")
RDS = RateKey("aws", "AmazonRDS", "Multi-AZUsage:db.r5.2xlarge", "CreateDBInstance:0014", "Hrs", "us-east-1", "db.r5.2xlarge")


@pytest.mark.parametrize(
    ("provider", "service", "usage_type", "unit", "instance_type"),
    [
        ("aws", "AmazonEC2", "$0.096 per On Demand Linux m5.large Instance Hour", "Hrs", "m5.large"),
        ("aws", "AmazonEC2", "BoxUsage", "Hrs", "m1.small"),
        ("aws", "AmazonEC2", "HostUsage:m5", "Hrs", "m5.metal"),
        ("azure", "Virtual Machines", "Dv3/DSv3 Series - D2 v3/D2s v3", "1 Hour", "D2 v3"),
    ],
)
def test_work_rate__machine_named_by_the_usage_alone__counts_at_its_reference_too(
    factors, provider, service, usage_type, unit, instance_type
):
    rate = work_rate(RateKey(provider, service, usage_type, "", unit, "", ""), MONTH, factors)
    assert rate.reference_wh == reference_watts(provider, instance_type, factors)
    assert rate.reference_wh != rate.rack_wh


def test_work_rate__m5_large_hour__is_two_vcpu_and_eight_gigabytes(factors):
    rate = work_rate(M5, MONTH, factors)
    assert rate is not None
    assert rate.reference_wh == 2 * WATTS_PER_VCPU + 8 * WATTS_PER_GB == Fraction("7.376")
    assert (rate.rack_wh, rate.pue, rate.grid) == (Fraction("14.1"), Fraction("1.15"), Fraction("0.32717"))
    assert weigh(StrippedLines.collect([(HOUR, M5.text, "1")]), factors) == Work(7_376_000, 5_305_062)


@pytest.mark.parametrize("key", [M5, S3, OUT, RDS], ids=lambda key: key.usage_type)
def test_work_rate__virginia_to_stockholm__same_work_and_the_score_is_capped(factors, key):
    here = work_rate(key, MONTH, factors)
    there = work_rate(replace(key, region="eu-north-1"), MONTH, factors)
    assert here is not None
    assert there is not None
    assert here.reference_wh == there.reference_wh
    assert here.scored_ug / there.scored_ug == Fraction("0.32717") * Fraction("1.15") / (Fraction("0.03526") * Fraction("1.10"))
    assert score_bp(here.scored_ug / here.work_uwh, there.scored_ug / there.work_uwh) == 20_000
    assert work_rate(key, MONTH, factors, region="eu-north-1") == there


def test_work_rate__multi_az__counts_both_copies(factors):
    rate = work_rate(RDS, MONTH, factors)
    assert rate is not None
    assert rate.reference_wh == 2 * reference_watts("aws", "db.r5.2xlarge", factors)
    assert reference_watts("aws", "db.r5.2xlarge", factors) == 8 * WATTS_PER_VCPU + 64 * WATTS_PER_GB


def test_work_rate__same_size_of_another_make__same_work(factors):
    intel, arm = (work_rate(replace(M5, instance_type=name), MONTH, factors) for name in ("m6i.large", "m6g.large"))
    assert intel is not None
    assert arm is not None
    assert intel.reference_wh == arm.reference_wh
    assert intel.rack_wh > arm.rack_wh


def test_reference_watts__accelerators_and_types_without_a_row__counted_by_size(factors):
    assert reference_watts("aws", "g4dn.xlarge", factors) == 4 * WATTS_PER_VCPU + 16 * WATTS_PER_GB + WATTS_PER_ACCELERATOR
    assert reference_watts("aws", "m99z.2xlarge", factors) == 8 * (WATTS_PER_VCPU + 4 * WATTS_PER_GB)


def test_work_rate__region_counted_on_a_direct_basis__scored_on_the_lifecycle_one(factors):
    rate = work_rate(replace(M5, region="ap-south-1"), MONTH, factors)
    grid = factors.grid("aws", "ap-south-1", "2026-02-01")
    assert rate is not None
    assert grid.basis == "direct"
    assert rate.grid == factors.grid("aws", "ap-south-1", "2026-02-01", "lifecycle").factor.value


LINES = st.lists(
    st.tuples(
        st.integers(HOUR, HOUR + 1500),
        st.sampled_from([M5.text, S3.text, OUT.text, RDS.text]),
        st.decimals(-1000, 1000, places=6).map(lambda number: f"{number:f}"),
    ),
    min_size=1,
    max_size=40,
)


@given(LINES, st.randoms(use_true_random=False))
def test_weigh__lines_in_any_order_and_parts__same_integers(factors, lines, random):
    whole = weigh(StrippedLines.collect(lines), factors)
    shuffled = list(lines)
    random.shuffle(shuffled)
    parts = [weigh(StrippedLines.collect([line]), factors) for line in shuffled]
    assert whole == Work(sum(part.work_uwh for part in parts), sum(part.scored_ug for part in parts))


@pytest.mark.parametrize(
    ("key", "quantity", "code"),
    [(M5, "1" + "0" * 30, "lines.too_large"), (replace(M5, usage_type="Strange", service="Odd"), "1", "lines.not_valued")],
)
def test_weigh__line_that_nothing_values__refused(factors, key, quantity, code):
    with pytest.raises(ProofError) as caught:
        weigh(StrippedLines.collect([(HOUR, key.text, quantity)]), factors)
    assert caught.value.code == code
