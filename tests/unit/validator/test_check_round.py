"""A validator agrees with a true airdrop round and names what is wrong with every other one; no hour is paid twice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from emissions.engine.identity import ENGINE_ID
from emissions.poce.airdrop import AirdropList, AirdropRound, build_round
from emissions.poce.eip712 import Domain
from emissions.poce.epoch import NodeState, build_bundle, header_of
from emissions.poce.hexes import to_hex
from emissions.poce.keys import address_of, recover
from emissions.poce.live import live_reports
from tests.unit.validator.test_check_epoch import FACTORS, FEBRUARY, KEY, MARCH, NODE, REGISTRY, WALLET, Chain, Epochs
from tokens.chain.contracts import NodeRecord, Validator, ValidatorSnapshot
from tokens.validator.check_round import check_round
from tokens.validator.result import Result
from tokens.validator.rounds import RoundVoter
from tokens.validator.store import Store
from tokens.validator.verdict import Verdict

CONTEXT: dict[str, Any] = {
    "chain_id": 31337, "registry": REGISTRY, "factor_set": FACTORS.id, "engine": ENGINE_ID, "set_id": 4,
}  # fmt: skip
JANUARY = (490896, 491639)
VALIDATOR, ROUND_DOMAIN = bytes([5]) * 32, Domain(31337, WALLET)


@pytest.fixture
def host(tmp_path) -> Epochs:
    """A node whose first hour is March's, with reports of January and February before it."""
    host = Epochs(Store(tmp_path, genesis_hash="0x" + "9e" * 32))
    host.chain.record = NodeRecord(address_of(KEY), WALLET, MARCH[0], 0)
    host.add("700", hours=JANUARY)
    host.add("744")
    return host


def _list(host: Epochs, *, first_hour: int = MARCH[0], previous: AirdropList | None = None, skip: int = 0) -> AirdropList:
    live = live_reports(host.reports)[skip:]
    early = tuple(report for report in live if report.hour_through < first_hour)
    return build_round(previous, [NodeState(NODE, WALLET, early, first_hour)], **CONTEXT)


def _check(
    host: Epochs, listed: AirdropList, *, previous: AirdropList | None = None, header: AirdropRound | None = None
) -> Verdict:
    return check_round(
        header or listed.header, listed.to_bytes(), previous,
        chain=host.chain, set_id=4, fetch_report=host.packages.__getitem__, store=host.store,
    )  # fmt: skip


def _with_leaf(listed: AirdropList, **change: Any) -> AirdropList:
    (entry,) = listed.entries
    return replace(listed, entries=(replace(entry, leaf=replace(entry.leaf, **change)),))


def test_round__true__agrees(host):
    listed = _list(host)
    assert _check(host, listed).agrees
    assert listed.header.total_ug == sum(report.ug for _, report in host.reports)


@pytest.mark.parametrize("field", ["ug", "level", "hour_from", "hour_through", "history_root"])
def test_round__overstates_or_is_bent__refused_by_the_field(host, field):
    listed = _list(host)
    wrong = {"ug": listed.leaves[0].ug + 1, "level": 1, "hour_from": JANUARY[0] - 744, "hour_through": FEBRUARY[0]}
    bent = _with_leaf(listed, **{field: wrong.get(field, "0x" + "77" * 32)})
    assert _check(host, bent).codes == (f"leaf.{field}",)


def test_round__frame_is_not_the_chains__refused(host):
    listed = _list(host)
    for change, code in (
        ({"round": 2}, "list.round"),
        ({"chain_id": 1}, "list.chain"),
        ({"registry": WALLET}, "list.registry"),
        ({"engine": "0x" + "0e" * 32}, "list.engine"),
        ({"factor_set": "0x" + "0f" * 32}, "list.factor_set"),
        ({"set_id": 5}, "list.set_id"),
    ):
        assert _check(host, replace(listed, **change)).codes == (code,)
    assert _check(host, listed, header=replace(listed.header, total_ug=1)).codes == ("list.header",)


def test_round__wallet_or_node_is_another__refused(host):
    listed = _list(host)
    assert "node.wallet" in _check(host, _with_leaf(listed, wallet=REGISTRY)).codes
    host.chain.record = None
    assert _check(host, listed).codes == ("node.unknown",)


