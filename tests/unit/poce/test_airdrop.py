"""Airdrop lists and multiproofs; the proofs' vectors are OpenZeppelin's own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.poce.airdrop import ROUND_STRUCT, AirdropList, AirdropRound, Named, build_round, next_run
from emissions.poce.eip712 import Domain
from emissions.poce.epoch import NodeState
from emissions.poce.hexes import checksum_address, from_hex
from emissions.poce.keccak import keccak
from emissions.poce.live import LiveReport
from emissions.poce.merkle import StandardTree
from emissions.poce.multiproof import Multiproof, multiproof, rows_in_tree_order
from emissions.poce.report import MAX_RETRO_HOURS

ROOT = Path(__file__).resolve().parents[3]
FIRST = 490_000
WALLET = checksum_address(b"\xaa" * 20)
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


def _report(hour_from: int, hour_through: int, ug: int = 10**9) -> LiveReport:
    return LiveReport("0x" + f"{hour_from:064x}", 1, hour_from, hour_through, ug, 0)


def _state(place: int, *reports: LiveReport, first_hour: int = FIRST) -> NodeState:
    return NodeState(_node(place), WALLET, reports or (_report(FIRST - 100, FIRST - 1),), first_hour)


def _build(*states: NodeState, previous: AirdropList | None = None) -> AirdropList:
    return build_round(
        previous, states, chain_id=31337, registry=WALLET, factor_set="0x" + "fa" * 32, engine="0x" + "e1" * 32, set_id=7
    )


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
    listed = _build(*(_state(place, _report(FIRST - 9, FIRST - 1, place + 1)) for place in range(25)))
    header = listed.header
    assert (header.round, header.total_ug, header.leaf_count, header.set_id) == (1, 325, 25, 7)
    assert (header.root, header.data_hash) == (listed.tree.root, listed.data_hash)
    assert sorted(row for batch in listed.batches(10) for row in batch.order) == list(range(25))
    assert header.digest(Domain(31337, "0x" + "11" * 20)) != header.digest(Domain(1, "0x" + "11" * 20))
    assert AirdropRound.from_json(header.to_json()) == header
    assert AirdropList.from_bytes(listed.to_bytes()) == listed


@settings(max_examples=60)
@given(st.integers(FIRST - MAX_RETRO_HOURS - 3, FIRST + 3), st.integers(FIRST - MAX_RETRO_HOURS - 3, FIRST + 3))
def test_round__hours__lie_within_twelve_months_before_the_first(hour_from, hour_through):
    report = _report(hour_from, hour_through)
    if FIRST - MAX_RETRO_HOURS <= hour_from <= hour_through < FIRST:
        assert _build(_state(0, report)).leaves
    else:
        with pytest.raises(ProofError) as refused:
            _build(_state(0, report))
        assert refused.value.code == "airdrop.hours"


def test_round__stranger_or_twice_or_nothing__is_refused():
    nothing = NodeState(_node(0), WALLET, (), FIRST)
    for states, code in (
        ([], "order"),
        ([_state(0), _state(0)], "order"),
        ([_state(0, first_hour=0)], "hours"),
        ([nothing], "nothing"),
        ([_state(0, _report(FIRST - 9, FIRST - 1, 0))], "nothing"),
        ([_state(0, _report(FIRST - 9, FIRST - 1), _report(FIRST - 5, FIRST - 1))], "overlap"),
    ):
        with pytest.raises(ProofError) as refused:
            _build(*states)
        assert refused.value.code == f"airdrop.{code}"


def test_round__hours_that_an_earlier_round_named__are_refused_ever_after():
    first = _build(_state(0, _report(FIRST - 200, FIRST - 101)), _state(1))
    second = _build(_state(0, _report(FIRST - 100, FIRST - 1)), previous=first)
    assert second.named_after[_node(0)] == Named(_node(0), FIRST - 200, FIRST - 1)
    for hours in ((FIRST - 150, FIRST - 120), (FIRST - 300, FIRST - 200), (FIRST - 1, FIRST - 1)):
        with pytest.raises(ProofError) as refused:
            _build(_state(0, _report(*hours)), previous=second)
        assert refused.value.code == "airdrop.named"
    third = _build(_state(0, _report(FIRST - 300, FIRST - 250)), previous=second)
    assert (third.round, third.named_after[_node(1)].hour_from) == (3, FIRST - 100)
    assert (third.leaves[0].hour_from, third.leaves[0].hour_through) == (FIRST - 300, FIRST - 201)


def test_next_run__missing_months__wait_until_they_are_given_up():
    jan, feb, apr, may, jun = (_report(FIRST - 10 * place, FIRST - 10 * place + 9) for place in (6, 5, 3, 2, 1))
    march, ours = _report(FIRST - 40, FIRST - 31), _report(FIRST, FIRST + 9)

    def run(*reports: LiveReport, named: Named | None = None, over_gaps: bool = False) -> tuple[LiveReport, ...]:
        return next_run(reports, first_hour=FIRST, named=named, over_gaps=over_gaps)

    assert run(jan, feb, apr, may, jun, ours) == (apr, may, jun)
    later = Named(_node(0), apr.hour_from, jun.hour_through)
    assert run(jan, feb, apr, may, jun, named=later) == ()
    assert run(jan, feb, march, apr, may, jun, named=later) == (jan, feb, march)
    assert run(jan, feb, apr, named=later, over_gaps=True) == (jan, feb)
    assert run(jan, apr, jun, over_gaps=True) == (jan, apr, jun)
    assert run(may, jun, named=Named(_node(0), apr.hour_from, apr.hour_through)) == (may, jun)
    assert run(ours) == run(_report(1, 9)) == ()


def test_structs__are_the_contracts():
    source = (ROOT / "tokens/contracts/src/CarbonAirdrop.sol").read_text()
    assert f'"{ROUND_STRUCT}"' in source
