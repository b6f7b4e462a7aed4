"""A bundle follows from the reports that count, and epochs only add."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.poce.eip712 import Domain
from emissions.poce.epoch import (
    LEAF_TYPES,
    Bundle,
    EpochHeader,
    NodeState,
    build_bundle,
    header_of,
    history_root,
)
from emissions.poce.live import LiveReport, live_reports
from emissions.poce.merkle import verify, verify_values
from emissions.poce.report import NodeReport

WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
MONTHS = [(484296, 485015), (485016, 485759), (485760, 486479), (486480, 487223)]


def _hash(n: int) -> str:
    return "0x" + n.to_bytes(32, "big").hex()


CONTEXT = {"chain_id": 31337, "registry": WALLET, "factor_set": _hash(1), "engine": _hash(2), "set_id": 3}
UGS = st.lists(st.integers(-(10**15), 10**18), min_size=1, max_size=4)
FLEETS = st.dictionaries(st.integers(1, 40).map(_hash), UGS, min_size=1, max_size=6)


def _states(fleet: dict[str, list[int]]) -> list[NodeState]:
    return [
        NodeState(node, WALLET, tuple(LiveReport(_hash(100 + i), i + 1, *MONTHS[i], ug, 0) for i, ug in enumerate(ugs)))
        for node, ugs in fleet.items()
    ]


@given(FLEETS, st.randoms(use_true_random=False))
def test_bundle__any_fleet__sums_proofs_and_bytes_hold(fleet, random):
    states = _states(fleet)
    bundle, header = build_bundle(None, states, **CONTEXT)
    random.shuffle(states)
    assert build_bundle(None, states, **CONTEXT)[0].to_bytes() == bundle.to_bytes()
    assert Bundle.from_bytes(bundle.to_bytes()) == bundle
    assert EpochHeader.from_json(header.to_json()) == header == header_of(Bundle.from_bytes(bundle.to_bytes()))
    assert header.total_ug == header.ceiling_ug == sum(max(0, sum(ugs)) for ugs in fleet.values())
    assert header.total_tuner == header.total_ug * 10**9
    assert (header.epoch, header.leaf_count) == (1, len(fleet))
    for entry in bundle.leaves:
        assert verify_values(header.root, LEAF_TYPES, entry.leaf.values(), bundle.proof(entry.leaf.node))
        assert verify(header.root, entry.leaf.leaf_hash(), bundle.proof(entry.leaf.node))
        richer = replace(entry.leaf, cum_ug=entry.leaf.cum_ug + 1)
        assert not verify_values(header.root, LEAF_TYPES, richer.values(), bundle.proof(entry.leaf.node))


@given(st.lists(FLEETS, min_size=2, max_size=5))
def test_bundle__one_after_another__ceiling_and_through_hour_never_fall(fleets):
    known: dict[str, list[int]] = {}
    previous, highest = None, {}
    for number, fleet in enumerate(fleets, 1):
        for node, ugs in fleet.items():
            known[node] = ugs + known.get(node, [])[len(ugs) :]  # restated months replace, months stay
        bundle, header = build_bundle(previous, _states(known), **CONTEXT)
        assert header.epoch == number
        for entry in bundle.leaves:
            highest[entry.leaf.node] = max(highest.get(entry.leaf.node, 0), entry.leaf.cum_ug)
            assert entry.high_ug == highest[entry.leaf.node]
        assert header.ceiling_ug == sum(highest.values())
        if previous:
            before = header_of(previous)
            assert header.ceiling_ug >= before.ceiling_ug
            assert header.through_hour >= before.through_hour
        previous = bundle


def test_bundle__node_of_the_epoch_before_missing__refused():
    first, _ = build_bundle(None, _states({_hash(1): [5], _hash(2): [6]}), **CONTEXT)
    with pytest.raises(ProofError) as caught:
        build_bundle(first, _states({_hash(1): [5]}), **CONTEXT)
    assert caught.value.code == "bundle.node_gone"


def test_bundle__restated_downwards__cumulative_falls_and_ceiling_stays():
    first, header = build_bundle(None, _states({_hash(1): [50]}), **CONTEXT)
    second, after = build_bundle(first, _states({_hash(1): [20]}), **CONTEXT)
    assert (after.total_ug, after.ceiling_ug) == (20, header.ceiling_ug)
    assert second.entry(_hash(1)).high_ug == 50
    third, last = build_bundle(second, _states({_hash(1): [20, 45]}), **CONTEXT)
    assert (last.total_ug, last.ceiling_ug) == (65, 65)
    assert third.entry(_hash(9)) is None


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([], "bundle.order"),
        ([NodeState(_hash(1), WALLET, ())], "bundle.no_report"),
        (_states({_hash(1): [1]}) * 2, "bundle.order"),
        (
            [NodeState(_hash(1), WALLET, (LiveReport(_hash(5), 1, 10, 20, 1, 0), LiveReport(_hash(6), 2, 20, 30, 1, 0)))],
            "bundle.overlap",
        ),
        (
            [NodeState(_hash(1), WALLET, (LiveReport(_hash(5), 1, 21, 30, 1, 0), LiveReport(_hash(6), 2, 10, 20, 1, 0)))],
            "bundle.overlap",
        ),
    ],
)
def test_bundle__states_out_of_place__refused(states, code):
    with pytest.raises(ProofError) as caught:
        build_bundle(None, states, **CONTEXT)
    assert caught.value.code == code


def test_bundle__level__is_the_lowest_of_its_reports():
    reports = tuple(LiveReport(_hash(i), i, *MONTHS[i], 1, level) for i, level in enumerate((4, 1, 3)))
    bundle, _ = build_bundle(None, [NodeState(_hash(1), WALLET, reports)], **CONTEXT)
    assert bundle.leaves[0].leaf.level == 1


def test_proof__strange_node__refused():
    bundle, _ = build_bundle(None, _states({_hash(1): [1]}), **CONTEXT)
    with pytest.raises(ProofError) as caught:
        bundle.proof(_hash(2))
    assert caught.value.code == "bundle.no_node"


@given(FLEETS, st.data())
def test_from_bytes__one_bit_changed__refused_or_another_header(fleet, data):
    bundle, header = build_bundle(None, _states(fleet), **CONTEXT)
    raw = bytearray(bundle.to_bytes())
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    try:
        changed = Bundle.from_bytes(bytes(raw))
    except ProofError:
        return
    domain = Domain(31337, WALLET)
    assert header_of(changed).digest(domain) != header.digest(domain)


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"epoch": "1"}, {"leaves": []}, {"leaves": {}}, {"registry": WALLET.lower()}, {"more": 1}]
)
def test_from_json__bundle_of_another_shape__refused(change):
    bundle, _ = build_bundle(None, _states({_hash(1): [1]}), **CONTEXT)
    with pytest.raises(ProofError):
        Bundle.from_json({**bundle.to_json(), **change})


def _report(seq: int, month: int, state: int, ug: int) -> tuple[str, NodeReport]:
    report = NodeReport(
        _hash(1),
        seq,
        *MONTHS[month],
        state,
        0,
        _hash(0),
        0,
        0,
        ug,
        0,
        0,
        0,
        0,
        _hash(0),
        _hash(1),
        _hash(2),
        _hash(3),
        _hash(seq - 1),
    )
    return _hash(100 + seq), report


def test_live_reports__restated_and_unsettled__newest_final_per_month_counts():
    reports = [_report(1, 1, 2, 10), _report(2, 0, 2, 5), _report(3, 1, 2, 7), _report(4, 1, 1, 99), _report(5, 2, 0, 3)]
    live = live_reports(reversed(reports))
    assert [(r.seq, r.hour_from, r.ug) for r in live] == [(2, MONTHS[0][0], 5), (3, MONTHS[1][0], 7)]


def test_history_root__against_openzeppelin__same(trees):
    made = next(tree for tree in trees if tree["name"] == "history")
    live = [LiveReport(h, 1, int(a), int(b), int(ug), 0) for h, a, b, ug in made["values"]]
    assert history_root(live) == made["root"]
