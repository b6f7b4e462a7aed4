"""What holds for any set: its id knows no order, stacking is replacing, and a verifier survives whatever a cell holds."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emissions.engine.curves import interpolate
from emissions.grid.catalog import load_factor_set, make_factor_set, set_id
from emissions.grid.factors import decimal_text
from emissions.grid.folder import stack
from emissions.grid.shapes import shape_of
from emissions.grid.verify import faults

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ROWS = st.lists(st.tuples(TEXT.filter(bool), TEXT), unique_by=lambda pair: pair[0], min_size=1, max_size=6)
SMALL = ("gwp", "pue", "regions", "grid", "cea", "processors", "power", "attributions")


def _table(pairs):
    return tuple({"id": name, "value": value} for name, value in pairs)


@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_set_id__rows_and_tables_in_any_order__same_id(first, second, random):
    tables = {"a": _table(first), "b": _table(second)}
    shuffled = {name: list(rows) for name, rows in reversed(tables.items())}
    for rows in shuffled.values():
        random.shuffle(rows)
    assert set_id(shuffled) == set_id(tables)


@given(ROWS, st.data())
def test_set_id__any_cell_changed__another_id(pairs, data):
    at, other = data.draw(st.integers(0, len(pairs) - 1)), data.draw(TEXT)
    name, value = pairs[at]
    changed = [*pairs[:at], (name, other), *pairs[at + 1 :]]
    assert (set_id({"a": _table(changed)}) == set_id({"a": _table(pairs)})) == (other == value)


@given(ROWS, ROWS)
def test_stack__above_wins_and_nothing_is_lost(below, above):
    together = stack({"a": _table(below)}, {"a": _table(above)})["a"]
    expected = {**dict(below), **dict(above)}
    assert {row["id"]: row["value"] for row in together} == expected
    assert len(together) == len(expected)
    assert set_id(stack({"a": together}, {"a": _table(above)})) == set_id({"a": together})


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SMALL), st.data(), TEXT)
def test_faults__any_text_in_any_cell__is_an_answer_and_no_exception(table, data, text):
    genesis = load_factor_set()
    rows = genesis.tables[table]
    at = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(sorted(set(rows[0]) - {"id"})))
    damaged = tuple({**row, column: text} if number == at else row for number, row in enumerate(rows))
    # Tables that a fault cannot lie in are left short: the property is about the damaged one.
    light = {**genesis.tables, table: damaged, "instances": genesis.tables["instances"][:5], "usage_types": ()}
    assert all(fault.message for fault in faults(make_factor_set("damaged", light)))


@given(st.sampled_from(["aws", "azure", "gcp", "oci"]), st.text(max_size=24))
def test_shape_of__any_name__is_none_or_a_shape(provider, name):
    shape = shape_of(provider, name)
    assert shape is None or shape.vcpu is None or shape.vcpu >= 0


@given(st.decimals("0", "1e9", places=6, allow_nan=False))
def test_decimal_text__any_figure_of_a_set__reads_back(value):
    assert Fraction(decimal_text(Fraction(value))) == Fraction(value)


@given(st.lists(st.fractions(0, 1000), min_size=3, max_size=3), st.fractions(0, 100))
def test_interpolate__between_points__stays_between_their_watts(watts, load):
    points = tuple(zip((Fraction(0), Fraction(50), Fraction(100)), sorted(watts), strict=True))
    assert min(watts) <= interpolate(points, load) <= max(watts)
