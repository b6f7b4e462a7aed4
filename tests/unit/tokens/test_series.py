"""Positions on a node's hours: exact sums, nothing taken twice, whatever is restated in between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tokens.series import HourSeries, NodeRuler, scale, take_oldest

HOURS = st.lists(st.integers(-50, 200), min_size=1, max_size=12).map(
    lambda values: HourSeries(tuple((100 + place, ug) for place, ug in enumerate(values)))
)


@given(HOURS, st.data())
def test_span__any_part__shares_and_whole_hours_sum_to_it(series: HourSeries, data: st.DataObject) -> None:
    if series.total == 0:
        return
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


@given(HOURS, st.integers(100, 112))
def test_within__cut_at_any_hour__parts_sum_to_the_whole(series: HourSeries, hour: int) -> None:
    whole = series.within(0, series.total, 0, 10**6)
    assert whole == series.total
    assert series.within(0, series.total, 0, hour - 1) + series.within(0, series.total, hour, 10**6) == whole


@given(st.dictionaries(st.integers(), st.integers(-100, 1000), min_size=1), st.data())
def test_scale__any_share__sums_exactly(cells: dict[int, int], data: st.DataObject) -> None:
    total = sum(cells.values())
    if total <= 0:
        return
    share = data.draw(st.integers(0, total))
    scaled = scale(cells, share, total)
    assert sum(scaled.values()) == share
    assert scale(cells, total, total) == cells


@given(st.lists(st.tuples(HOURS, st.integers(0, 2000)), min_size=1, max_size=3), st.data())
def test_take_oldest__any_amount__exact_and_no_older_hour_left(nodes: list[tuple[HourSeries, int]], data: st.DataObject) -> None:
    rulers = [NodeRuler(str(place), series, claimed) for place, (series, claimed) in enumerate(nodes)]
    there = sum(ruler.retirable(0, 10**6) for ruler in rulers)
    if there == 0:
        return
    ug = data.draw(st.integers(1, there))
    taken = take_oldest(rulers, ug, hour_from=0, hour_through=10**6)
    assert sum(high - low for parts in taken.values() for low, high in parts) == ug
    newest = max(ruler.series.span(low, high - low).hour_through for ruler in rulers for low, high in taken.get(ruler.track, []))
    after = [NodeRuler(ruler.node, ruler.series, ruler.claimed_ug, tuple(taken.get(ruler.track, []))) for ruler in rulers]
    assert sum(ruler.retirable(0, newest - 1) for ruler in after) == 0


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
        free = sum(high - low for low, high in ruler.free)
        taken = sum(high - low for low, high in self.taken)
        beyond = sum(max(0, high - max(low, min(ruler.series.total, self.claimed))) for low, high in self.taken)
        assert free + taken + ruler.deficit_ug - beyond == self.claimed


TestKilograms = Kilograms.TestCase
