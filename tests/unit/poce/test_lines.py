"""Stripped lines have one spelling."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.poce.lines import TYPES, StrippedLines, normalise_quantity, rate_key
from emissions.poce.merkle import StandardTree, verify_values

KEYS = st.sampled_from([rate_key({"provider": "aws", "usage_type": kind}) for kind in ("a", "b", "ü", "😀")])
QUANTITIES = st.decimals(-(10**9), 10**9, places=6).map(str)
ROWS = st.lists(st.tuples(st.integers(484296, 484310), KEYS, QUANTITIES), max_size=25)


def test_lines__against_the_vector__same_bytes_and_hash(texts):
    made = texts["lines"]
    lines = StrippedLines.from_json(made["value"])
    assert lines.to_bytes().decode() == made["text"]
    assert StrippedLines.from_bytes(made["text"].encode()) == lines


def test_usage_root__against_openzeppelin__same(texts, trees):
    made = next(tree for tree in trees if tree["name"] == "lines")
    assert "0x" + StrippedLines.from_json(texts["lines"]["value"]).root().hex() == made["root"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [("1", "1"), ("+1.50", "1.5"), ("1E+3", "1000"), ("1e-7", "0.0000001"), ("-0.000", "0"), ("007", "7"), (".5", "0.5"),
     ("5.", "5"), ("-2.10", "-2.1"), ("0E+5", "0"), ("-0.0e-999", "0"), ("100", "100")],
)  # fmt: skip
def test_normalise_quantity__many_spellings__one_form(text, normal):
    assert normalise_quantity(text) == normal


@pytest.mark.parametrize(
    "text", ["", "x", "NaN", "Infinity", "1_000", "1,5", " 1", "1 ", "١", "1E+999999", "1e9999", "9" * 200, "0x10"]
)
def test_normalise_quantity__not_a_quantity__refused(text):
    with pytest.raises(ProofError) as caught:
        normalise_quantity(text)
    assert caught.value.code == "lines.quantity"


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30, places=12))
def test_normalise_quantity__any_decimal__keeps_the_value_and_is_its_own_form(value):
    normal = normalise_quantity(str(value))
    assert Decimal(normal) == value
    assert normalise_quantity(normal) == normal


@given(ROWS, st.randoms(use_true_random=False))
def test_collect__rows_in_any_order__same_bytes_and_root(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, other = StrippedLines.collect(rows), StrippedLines.collect(shuffled)
    assert one == other
    assert one.to_bytes() == other.to_bytes()
    assert StrippedLines.from_bytes(one.to_bytes()) == one
    assert one.root() == other.root()


@given(ROWS.filter(bool))
def test_root__fast_encoding__equals_the_general_tree_and_every_line_is_provable(rows):
    lines = StrippedLines.collect(rows)
    seen: dict[tuple, int] = {}
    values = []
    for hour, key, quantity in lines.lines:
        index = seen[(hour, key, quantity)] = seen.get((hour, key, quantity), -1) + 1
        values.append((hour, lines.rate_keys[key], quantity, index))
    assert StandardTree(values, TYPES).root_bytes == lines.root()
    tree = lines.tree()
    assert all(verify_values(lines.root(), TYPES, row, tree.proof(place)) for place, row in enumerate(values))


@given(ROWS, st.integers(484295, 484311), st.integers(484295, 484311))
def test_between__any_range__is_the_collection_of_its_rows(rows, start, end):
    inside = [row for row in rows if start <= row[0] <= end]
    assert StrippedLines.collect(rows).between(start, end) == StrippedLines.collect(inside)


@given(ROWS.filter(bool), st.data())
def test_from_bytes__one_bit_changed__refused_or_another_root(rows, data):
    lines = StrippedLines.collect(rows)
    raw = bytearray(lines.to_bytes())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    try:
        changed = StrippedLines.from_bytes(bytes(raw))
    except ProofError:
        return
    assert changed.root() != lines.root()


def test_root__no_lines__is_zero():
    assert StrippedLines.collect([]).root() == bytes(32)


@pytest.mark.parametrize(
    "value",
    [
        {"rate_keys": ['{"a":"b"}'], "lines": []},
        {"rate_keys": ['{"b":"b"}', '{"a":"b"}'], "lines": [[1, 0, "1"], [1, 1, "1"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[2, 0, "1"], [1, 0, "1"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[1, 0, "2"], [1, 0, "1"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[1, 0, "1.0"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[1, 0, "-0"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[1, 1, "1"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[-1, 0, "1"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[True, 0, "1"]]},
        {"rate_keys": ['{"a": "b"}'], "lines": [[1, 0, "1"]]},
        {"rate_keys": ['{"a":1}'], "lines": [[1, 0, "1"]]},
        {"rate_keys": ['["a"]'], "lines": [[1, 0, "1"]]},
        {"rate_keys": ["\ud800"], "lines": [[1, 0, "1"]]},
        {"rate_keys": ['{"a":"b"}'], "lines": [[1, 0, "1"]], "cost": "3"},
        {"rate_keys": {}, "lines": []},
        [],
    ],
)
def test_from_json__not_canonical__refused(value):
    with pytest.raises(ProofError):
        StrippedLines.from_json(value)


def test_from_bytes__other_spelling_of_the_same_json__refused(texts):
    with pytest.raises(ProofError) as caught:
        StrippedLines.from_bytes(json.dumps(texts["lines"]["value"], indent=1).encode())
    assert caught.value.code == "json.not_canonical"
