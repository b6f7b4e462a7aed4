"""Airdrop lists and multiproofs; the proofs' vectors are OpenZeppelin's own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.poce.airdrop import MAX_RETRO_HOURS, ROUND_STRUCT, AirdropList, RetroLeaf
from emissions.poce.eip712 import Domain
from emissions.poce.hexes import ZERO_32, from_hex
from emissions.poce.keccak import keccak
from emissions.poce.merkle import StandardTree
from emissions.poce.multiproof import Multiproof, multiproof, rows_in_tree_order

ROOT = Path(__file__).resolve().parents[3]
FIRST = 490_000
_OPENZEPPELIN = """
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
const [count, rows] = JSON.parse(process.argv[1]);
const values = Array.from({ length: count }, (_, i) => [String(i * i)]);
const tree = StandardMerkleTree.of(values, ["uint256"]);
const found = tree.getMultiProof(rows.map((row) => values[row]));
console.log(JSON.stringify({ root: tree.root, leaves: found.leaves, proof: found.proof, flags: found.proofFlags }));
"""


def _node(place: int) -> str:
    return "0x" + f"{place:064x}"


def _leaf(place: int, hour_from: int = FIRST - 100, hour_through: int = FIRST - 1, ug: int = 10**9) -> RetroLeaf:
    return RetroLeaf(_node(place), "0x" + "aa" * 20, hour_from, hour_through, ug, 0, ZERO_32)


def _root(leaves: list[bytes], proof: Multiproof) -> bytes:
    """What the contract computes: leaves and results are taken in turn, from the front."""
    waiting, rest = list(leaves), [from_hex(item) for item in proof.proof]
    for flag in proof.flags:
        a = waiting.pop(0)
        b = waiting.pop(0) if flag else rest.pop(0)
        waiting.append(keccak(min(a, b) + max(a, b)))
    assert not rest
    assert len(waiting) == 1
    return waiting[0]


@given(st.integers(1, 70), st.data())
def test_multiproof__any_rows__lead_to_the_root(count, data):
    tree = StandardTree([(place,) for place in range(count)], ["uint256"])
    rows = data.draw(st.lists(st.integers(0, count - 1), min_size=1, unique=True))
    proof = multiproof(tree, rows)
    assert sorted(proof.order) == sorted(rows)
    assert _root([from_hex(tree.leaf(row)) for row in proof.order], proof) == tree.root_bytes


@pytest.mark.parametrize(("count", "rows"), [(1, [0]), (7, [1, 4, 5]), (16, [0, 15]), (100, list(range(20, 60)))])
def test_multiproof__openzeppelin__gives_the_same(count, rows):
    done = subprocess.run(
        ["node", "--input-type=module", "-e", _OPENZEPPELIN, json.dumps([count, rows])],
        check=True, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    theirs = json.loads(done.stdout)
    tree = StandardTree([(place * place,) for place in range(count)], ["uint256"])
    ours = multiproof(tree, rows)
    assert tree.root == theirs["root"]
    assert [[str(row * row)] for row in ours.order] == theirs["leaves"]
    assert list(ours.proof) == theirs["proof"]
    assert list(ours.flags) == theirs["flags"]


def test_multiproof__no_rows_or_one_twice__is_refused():
    tree = StandardTree([(1,), (2,)], ["uint256"])
    for rows in ([], [1, 1]):
        with pytest.raises(ProofError) as refused:
            multiproof(tree, rows)
        assert refused.value.code == "merkle.rows"


def test_rows_in_tree_order__batches__need_few_hashes():
    tree = StandardTree([(place,) for place in range(1024)], ["uint256"])
    rows = rows_in_tree_order(tree)
    assert sorted(rows) == list(range(1024))
    assert len(multiproof(tree, rows[:128]).proof) <= 2 * 10


def test_list__header__adds_up_and_batches_cover_it():
    leaves = [_leaf(place, ug=place + 1) for place in range(25)]
    listed = AirdropList(3, leaves, {leaf.node: FIRST for leaf in leaves})
    header = listed.header(factor_set="0x" + "fa" * 32, set_id=7)
    assert (header.round, header.total_ug, header.leaf_count, header.set_id) == (3, 325, 25, 7)
    assert header.root == listed.tree.root
    assert sorted(row for batch in listed.batches(10) for row in batch.order) == list(range(25))
    assert header.digest(Domain(31337, "0x" + "11" * 20)) != header.digest(Domain(1, "0x" + "11" * 20))


@settings(max_examples=60)
@given(st.integers(FIRST - MAX_RETRO_HOURS - 3, FIRST + 3), st.integers(FIRST - MAX_RETRO_HOURS - 3, FIRST + 3))
def test_list__hours__lie_within_twelve_months_before_the_first(hour_from, hour_through):
    if FIRST - MAX_RETRO_HOURS <= hour_from <= hour_through < FIRST:
        assert AirdropList(1, [_leaf(0, hour_from, hour_through)], {_node(0): FIRST}).leaves
    else:
        with pytest.raises(ProofError) as refused:
            AirdropList(1, [_leaf(0, hour_from, hour_through)], {_node(0): FIRST})
        assert refused.value.code == "airdrop.hours"


def test_list__stranger_or_wrong_order__is_refused():
    for leaves in ([], [_leaf(1), _leaf(0)], [_leaf(0), _leaf(0)]):
        with pytest.raises(ProofError) as refused:
            AirdropList(1, leaves, {_node(0): FIRST, _node(1): FIRST})
        assert refused.value.code == "airdrop.order"
    with pytest.raises(ProofError) as refused:
        AirdropList(1, [_leaf(0)], {})
    assert refused.value.code == "airdrop.hours"


def test_structs__are_the_contracts():
    source = (ROOT / "tokens/contracts/src/CarbonAirdrop.sol").read_text()
    assert f'"{ROUND_STRUCT}"' in source
