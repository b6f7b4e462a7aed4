"""A set with a profile of a region's day: each hour its ratio, longer lines the mean, the same integers on every way."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.engine.estimate import estimate
from emissions.engine.figures import value_line
from emissions.engine.ratecard import CostRatio, rate_by_cost, rate_of
from emissions.engine.ratekey import LONGER, RateKey
from emissions.engine.recompute import recompute
from emissions.engine.trace import trace_lines
from emissions.grid.catalog import load_factor_set, make_factor_set
from emissions.poce.lines import StrippedLines

FEBRUARY = 12 * 2026 + 1
FIRST = 491640  # 2026-02-01T00:00Z, in hours since 1970
STOCKHOLM = RateKey("aws", "AmazonEC2", "EUN1-BoxUsage:m5.large", "RunInstances", "Hrs", "eu-north-1", "m5.large")
MUMBAI = RateKey("aws", "AmazonEC2", "APS3-BoxUsage:m5.large", "RunInstances", "Hrs", "ap-south-1", "m5.large")
SWEDEN = tuple(Fraction(90 + hour, 100) if hour < 12 else Fraction(121 - hour, 100) for hour in range(24))


def test_rate__place_with_a_profile__has_a_double_for_each_hour(hourly):
    flat, rate = rate_of(STOCKHOLM, FEBRUARY, load_factor_set()), rate_of(STOCKHOLM, FEBRUARY, hourly)
    assert rate.doubles == flat.doubles
    assert [told.ratio for told in rate.hours] == list(SWEDEN)
    for hour in range(24):
        energy, operational, embodied, low, high, water = rate.at(FIRST + hour)
        assert (energy, embodied, water) == (flat.doubles[0], flat.doubles[2], flat.doubles[5])
        # One exact product, then the nearest double: never a product of two doubles.
        assert operational == float(flat.operational_ug * SWEDEN[hour])
        assert low < operational + embodied < high
    mumbai = rate_of(MUMBAI, FEBRUARY, hourly)
    assert mumbai.ceiling == float(mumbai.hours[0].high_ug) > max(mumbai.doubles)


def test_rate__other_month_basis_or_place__has_no_hours(hourly):
    assert rate_of(STOCKHOLM, FEBRUARY + 1, hourly).hours == ()
    assert rate_of(STOCKHOLM, FEBRUARY, hourly, "direct").hours == ()
    assert rate_of(replace(STOCKHOLM, region="us-east-1"), FEBRUARY, hourly).hours == ()
    assert rate_of(MUMBAI, FEBRUARY + 1, hourly).hours[0].ratio == Fraction(13, 10)
    assert rate_of(replace(MUMBAI, usage_type="APS3-SupportPlanFee"), FEBRUARY, hourly).hours == ()


def test_rate__terms__name_the_profile_and_the_ratio_of_the_hour(hourly):
    rate = rate_of(MUMBAI, FEBRUARY, hourly)
    mean = next(term for term in rate.terms if term.part == "hour of day")
    assert (mean.id, mean.text, mean.source) == ("hourly.aws.ap-south-1.direct.year", "1", "made up for tests")
    at_seven = next(term for term in rate.terms_at(FIRST + 7) if term.part == "hour of day")
    assert (at_seven.text, at_seven.unit) == ("0.7", "ratio at 07:00 UTC")
    assert rate_of(MUMBAI, FEBRUARY, load_factor_set()).terms_at(FIRST) == rate_of(MUMBAI, FEBRUARY, load_factor_set()).terms


def test_rate_by_cost__place_with_a_profile__follows_the_hour_and_its_band(hourly):
    ratio = CostRatio(Fraction(1000), Fraction(70), "within_service")
    rate = rate_by_cost(MUMBAI, FEBRUARY, hourly, ratio, "no model")
    flat = rate_by_cost(MUMBAI, FEBRUARY, load_factor_set(), ratio, "no model")
    dirty, mean = rate.hours[0], rate.hours[23]
    assert (mean.operational_ug, mean.low_ug, mean.high_ug) == (flat.operational_ug, flat.low_ug, flat.high_ug)
    assert dirty.operational_ug == flat.operational_ug * Fraction(13, 10)
    assert flat.high_ug < dirty.high_ug < flat.high_ug * Fraction(13, 10)


def test_rate_key__longer_than_an_hour__has_a_text_of_its_own_and_the_days_mean(hourly):
    longer = replace(MUMBAI, span=LONGER)
    assert '"span":"longer"' in longer.text
    assert "span" not in MUMBAI.text
    assert RateKey.from_text(longer.text) == longer
    rate = rate_of(longer, FEBRUARY, hourly)
    assert rate.key == longer
    assert rate.at(FIRST) == rate_of(MUMBAI, FEBRUARY, load_factor_set()).doubles
    assert "hour of day" not in {term.part for term in rate.terms}
    for wrong in ('"span":""', '"span":"week"'):
        with pytest.raises(ProofError, match="span"):
            RateKey.from_text(longer.text.replace('"span":"longer"', wrong))


def test_recompute__stripped_lines__take_the_ratio_of_their_hour_and_longer_ones_the_mean(hourly):
    keys = (MUMBAI, replace(MUMBAI, span=LONGER), STOCKHOLM)
    rows = [(FIRST + hour, key.text, "1.5") for key in keys for hour in (0, 7, 31)]
    found = recompute(StrippedLines.collect(rows), hourly)
    by_hand = [0] * 5
    for key in keys:
        for hour in (0, 7, 31):
            figures = value_line("1.5", rate_of(key, FEBRUARY, hourly), FIRST + hour)
            by_hand = [left + right for left, right in zip(by_hand, figures, strict=False)]
    assert [found.energy_uwh, found.operational_ug, found.embodied_ug, found.low_ug, found.high_ug] == by_hand
    flat = recompute(StrippedLines.collect(rows), load_factor_set())
    assert found.energy_uwh == flat.energy_uwh
    assert found.operational_ug != flat.operational_ug
    # A whole day of a profile comes to the day's mean, up to the rounding of each line.
    day = StrippedLines.collect([(FIRST + hour, MUMBAI.text, "1") for hour in range(24)])
    assert abs(recompute(day, hourly).operational_ug - recompute(day, load_factor_set()).operational_ug) <= 24


ACCOUNT = "110022003300"
KINDS = (
    ("AmazonEC2", "APS3-BoxUsage:m5.large", "Hrs", "ap-south-1"),
    ("AmazonRDS", "EUN1-InstanceUsage:db.r6g.large", "Hrs", "eu-north-1"),
    ("AmazonEC2", "USE1-BoxUsage:m5.large", "Hrs", "us-east-1"),
    ("AmazonEC2", "APS3-Mystery", "Units", "ap-south-1"),
)
# When a line ends, by hours after it begins: within the hour, longer, backwards, not said.
ENDS = ("01:00:00", "00:00:00", "00:00:01", "01:00:01", "24:00:00", "-01:00:00", "")


def moment(seconds):
    days, rest = divmod(seconds, 86_400)
    return f"2026-02-{days + 1:02d}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z"


def line(amount, kind, second, end, cost="0.1"):
    service, usage_type, unit, region = KINDS[kind]
    sign, clock = (-1, end[1:]) if end.startswith("-") else (1, end)
    lasts = sum(int(part) * weight for part, weight in zip(clock.split(":"), (3600, 60, 1), strict=True)) if clock else None
    return {
        "line_item_usage_amount": amount,
        "line_item_product_code": service,
        "line_item_usage_type": usage_type,
        "pricing_unit": unit,
        "product_region_code": region,
        "product_instance_type": "",
        "line_item_usage_start_date": moment(second),
        "line_item_usage_end_date": "" if lasts is None else moment(second + sign * lasts),
        "line_item_unblended_cost": cost,
    }


drawn_lines = st.lists(
    st.builds(
        line,
        st.decimals(min_value="-1e6", max_value="1e6", places=10).map(str) | st.just("3e8"),
        st.integers(0, len(KINDS) - 1),
        st.integers(86_400, 26 * 86_400),
        st.sampled_from(ENDS),
        st.decimals(min_value="-10", max_value="100", places=7).map(str),
    ),
    min_size=1,
    max_size=40,
)
# Twelve hours so much above the mean, twelve so much below it.
drawn_ratios = st.lists(st.integers(0, 10**6), min_size=12, max_size=12).map(
    lambda parts: [Fraction(10**6 + sign * part, 10**6) for sign in (1, -1) for part in parts]
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn_lines, drawn_ratios, drawn_ratios)
def test_estimate__any_lines_and_profiles__equal_the_slow_way_and_recompute(write_bill, slow, profile, lines, india, sweden):
    rows = (profile("ap-south-1", "direct", india), profile("eu-north-1", "lifecycle", sweden, "2"))
    factors = make_factor_set("drawn", {**load_factor_set().tables, "grid_hourly": rows})
    path = write_bill(lines)
    expected = slow.run(slow.rows(path), factors)
    with estimate([path], factor_set=factors) as found:
        assert slow.hours_of(found.hours) == expected.hours
        assert [(line.line, line.code) for line in found.quarantined] == sorted(expected.quarantined)
        stripped = found.stripped(ACCOUNT)
        assert recompute(stripped, factors).ug == found.accounts[0].ug
        for _, parts in found.stripped_documents():
            assert b"".join(parts) == stripped.to_bytes()


def test_estimate__lines_of_an_hour_and_of_a_day__traced_and_written_with_their_own_factors(write_bill, hourly, tmp_path):
    path = write_bill([line("2", 0, 86_400 + 6 * 3600, end) for end in ("01:00:00", "24:00:00", "")])
    rate = rate_of(MUMBAI, FEBRUARY, hourly)
    out = tmp_path / "lines.csv"
    with estimate([path], factor_set=hourly, lines_out=out) as found:
        (row,) = found.hours.to_pylist()
        assert [one.sums.lines for one in found.explain()] == [3]
        assert sum(one.lines for one in found.amounts()) == 3
        keys = found.stripped(ACCOUNT).rate_keys
    within, day, unsaid = trace_lines([path], factor_set=hourly, account=ACCOUNT, hour=row["hour"])
    mean = round(2 * rate.operational_ug)
    peak = round(2 * rate.operational_ug * Fraction(7, 10))
    assert [one.figures.operational_ug for one in (within, day, unsaid)] == [peak, mean, mean]
    assert row["operational_ug"] == within.figures.operational_ug + 2 * mean
    (told,) = (term for term in within.terms if term.part == "hour of day")
    assert (told.text, told.unit) == ("0.7", "ratio at 06:00 UTC")
    assert all(term.part != "hour of day" for term in day.terms)
    written = pacsv.read_csv(out)
    assert pc.sum(written["co2e_operational_ug"]).as_py() == row["operational_ug"]
    assert sorted(set(written["rate_key"].to_pylist())) == sorted(keys)
    named = ["hourly.aws.ap-south-1.direct.year" in ids.split() for ids in written["factor_ids"].to_pylist()]
    assert named == [True, False, False]


def test_estimate__month_of_hours__comes_to_the_month_at_the_mean(write_bill, hourly):
    """What a profile moves between hours it does not add: whole days are worth what they are without it, up to rounding."""
    path = write_bill([line("1", 0, 86_400 + hour * 3600, "01:00:00") for hour in range(48)])
    with estimate([path], factor_set=hourly) as found, estimate([path], factor_set=load_factor_set()) as flat:
        assert len(set(found.hours["operational_ug"].to_pylist())) == 3
        assert abs(found.ug - flat.ug) <= 48
        assert found.hours["energy_uwh"].equals(flat.hours["energy_uwh"])


def test_estimate__bill_by_day__takes_the_mean_of_the_day(tmp_path, profile):
    names = (
        "SubscriptionId,BillingAccountId,Date,MeterCategory,MeterSubCategory,MeterName,UnitOfMeasure,ResourceLocation,Quantity"
    )
    values = "aa-1,77,02/03/2026,Virtual Machines,Dv3/DSv3 Series,D2 v3/D2s v3,1 Hour,centralindia,24"
    path = tmp_path / "azure.csv"
    path.write_text(f"{names},CostInBillingCurrency,BillingCurrency,ChargeType\n{values},2.4,USD,Usage\n")
    row = profile("centralindia", "direct", [Fraction(3, 2), Fraction(1, 2)] * 12) | {"provider": "azure"}
    factors = make_factor_set("azure", {**load_factor_set().tables, "grid_hourly": (row,)})
    with estimate([path], factor_set=factors) as found, estimate([path], factor_set=load_factor_set()) as flat:
        ((_, rate),) = found.rates.items()
        assert len(rate.hours) == 24
        assert found.hours.equals(flat.hours)
        stripped = found.stripped("aa-1")
        assert [RateKey.from_text(text).span for text in stripped.rate_keys] == [LONGER]
        assert recompute(stripped, factors).ug == found.ug
