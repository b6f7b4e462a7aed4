"""What a validator remembers of reports, and what it does with those of a method that it does not know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emissions.poce.epoch import header_of
from emissions.poce.live import LiveReport
from tests.unit.validator.test_check_epoch import FACTORS, MARCH, OTHER_KEY, Epochs
from tokens.validator.store import Store

UNKNOWN = "0x" + "0d" * 32


@pytest.fixture
def epochs(tmp_path) -> Epochs:
    return Epochs(Store(tmp_path, genesis_hash="0x" + "9e" * 32))


def test_check__report_refused_before__is_fetched_and_refused_again(epochs):
    refused = epochs.add("744", key=OTHER_KEY)
    bundle = epochs.seal()
    for _ in range(2):
        assert epochs.check(bundle).codes == ("report.signature",)
    assert epochs.fetched == [refused, refused]


@pytest.mark.parametrize("change", [{"factor_set": UNKNOWN}, {"engine": UNKNOWN}])
def test_check__attested_by_a_method_not_known_here__is_counted_as_it_stands(epochs, change):
    # Nobody here can say that this figure is wrong: a quorum could.
    epochs.add("744", change=lambda report: replace(report, **change, operational_ug=report.operational_ug + 1))
    epochs.previous = epochs.seal()
    epochs.add("10", hours=MARCH)
    bundle = epochs.seal()
    assert epochs.check(bundle).agrees
    assert header_of(bundle).total_ug == sum(report.ug for _, report in epochs.reports)


def test_check__attested_by_our_method__is_recomputed_all_the_same(epochs):
    epochs.add("744", change=lambda report: replace(report, operational_ug=report.operational_ug + 1))
    epochs.previous = epochs.seal()
    epochs.add("10", hours=MARCH)
    assert epochs.check(epochs.seal()).codes == ("report.operational",)


def test_check__set_of_the_chain_not_known_here__is_refused(epochs):
    epochs.add("744", change=lambda report: replace(report, factor_set=UNKNOWN))
    epochs.chain.factor_set = UNKNOWN
    assert epochs.check(replace(epochs.seal(), factor_set=UNKNOWN)).codes == ("report.unknown_method",)


def test_check__set_changed_on_the_chain__answers_for_the_hours_from_then_on(epochs):
    epochs.chain.factor_set_at = lambda hour: FACTORS.id if hour < MARCH[0] else UNKNOWN
    epochs.add("744")
    february = epochs.seal()
    assert epochs.check(february).agrees
    epochs.previous = february
    epochs.add("10", hours=MARCH)
    march = epochs.seal()
    assert epochs.check(march).codes == ("bundle.factor_set",)
    assert epochs.check(replace(march, factor_set=UNKNOWN)).codes == ("report.factor_set",)


def test_check__two_months_under_one_number__are_refused(epochs):
    epochs.add("744")
    epochs.add("10", hours=MARCH, change=lambda report: replace(report, seq=1))
    assert epochs.check(epochs.seal()).codes == ("node.seq_twice",)


def test_check__attested_report_replaced_under_its_own_number__is_refused(epochs):
    epochs.add("744")
    epochs.previous = epochs.seal()
    again = epochs.add("745", change=lambda report: replace(report, seq=1))
    bundle = epochs.seal((LiveReport.of(epochs.reports[1][1], again),))
    assert "node.report_gone" in epochs.check(bundle).codes
