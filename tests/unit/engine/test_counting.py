"""Sums that are counted are the sums that addition gives, whatever the order and size of the batches."""

from __future__ import annotations

from collections import defaultdict
from unittest.mock import patch

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emissions.engine.counting import SUMMED, Grid, count

GRID = Grid(first_hour=480_000, hours=5, places=3)
LINES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(1, 3), *[st.integers(-(2**40), 2**40)] * len(SUMMED)),
    max_size=60,
)


def _batch(lines):
    hours, places, *sums = zip(*lines, strict=True) if lines else [[]] * (2 + len(SUMMED))
    columns = {
        "hour": pa.array([GRID.first_hour + hour for hour in hours], pa.int64()),
        "place": pa.array(places, pa.int32()),
        **{name: pa.array(values, pa.float64()) for name, values in zip(SUMMED[:-1], sums[:-1], strict=True)},
        SUMMED[-1]: pa.array(sums[-1], pa.int64()),
    }
    return pa.record_batch(columns)


@given(LINES, st.integers(1, 60), st.integers(1, 20))
def test_count__any_batches__sums_of_each_hour_and_place_in_order(lines, size, packed):
    expected = defaultdict(lambda: [0] * (len(SUMMED) + 1))
    for hour, place, *values in lines:
        sums = expected[hour * GRID.places + place - 1]
        for number, value in enumerate((*values, 1)):
            sums[number] += value

    batches = [_batch(lines[start : start + size]) for start in range(0, len(lines) + 1, size)]
    with patch("emissions.engine.counting._PACKED", packed):
        counted = list(count(batches, GRID))

    hours = [hour - GRID.first_hour for part in counted for hour in part.hour.tolist()]
    places = [place - 1 for part in counted for place in part.place.tolist()]
    assert [hour * GRID.places + place for hour, place in zip(hours, places, strict=True)] == sorted(expected)
    for number, name in enumerate((*SUMMED, "lines")):
        sums = [value for part in counted for value in part.sums[name].tolist()]
        assert sums == [expected[cell][number] for cell in sorted(expected)]


def test_count__sum_next_to_the_limit__exact():
    almost = 2**53 - 2
    (counted,) = count([_batch([(4, 3, *[almost] * len(SUMMED))]), _batch([(4, 3, *[1] * len(SUMMED))])], GRID)

    assert (counted.hour.tolist(), counted.place.tolist()) == ([GRID.first_hour + 4], [3])
    assert {counted.sums[name].tolist()[0] for name in SUMMED} == {almost + 1}


@pytest.mark.parametrize(("hours", "places", "lines", "worth"), [(744, 10, 7440, True), (744, 10, 7439, False)])
def test_grid__cells_for_lines__counted_where_one_a_line_is_enough(hours, places, lines, worth):
    assert Grid(0, hours, places).suits(lines) is worth


def test_grid__more_cells_than_memory_is_given__not_counted():
    assert Grid(0, 1000, 16_000).suits(10**12)
    assert not Grid(0, 1000, 16_001).suits(10**12)
