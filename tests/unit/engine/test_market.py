"""Instruments cover what was used, never more, and leave the location-based figures alone."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emissions.engine.market import Cell, Instrument, allocate, free_uwh

# A machine that is busy with other things says nothing about these.
UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ACCOUNTS, REGIONS, MONTHS = ("1", "2"), ("ap-south-1", "eu-north-1"), (0, 744, 1416)
cells = st.dictionaries(
    st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(REGIONS), st.sampled_from(MONTHS)),
    st.builds(Cell, st.integers(-(10**6), 10**15), st.integers(-(10**6), 10**15)),
)
instruments = st.lists(
    st.builds(
        lambda energy, factor, first, length, accounts, regions: (energy, factor, first, first + length, accounts, regions),
        st.integers(1, 10**15),
        st.integers(0, 2 * 10**9).map(lambda number: Fraction(number, 10**9)),
        st.sampled_from(MONTHS),
        st.integers(0, 1500),
        st.frozensets(st.sampled_from(ACCOUNTS)),
        st.frozensets(st.sampled_from(REGIONS)),
    ),
    max_size=5,
).map(lambda found: [Instrument(str(number), *told) for number, told in enumerate(found)])


@UNHURRIED
@given(cells, instruments)
def test_allocate__anything__covers_no_more_than_was_used_and_no_more_than_was_bought(used, bought):
    told = allocate(used, bought)
    for key, part in told.covered.items():
        assert 0 <= part.energy_uwh <= max(0, used[key].energy_uwh)
    for instrument in bought:
        scope = sum(max(0, cell.energy_uwh) for key, cell in used.items() if instrument.covers(key))
        assert told.by_instrument[instrument.id] <= min(instrument.energy_uwh, scope)
    assert sum(part.energy_uwh for part in told.covered.values()) == sum(told.by_instrument.values())


@UNHURRIED
@given(cells, instruments)
def test_allocate__one_more_instrument__leaves_the_earlier_ones_as_they_were(used, bought):
    before = allocate(used, bought[:-1]).by_instrument
    assert before.items() <= allocate(used, bought).by_instrument.items()


@UNHURRIED
@given(cells, instruments)
def test_free__what_is_left__can_be_covered_to_the_last_unit(used, bought):
    wanted = Instrument("new", 1, Fraction(0), 0, 2000, frozenset(), frozenset({"eu-north-1"}))
    consumed, free = free_uwh(used, bought, wanted)
    assert 0 <= free <= consumed
    if free:
        whole = Instrument("new", free, Fraction(0), 0, 2000, frozenset(), frozenset({"eu-north-1"}))
        assert allocate(used, [*bought, whole]).by_instrument["new"] == free


def test_market__without_instruments__is_the_location_based_figure():
    cell = Cell(10**12, 7 * 10**11)
    assert allocate({("1", "x", 0): cell}, []).market_ug(("1", "x", 0), cell) == cell.operational_ug


def test_market__half_covered_by_wind__is_half_of_the_location_based_figure():
    key, cell = ("1", "ap-south-1", 0), Cell(2 * 10**12, 1_423_400_000_000)
    told = allocate({key: cell}, [Instrument("wind", 10**12, Fraction(0), 0, 743)])
    assert told.market_ug(key, cell) == 711_700_000_000


def test_market__covered_by_a_dirty_contract__is_more_than_by_location():
    key, cell = ("1", "eu-north-1", 0), Cell(10**12, 4 * 10**10)
    told = allocate({key: cell}, [Instrument("coal", 10**12, Fraction(9, 10), 0, 743)])
    assert told.market_ug(key, cell) == 9 * 10**11
