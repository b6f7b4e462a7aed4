"""Positions on a node's hours: exact sums, nothing taken twice, whatever is restated in between."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tokens.series import HourSeries, NodeRuler, scale, take_oldest

HOURS = st.lists(st.integers(-50, 200), min_size=1, max_size=12).map(
    lambda values: HourSeries(tuple((100 + place, ug) for place, ug in enumerate(values)))
)
THREE = HourSeries(((1, 10), (2, 5), (3, 7)))


@given(HOURS)
def test_total__any_hours__is_their_sum_and_never_negative(series: HourSeries) -> None:
    assert series.total == max(0, sum(ug for _, ug in series.hours))


def test_total__no_hours__is_nothing() -> None:
    assert HourSeries(()).total == 0


@given(HOURS, st.data())
def test_span__any_part__shares_and_whole_hours_sum_to_it(series: HourSeries, data: st.DataObject) -> None:
    assume(series.total > 0)
    position = data.draw(st.integers(0, series.total - 1))
    ug = data.draw(st.integers(1, series.total - position))
    span = series.span(position, ug)
    between = sum(value for hour, value in series.hours if span.hour_from < hour < span.hour_through)
    if span.hour_from == span.hour_through:
        assert span.first_hour_ug == span.last_hour_ug == ug
    else:
        assert span.first_hour_ug + between + span.last_hour_ug == ug
    by_hour = dict(series.hours)
    assert 0 < span.first_hour_ug <= max(by_hour[span.hour_from], ug)
    assert span.last_hour_ug <= by_hour[span.hour_through]


@pytest.mark.parametrize(
    ("position", "ug", "why"), [(-1, 1, "at least 0"), (0, 0, "more than 0"), (5, -1, "more than 0"), (22, 1, "ends at 22")]
)
def test_span__outside_the_series__is_refused(position: int, ug: int, why: str) -> None:
    assert THREE.span(0, 22).hour_through == 3
    with pytest.raises(ValueError, match=why):
        THREE.span(position, ug)


@given(HOURS, st.integers(100, 112))
def test_within__cut_at_any_hour__parts_sum_to_the_whole(series: HourSeries, hour: int) -> None:
    earlier, later = (series.within(0, series.total, *hours) for hours in ((0, hour - 1), (hour, 10**6)))
    assert earlier == series.before(hour)
    assert earlier + later == series.within(0, series.total, 0, 10**6) == series.total


@given(st.dictionaries(st.integers(), st.integers(-100, 1000), min_size=1), st.data())
def test_scale__any_share__sums_exactly_and_raises_the_largest_remainders(cells: dict[int, int], data: st.DataObject) -> None:
    total = sum(cells.values())
    assume(total > 0)
    share = data.draw(st.integers(0, total))
    scaled = scale(cells, share, total)
    assert sum(scaled.values()) == share
    exact = {key: Fraction(value * share, total) for key, value in cells.items()}
    raised = {key for key in cells if scaled[key] != floor(exact[key])}
    assert all(scaled[key] == floor(exact[key]) + 1 for key in raised)
    rests = {key: value - floor(value) for key, value in exact.items()}
    assert min((rests[key] for key in raised), default=1) >= max((rests[key] for key in cells.keys() - raised), default=0)


@pytest.mark.parametrize("total", [0, -1])
def test_scale__nothing_to_share_out__is_refused(total: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        scale({"a": total}, 0, total)


@given(st.lists(st.tuples(HOURS, st.integers(0, 2000)), min_size=1, max_size=3), st.integers(99, 106), st.data())
def test_take_oldest__any_amount_of_any_hours__exact_and_no_older_hour_left(
    nodes: list[tuple[HourSeries, int]], hour_from: int, data: st.DataObject
) -> None:
    hour_through = data.draw(st.integers(hour_from, 113))
    rulers = [NodeRuler(str(place), series, claimed) for place, (series, claimed) in enumerate(nodes)]
    there = sum(ruler.retirable(hour_from, hour_through) for ruler in rulers)
    assume(there > 0)
    ug = data.draw(st.integers(1, there))
    taken = take_oldest(rulers, ug, hour_from=hour_from, hour_through=hour_through)
    assert sum(high - low for parts in taken.values() for low, high in parts) == ug
    for ruler in rulers:
        for low, high in taken.get(ruler.track, []):
            assert ruler.series.within(low, high, hour_from, hour_through) == high - low
    newest = max(ruler.series.span(low, high - low).hour_through for ruler in rulers for low, high in taken.get(ruler.track, []))
    after = [NodeRuler(ruler.node, ruler.series, ruler.claimed_ug, tuple(taken.get(ruler.track, []))) for ruler in rulers]
    assert sum(ruler.retirable(hour_from, newest - 1) for ruler in after) == 0


def test_take_oldest__hours_in_a_row__are_one_part() -> None:
    other = NodeRuler("b", HourSeries(((1, 3), (3, 9))), 12)
    assert take_oldest([NodeRuler("a", THREE, 22), other], 20, hour_from=1, hour_through=3) == {
        ("a", 0): [(0, 17)],
        ("b", 0): [(0, 3)],
    }


def test_take_oldest__more_than_there_is__is_refused() -> None:
    with pytest.raises(ValueError, match="8 µg more"):
        take_oldest([NodeRuler("a", THREE, 22)], 20, hour_from=2, hour_through=3)


class Kilograms(RuleBasedStateMachine):
    """One node lives: bills are stated and stated anew, attested, paid, retired, and given back."""

    def __init__(self) -> None:
        super().__init__()
        self.hours: dict[int, int] = {}
        self.claimed = 0
        self.taken: list[tuple[int, int]] = []

    @property
    def ruler(self) -> NodeRuler:
        return NodeRuler("n", HourSeries(tuple(sorted(self.hours.items()))), self.claimed, tuple(self.taken))

    @rule(hour=st.integers(0, 20), ug=st.integers(-20, 300))
    def state_an_hour(self, hour: int, ug: int) -> None:
        self.hours[hour] = ug

    @rule()
    def pay(self) -> None:
        self.claimed = max(self.claimed, self.ruler.series.total)

    @precondition(lambda self: self.ruler.retirable(0, 99) > 0)
    @rule(data=st.data())
    def retire(self, data: st.DataObject) -> None:
        first = data.draw(st.integers(0, 20))
        there = self.ruler.retirable(first, 99)
        if there:
            ug = data.draw(st.integers(1, there))
            parts = take_oldest([self.ruler], ug, hour_from=first, hour_through=99)["n", 0]
            assert sum(high - low for low, high in parts) == ug
            self.taken += parts

    @precondition(lambda self: bool(self.taken))
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        self.taken.remove(data.draw(st.sampled_from(self.taken)))

    @invariant()
    def nothing_is_taken_twice_or_beyond_what_was_paid(self) -> None:
        end = 0
        for low, high in sorted(self.taken):
            assert end <= low < high <= self.claimed
            end = high

    @invariant()
    def free_and_taken_and_owed_make_what_was_paid(self) -> None:
        ruler = self.ruler
        assert all(low < high for low, high in ruler.free)
        free = sum(high - low for low, high in ruler.free)
        taken = sum(high - low for low, high in self.taken)
        beyond = sum(max(0, high - max(low, min(ruler.series.total, self.claimed))) for low, high in self.taken)
        assert free + taken + ruler.deficit_ug - beyond == self.claimed


TestKilograms = Kilograms.TestCase
