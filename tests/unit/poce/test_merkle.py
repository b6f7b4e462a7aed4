"""The tree is OpenZeppelin's, its proofs prove their leaf and no other."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.poce.keccak import keccak
from emissions.poce.merkle import StandardTree, leaf_hash, verify, verify_values

VALUES = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40, unique=True)


def _rows(tree):
    rows = [[str(i * i)] for i in range(tree["count"])] if tree["values"] == "squares" else tree["values"]
    return [[int(v) if "int" in kind else v for v, kind in zip(row, tree["types"], strict=True)] for row in rows]


def test_tree__against_openzeppelin__same_roots_leaves_and_proofs(trees):
    assert len(trees) == 10
    for made in trees:
        rows = _rows(made)
        tree = StandardTree(rows, made["types"])
        assert tree.root == made["root"], made["name"]
        for leaf in made["leaves"]:
            assert tree.leaf(leaf["index"]) == leaf["hash"]
            if made["name"] == "equal_numbers":  # equal leaves may take each other's places
                assert verify(made["root"], leaf["hash"], leaf["proof"])
            else:
                assert tree.proof(leaf["index"]) == leaf["proof"]


@given(VALUES)
def test_proof__every_leaf__verifies_and_for_no_other_leaf(numbers):
    tree = StandardTree([(n,) for n in numbers], ["uint64"])
    for index, n in enumerate(numbers):
        proof = tree.proof(index)
        assert verify_values(tree.root, ["uint64"], [n], proof)
        for other in numbers:
            assert other == n or not verify_values(tree.root, ["uint64"], [other], proof)


@given(VALUES, st.data())
def test_proof__one_bit_changed_anywhere__refused(numbers, data):
    tree = StandardTree([(n,) for n in numbers], ["uint64"])
    index = data.draw(st.integers(0, len(numbers) - 1))
    parts = [tree.root_bytes, leaf_hash(["uint64"], [numbers[index]]), *(bytes.fromhex(p[2:]) for p in tree.proof(index))]
    place, bit = data.draw(st.integers(0, len(parts) - 1)), data.draw(st.integers(0, 255))
    changed = list(parts)
    changed[place] = bytes(b ^ (1 << bit % 8 if i == bit // 8 else 0) for i, b in enumerate(parts[place]))
    assert verify(parts[0], parts[1], parts[2:])
    assert not verify(changed[0], changed[1], changed[2:])


@given(VALUES.filter(lambda numbers: len(numbers) > 1))
def test_proof__inner_node_offered_as_a_leaf__is_not_the_hash_of_any_values(numbers):
    """The second preimage: 64 bytes of two children hash once to their parent; a leaf is hashed twice."""
    tree = StandardTree([(n,) for n in numbers], ["uint64"])
    first = bytes.fromhex(tree.leaf(0)[2:])
    sibling = bytes.fromhex(tree.proof(0)[0][2:])
    low, high = sorted((first, sibling))
    parent = keccak(low + high)
    assert verify(tree.root, parent, tree.proof(0)[1:])  # as a bare hash it leads to the root …
    assert not verify_values(tree.root, ["bytes32", "bytes32"], [low, high], tree.proof(0)[1:])  # … as values it does not


@given(VALUES, st.randoms(use_true_random=False))
def test_root__rows_in_another_order__is_the_same(numbers, random):
    shuffled = list(numbers)
    random.shuffle(shuffled)
    assert StandardTree([(n,) for n in shuffled], ["uint64"]).root == StandardTree([(n,) for n in numbers], ["uint64"]).root


def test_tree__no_rows__refused():
    with pytest.raises(ProofError) as caught:
        StandardTree([], ["uint64"])
    assert caught.value.code == "merkle.empty"


@pytest.mark.parametrize("row", [(-1,), (2**64,), ("1",), (True,), (1, 2), ()])
def test_tree__value_outside_its_type__refused(row):
    with pytest.raises(ProofError):
        StandardTree([(1,), row], ["uint64"])


@pytest.mark.deep
def test_tree__million_leaves__within_seconds(word):
    rows = [(i.to_bytes(32, "big"), bytes(20), i, i, i, 0, bytes(32)) for i in range(1_000_000)]
    started = time.process_time()
    StandardTree(rows, ["bytes32", "address", "uint64", "uint128", "uint256", "uint8", "bytes32"])
    assert time.process_time() - started < 12
