"""The receipts trie is Ethereum's: same root as a second implementation, and every way down verifies."""

from __future__ import annotations

import rlp as reference_rlp
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from emissions.poce import rlp
from emissions.poce.trie import walk
from tokens.chain.receipts_trie import root_and_path

values = st.lists(st.binary(min_size=1, max_size=80), min_size=1, max_size=300)


@settings(max_examples=60, deadline=None)
@given(values, st.data())
def test_root_and_path__any_receipts__as_the_trie_library(items, data):
    index = data.draw(st.integers(0, len(items) - 1))
    reference = HexaryTrie({})
    for place, item in enumerate(items):
        reference[reference_rlp.encode(place)] = item
    root, path = root_and_path(items, index)
    assert root == reference.root_hash
    assert walk(root, rlp.encode_number(index), path) == items[index]


def test_root_and_path__borders_of_key_lengths__verify():
    for count in (1, 2, 16, 17, 127, 128, 129, 256, 257):
        items = [bytes([place % 251]) * 40 for place in range(count)]
        for index in {0, count // 2, count - 1}:
            root, path = root_and_path(items, index)
            assert walk(root, rlp.encode_number(index), path) == items[index]