def test_round__more_than_its_hours_may_have__refused_as_the_contract_would_refuse_the_batch(host):
    listed = _list(host)
    (leaf,) = listed.leaves
    hours = leaf.hour_through - leaf.hour_from + 1
    host.chain.caps.hour_ug = -(-leaf.ug // hours)
    assert _check(host, listed).agrees
    host.chain.caps.hour_ug = (leaf.ug - 1) // hours
    assert _check(host, listed).codes == ("leaf.over_cap",)


def test_round__hours_named_before__refused(host):
    first = _list(host)
    assert _check(host, first).agrees
    again = replace(first, round=2, named=tuple(first.named_after.values()))
    assert _check(host, again, previous=first).codes == ("airdrop.named",)
    # And a list that keeps quiet about what was named is not the one that follows.
    host.add("30", hours=(490152, 490895))
    late = build_round(first, [NodeState(NODE, WALLET, live_reports(host.reports)[:1], MARCH[0])], **CONTEXT)
    assert _check(host, late, previous=first).agrees
    assert _check(host, replace(late, named=()), previous=first).codes == ("list.differs",)


def test_hour__in_a_round_and_in_an_epoch__is_refused_on_both_sides(host):
    host.add("10", hours=MARCH)
    # A round that takes the first month of epochs along.
    greedy = _list(host, first_hour=MARCH[1] + 1)
    assert _check(host, greedy).codes == ("airdrop.hours",)
    # An epoch that counts the months before the first hour: as it would be built by one who forgot that hour.
    live = live_reports(host.reports)
    context = {name: CONTEXT[name] for name in ("chain_id", "registry", "factor_set", "engine", "set_id")}
    forgot = build_bundle(None, [NodeState(NODE, WALLET, live)], **context)[0]
    assert {"leaf.cum_ug", "leaf.history_root", "leaf.cum_tuner"} <= set(host.check(forgot).codes)
    honest = build_bundle(None, [NodeState(NODE, WALLET, live, MARCH[0])], **context)[0]
    assert host.check(honest).agrees
    assert header_of(honest).total_ug == live[-1].ug
    assert len(honest.leaves[0].scores_bp) == 3


def test_round__month_older_than_twelve__refused(host):
    host.chain.record = NodeRecord(address_of(KEY), WALLET, JANUARY[0] + 366 * 24 + 1, 0)
    assert _check(host, _list(host)).codes == ("report.too_old",)


@dataclass
class RoundHost:
    """What the service says of its pending round, from values."""

    listed: AirdropList
    host: Epochs
    votes: list[str] = field(default_factory=list)

    def round(self, number: int) -> dict[str, Any]:
        return {"header": self.listed.header.to_json()}

    def round_list(self, number: int) -> bytes:
        return self.listed.to_bytes()

    def report(self, report_hash: str) -> Any:
        return self.host.packages[report_hash]

    def post_round_vote(self, number: int, *, signer: str, signature: str) -> None:
        self.votes.append(recover(self.listed.header.digest(ROUND_DOMAIN), bytes.fromhex(signature[2:])))


@dataclass
class RoundChain(Chain):
    """A chain without rounds, in which the guardian vetoed these digests."""

    vetoed: set[str] = field(default_factory=set)
    asked: int = 0
    round_domain: Domain = ROUND_DOMAIN

    def round_count(self) -> int:
        return 0

    def validators(self) -> ValidatorSnapshot:
        return ValidatorSnapshot(4, 1, (Validator(address_of(VALIDATOR), 1),))

    def is_vetoed(self, digest: str) -> bool:
        self.asked += 1
        return digest in self.vetoed


def test_round_vote__list_after_a_veto__is_signed_once_the_chain_says_so(host, monkeypatch):
    host.chain = RoundChain(record=host.chain.record)
    service = RoundHost(_list(host, first_hour=JANUARY[1] + 1), host)
    voter = RoundVoter(service=service, store=host.store, key=VALIDATOR)
    first = to_hex(service.listed.header.digest(ROUND_DOMAIN))
    assert voter.cycle(host.chain, 1) is Result.WAITING
    service.listed = _list(host)
    assert [voter.cycle(host.chain, 1) for _ in range(3)] == [Result.CONFLICT] * 3
    assert (host.chain.asked, host.store.round_vote(1, 4)) == (1, first), "a host in conflict does not make it search each time"
    host.chain.vetoed = {first}
    assert voter.cycle(host.chain, 1) is Result.CONFLICT
    monkeypatch.setattr("tokens.validator.rounds.ASK_AGAIN_S", -1.0)
    again = RoundVoter(service=service, store=host.store, key=VALIDATOR)
    assert again.cycle(host.chain, 1) is Result.WAITING
    assert service.votes == [address_of(VALIDATOR)] * 2
    second = to_hex(service.listed.header.digest(ROUND_DOMAIN))
    assert host.store.round_vote(1, 4) == second
    assert not host.store.claim_round_vote(1, 4, "0x03"), "one list at a time, as before"
    service.listed = _list(host, skip=1)
    assert again.cycle(host.chain, 1) is Result.CONFLICT


def test_round_vote__another_list_of_the_same_round__is_never_signed(host):
    assert host.store.claim_round_vote(1, 4, "0x01")
    assert host.store.claim_round_vote(1, 4, "0x01")
    assert not host.store.claim_round_vote(1, 4, "0x02")
    assert host.store.claim_round_vote(1, 5, "0x02")
    assert host.store.round_vote(2, 4) is None
