"""A score follows from a node's reports alone, is exact, and pays a mover twice what its work was worth."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.clock import month_hours
from cloudtuner.errors import ProofError
from cloudtuner.units import UNITS_PER_UG
from emissions.poce.live import LiveReport
from emissions.poce.score import (
    GENESIS_TERMS,
    REASONS,
    Refusal,
    RewardTerms,
    cumulative_tuner,
    read_schedule,
    scores,
    terms_at,
)

# us-east-1: Ember Virginia 0.32717 x PUE 1.15; eu-north-1: Ember Sweden 0.03526 x PUE 1.10 (kg CO2e per kWh at the rack).
VIRGINIA, STOCKHOLM = Fraction("0.32717") * Fraction("1.15"), Fraction("0.03526") * Fraction("1.10")
FIRST = 2025 * 12 + 1  # February 2025
SET, ENGINE = "0x" + "fa" * 32, "0x" + "e1" * 32
KWH = 10**9


def _month(place: int, work: int, scored: int, **change) -> LiveReport:
    """The report of the place-th month; embodied is nothing unless `ug` says more."""
    at = FIRST + place
    hour_from, hour_through = month_hours(at // 12, at % 12 + 1)
    base = LiveReport("0x" + f"{place:064x}", place + 1, hour_from, hour_through, scored, 0, work, scored, 10_000, SET, ENGINE)
    return replace(base, **change)


def _year(work: int = 1000 * KWH, intensity: Fraction = VIRGINIA, months: int = 12) -> list[LiveReport]:
    return [_month(place, work, int(work * intensity)) for place in range(months)]


def test_reasons__one_for_every_refusal():
    assert set(REASONS) == set(Refusal)


def test_scores__moved_from_virginia_to_stockholm__exactly_20000():
    work = 100_000 * KWH
    found = scores([*_year(work), _month(12, work, int(work * STOCKHOLM))])
    moved = found[-1]
    assert (moved.score_bp, moved.refusal, moved.reason) == (20_000, None, "")
    assert moved.base is not None
    assert moved.base.intensity == VIRGINIA
    assert round(float(moved.base.intensity / moved.intensity), 4) == 9.7005
    # E x score + score x avoided = 2 x W x I_base: twice what the same work would have earned unmoved.
    assert moved.tuner_units == 2 * int(work * VIRGINIA) * UNITS_PER_UG
    assert moved.mint_units == 2 * int(work * STOCKHOLM) * UNITS_PER_UG
    assert [score.score_bp for score in found[:-1]] == [10_000] * 12


@given(st.integers(1, 10**6), st.fractions(Fraction(1, 20), Fraction(1, 2), max_denominator=100), st.integers(0, 10**15))
def test_scores__any_mover_beyond_half__earns_exactly_twice_its_base(work_kwh, cleaner, embodied):
    work = work_kwh * KWH
    stayed = int(work * VIRGINIA)
    now = max(1, int(stayed * cleaner))
    moved = scores([*_year(work), _month(12, work, now, ug=now + embodied)])[-1]
    assert moved.score_bp == 20_000
    assert moved.tuner_units == 2 * (stayed + embodied) * UNITS_PER_UG


def test_scores__nothing_changed__earns_one_a_kilogram():
    found = scores(_year(months=20))
    assert {score.score_bp for score in found} == {10_000}
    assert cumulative_tuner(found) == sum(score.ug for score in found) * UNITS_PER_UG
    assert [score.refusal for score in found] == [Refusal.TOO_FEW_MONTHS] * 6 + [None] * 14


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"work_uwh": 0}, Refusal.NO_WORK),
        ({"scored_ug": 0}, Refusal.NO_WORK),
        ({"scored_ug": -1}, Refusal.NO_WORK),
        ({"coverage_bp": 7_999}, Refusal.COVERAGE),
        ({"factor_set": "0x" + "0b" * 32}, Refusal.TOO_FEW_MONTHS),
        ({"engine": "0x" + "0b" * 32}, Refusal.TOO_FEW_MONTHS),
        ({"work_uwh": 249 * KWH}, Refusal.WORK_RANGE),
        ({"work_uwh": 4_001 * KWH}, Refusal.WORK_RANGE),
    ],
)
def test_scores__refused__counts_at_one_without_bonus(change, refusal):
    # February 2026, so that the hours of the base are February's: 28 days, as in the year before.
    year = [replace(month, hour_through=month.hour_from + 671) for month in _year()]
    now = _month(12, 1000 * KWH, int(1000 * KWH * STOCKHOLM))
    assert scores([*year, now])[-1].score_bp == 20_000
    found = scores([*year, replace(now, **change)])[-1]
    assert (found.refusal, found.score_bp, found.bonus_units) == (refusal, 10_000, 0)
    assert found.reason
    assert found.tuner_units == found.ug * UNITS_PER_UG


def test_scores__five_closed_months__refused_and_six_enough():
    for months, refusal in ((5, Refusal.TOO_FEW_MONTHS), (6, None)):
        now = _month(months, 1000 * KWH, int(1000 * KWH * STOCKHOLM))
        assert scores([*_year(months=months), now])[-1].refusal is refusal


def test_scores__months_of_poor_coverage__do_not_make_a_base():
    poor = [replace(month, coverage_bp=5_000) for month in _year()[:7]]
    now = _month(12, 1000 * KWH, int(1000 * KWH * STOCKHOLM))
    assert scores([*poor, *_year()[7:], now])[-1].refusal is Refusal.TOO_FEW_MONTHS


def test_base__first_year__leaves_out_the_two_dirtiest():
    year = _year()
    for place in (3, 7):
        year[place] = _month(place, 1000 * KWH, int(1000 * KWH * VIRGINIA) * 5)
    found = scores([*year, _month(12, 1000 * KWH, int(1000 * KWH * VIRGINIA))])[-1]
    assert found.base is not None
    assert found.base.intensity == VIRGINIA
    assert found.base.left_out == (year[3].hour_from, year[7].hour_from)
    assert len(found.base.months) == 10
    assert (found.score_bp, found.avoided_ug) == (10_000, 0)


def test_base__cleaner_year_then_dirtier__stays_at_the_cleaner():
    clean = _year(intensity=STOCKHOLM)
    dirty = [_month(place, 1000 * KWH, int(1000 * KWH * VIRGINIA)) for place in range(12, 26)]
    found = scores([*clean, *dirty])
    assert found[-1].base is not None
    assert found[-1].base.kept
    assert found[-1].base.intensity == STOCKHOLM
    assert found[-1].score_bp == 10_000


def test_base__month_older_than_a_year__does_not_count():
    late = [_month(place, 1000 * KWH, int(1000 * KWH * VIRGINIA)) for place in (0, 1, 2, 3, 4, 5, 18)]
    assert scores(late)[-1].refusal is Refusal.TOO_FEW_MONTHS


def test_scores__floor_lowered_by_governance__a_dirtier_month_pays_less():
    terms = (
        RewardTerms(),
        RewardTerms(_month(12, 1, 1).hour_from, units_per_ug=2 * UNITS_PER_UG, avoided_weight_bp=5_000, score_floor_bp=5_000),
    )
    dirtier = _month(12, 1000 * KWH, int(1000 * KWH * VIRGINIA) * 4 // 3)
    cleaner = _month(13, 1000 * KWH, int(1000 * KWH * VIRGINIA) // 4)
    found = scores([*_year(), dirtier, cleaner], terms)
    assert found[-2].score_bp == 7_500
    assert found[-2].tuner_units == dirtier.ug * UNITS_PER_UG * 2 * 3 // 4
    assert found[-1].score_bp == 20_000
    assert found[-1].tuner_units == (cleaner.ug + found[-1].avoided_ug // 2) * UNITS_PER_UG * 4 + (
        found[-1].avoided_ug % 2 * UNITS_PER_UG * 2
    )
    assert found[0].terms is terms[0]


AMOUNTS = st.integers(1, 10**15)
SERIES = st.lists(
    st.tuples(AMOUNTS, AMOUNTS, st.integers(0, 10**15), st.integers(7_500, 10_000), st.booleans()), min_size=1, max_size=30
)


def _series(rows) -> list[LiveReport]:
    return [
        _month(place, work, scored, ug=scored + embodied, coverage_bp=coverage, engine=ENGINE if same else SET)
        for place, (work, scored, embodied, coverage, same) in enumerate(rows)
    ]


@given(SERIES)
def test_scores__any_history__bounded_cumulative_never_falls_and_the_past_stands(rows):
    months = _series(rows)
    whole = scores(months)
    before = 0
    for length, score in enumerate(whole, 1):
        assert 10_000 <= score.score_bp <= 20_000
        assert score.refusal is None or (score.score_bp, score.avoided_ug) == (10_000, 0)
        assert score == scores(months[:length])[-1]
        now = cumulative_tuner(whole[:length])
        assert now >= before + score.ug * UNITS_PER_UG
        before = now


@given(SERIES)
def test_scores__against_a_slow_reading_of_the_rule__same(rows):
    months = _series(rows)
    lowest: dict[str, Fraction] = {}
    for place, (month, score) in enumerate(zip(months, scores(months), strict=True)):
        past = [
            (Fraction(old.scored_ug, old.work_uwh), at, old)
            for at, old in enumerate(months[:place])
            if place - at <= 12 and old.engine == month.engine and old.coverage_bp >= 8_000
        ]
        base = None
        if len(past) >= 6:
            kept = sorted(past, key=lambda entry: entry[:2])[: len(past) - (2 if place <= 12 else 0)]
            base = Fraction(sum(old.scored_ug for *_, old in kept), sum(old.work_uwh for *_, old in kept))
        candidates = [each for each in (base, lowest.get(month.engine)) if each is not None]
        assert (score.base.intensity if score.base else None) == (min(candidates) if candidates else None)
        if candidates:
            lowest[month.engine] = min(candidates)
        if score.refusal is None:
            ratio = 10_000 * min(candidates) / Fraction(month.scored_ug, month.work_uwh)
            assert score.score_bp == min(20_000, max(10_000, ratio.numerator // ratio.denominator))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ([], "terms.shape"),
        ({}, "terms.shape"),
        ([RewardTerms(from_hour=5).to_json()], "terms.order"),
        ([RewardTerms().to_json(), RewardTerms().to_json()], "terms.order"),
        ([{**RewardTerms().to_json(), "score_floor_bp": 10_001}], "terms.range"),
        ([{**RewardTerms().to_json(), "cap_bp": 1}], "json.shape"),
    ],
)
def test_schedule__of_another_shape__refused(value, code):
    with pytest.raises(ProofError) as caught:
        read_schedule(value)
    assert caught.value.code == code


def test_schedule__two_rules__answer_for_their_hours():
    schedule = (RewardTerms(), RewardTerms(from_hour=500_000, score_floor_bp=5_000))
    assert read_schedule([terms.to_json() for terms in schedule]) == schedule
    assert terms_at(schedule, 499_999) == GENESIS_TERMS[0]
    assert terms_at(schedule, 500_000).score_floor_bp == 5_000
