"""A move is worth what the same lines would have come to elsewhere."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from emissions.engine.advice import moves
from emissions.engine.ratekey import RateKey
from emissions.engine.work import weigh
from emissions.poce.lines import StrippedLines
from emissions.poce.score import Base

HOUR = 491640
M5 = RateKey("aws", "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "Hrs", "us-east-1", "m5.large")
MUMBAI = replace(M5, usage_type="APS3-BoxUsage:m5.large", region="ap-south-1")
LINES = StrippedLines.collect([(HOUR + hour, key.text, "1") for hour in range(100) for key in (M5, MUMBAI)])


def test_moves__virginia_to_stockholm__saves_nine_tenths_and_says_the_score(factors):
    here = weigh(LINES, factors)
    base = Base(here.scored_ug, here.work_uwh, 720, (), ())
    move = next(move for move in moves(LINES, factors, base=base, to=["eu-north-1"]) if move.region_from == "us-east-1")
    alone = weigh(StrippedLines.collect([(HOUR + hour, M5.text, "1") for hour in range(100)]), factors)
    there = replace(M5, region="eu-north-1").text
    moved = weigh(StrippedLines.collect([(HOUR + hour, there, "1") for hour in range(100)]), factors)
    # The line integers are rounded one by one, the advice once.
    assert abs(move.now_ug - alone.scored_ug) <= 50
    assert abs(move.then_ug - moved.scored_ug) <= 50
    assert move.saved_bp == 8969
    ratio = Fraction(here.scored_ug, here.scored_ug - move.saved_ug)
    assert move.score_bp == int(10_000 * ratio)


def test_moves__no_base__no_score(factors):
    assert {move.score_bp for move in moves(LINES, factors)} == {None}


def test_moves__every_region__best_first_and_never_to_another_partition(factors):
    found = moves(LINES, factors, limit=2)
    assert len(found) == 4
    assert [move.saved_ug for move in found] == sorted((move.saved_ug for move in found), reverse=True)
    assert "us-gov-west-1" in factors.regions("aws")
    assert not any(move.region_to.startswith(("us-gov", "cn-")) for move in found)
    assert all(move.saved_ug > 0 for move in found)


def test_moves__already_in_the_cleanest_region__nothing_to_say(factors):
    there = [(HOUR, replace(M5, region="eu-north-1").text, "1")]
    assert moves(StrippedLines.collect(there), factors, to=["us-east-1", "ap-south-1"]) == []
