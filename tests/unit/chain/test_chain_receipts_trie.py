"""The receipts trie is Ethereum's: same root as a second implementation, and every way down verifies."""

from __future__ import annotations

import pytest
import rlp as reference_rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from emissions.poce import rlp
from emissions.poce.trie import walk
from tokens.chain.receipts_trie import root_and_path

values = st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=300)


def _root(items):
    reference = HexaryTrie({})
    for place, item in enumerate(items):
        reference[reference_rlp.encode(place)] = item
    return reference.root_hash


@settings(max_examples=60, deadline=None)
@given(values, st.data())
def test_root_and_path__any_receipts__as_the_trie_library(items, data):
    index = data.draw(st.integers(0, len(items) - 1))
    root, path = root_and_path(items, index)
    assert root == _root(items)
    assert walk(root, rlp.encode_number(index), path) == items[index]


# Items of a byte stand inside their parents; from 129 on keys of two bytes share their first nibbles.
@pytest.mark.parametrize("length", [1, 26, 27, 40])
@pytest.mark.parametrize("count", [1, 2, 16, 17, 127, 128, 129, 130, 144, 145, 256, 257])
def test_root_and_path__borders_of_lengths_of_keys_and_items__as_the_trie_library(count, length):
    items = [bytes([place % 251 + 1]) * length for place in range(count)]
    expected = _root(items)
    for index in {0, count // 2, count - 1}:
        root, path = root_and_path(items, index)
        assert root == expected
        assert walk(root, rlp.encode_number(index), path) == items[index]
