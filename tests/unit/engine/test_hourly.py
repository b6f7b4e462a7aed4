"""A set with a profile of a region's day: each hour its ratio, longer lines the mean, the same integers on every way."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from cloudtuner.errors import ProofError
from emissions.engine.ratecard import CostRatio, rate_by_cost, rate_of
from emissions.engine.ratekey import LONGER, RateKey
from emissions.engine.recompute import recompute, value_line
from emissions.grid.catalog import load_factor_set, make_factor_set
from emissions.poce.lines import StrippedLines

FEBRUARY = 12 * 2026 + 1
FIRST = 491640  # 2026-02-01T00:00Z, in hours since 1970
STOCKHOLM = RateKey("aws", "AmazonEC2", "EUN1-BoxUsage:m5.large", "RunInstances", "Hrs", "eu-north-1", "m5.large")
MUMBAI = RateKey("aws", "AmazonEC2", "APS3-BoxUsage:m5.large", "RunInstances", "Hrs", "ap-south-1", "m5.large")
SWEDEN = tuple(Fraction(90 + hour, 100) if hour < 12 else Fraction(121 - hour, 100) for hour in range(24))
INDIA = (Fraction(13, 10),) * 6 + (Fraction(7, 10),) * 6 + (Fraction(1),) * 12


def profile(region, basis, ratios, month=""):
    hours = {f"h{hour:02d}": str(float(ratio)) for hour, ratio in enumerate(ratios)}
    told = {"id": f"hourly.aws.{region}.{basis}.{month or 'year'}", "provider": "aws", "region": region, "basis": basis}
    rest = {"source": "made up for tests", "year": "2026", "note": "", "valid_from": "", "valid_to": ""}
    return told | {"month": month} | hours | rest


@pytest.fixture(scope="module")
def hourly():
    """The genesis set with a profile for Stockholm in February, and one for Mumbai all year."""
    genesis = load_factor_set()
    rows = (profile("eu-north-1", "lifecycle", [*SWEDEN], "2"), profile("ap-south-1", "direct", INDIA))
    return make_factor_set("hourly", {**genesis.tables, "grid_hourly": rows})


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
