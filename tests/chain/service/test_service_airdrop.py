"""Hours before a node's first one: sealed, voted on, posted, pushed, held as lots and retired, and never twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from cloudtuner.errors import ChainError, ProofError
from emissions.poce.airdrop import AirdropList
from tests.chain.service.conftest import FIRST_HOUR, MONTH

pytestmark = pytest.mark.chain

# The months of `world` are 30 days each and begin at FIRST_HOUR: two before enrolment, then one.
ENROLLED = FIRST_HOUR + 2 * MONTH


def _enrolled(world: Any, slug: str = "aravali") -> Any:
    node = world.node(slug, first_hour=ENROLLED)
    world.report(node, {0: 1_000, 5: 500}, slug=slug)
    world.report(node, {2: 2_000}, month=1, slug=slug)
    world.report(node, {1: 300}, month=2, slug=slug)
    return node


def test_history__before_enrolment__is_pushed_by_a_round_and_the_rest_by_an_epoch(world: Any) -> None:
    from tokens.chain.airdrop import Airdrop
    from tokens.network import rounds
    from tokens.selectors import history, lots, tie_out

    node = _enrolled(world)
    world.run_until_paid(3_800)
    assert world.balance() == 3_800
    airdrop, contracts = Airdrop(world.network.contracts), world.network.contracts
    assert (airdrop.paid(node.node).ug, contracts.claimed(node.node).ug) == (3_500, 300)
    assert airdrop.round(1).paid_ug == airdrop.round(1).total_ug == 3_500
    with world.inside():
        assert sorted((lot.round, lot.epoch, lot.ug) for lot in lots() if lot.round) == [(1, None, 3_500)]
        assert [(lot.epoch, lot.ug) for lot in lots() if lot.epoch] == [(1, 300)]
        found = history()
        assert (found.months, found.of, found.ug, found.paid_ug) == (2, 12, 3_500, 3_500)
        assert [(row.state, row.round, row.claimable) for row in found.rows] == [("paid", 1, False)]
        assert found.tx_hashes == (rounds.paid(1)[node.node].tx_hash,)
        assert tie_out().ties_out
    with world.inside("birch"):
        assert history() is None
        assert lots() == []


def test_retire__of_a_year_with_history__names_the_hours_of_the_round_and_of_the_epoch(world: Any) -> None:
    from tokens.selectors import Period, kilogram_states, tie_out

    node = _enrolled(world)
    world.run_until_paid(3_800)
    retired = world.retire(3_700, months=3)
    world.run_until_final(retired)
    with world.inside():
        retired.refresh_from_db()
        claim = json.loads(bytes(retired.claim))
        paid = {("round" in lot): (lot["hour_from"], lot["hour_through"], lot["ug"]) for lot in claim["lots"]}
        assert paid == {
            True: (FIRST_HOUR, FIRST_HOUR + MONTH + 2, "3500"),
            False: (ENROLLED + 1, ENROLLED + 1, "200"),
        }
        assert {lot["node"] for lot in claim["lots"]} == {node.node}
        states = kilogram_states(Period("", FIRST_HOUR, FIRST_HOUR + 3 * MONTH - 1))
        assert (states.in_wallet_ug, states.retired_ug, states.ready_ug, states.provisional_ug) == (100, 3_700, 0, 0)
        assert tie_out().ties_out


def test_restated_history__after_it_was_paid__changes_nothing_on_chain(world: Any) -> None:
    from tokens.network.models import SealedRound
    from tokens.selectors import tie_out

    node = _enrolled(world)
    world.run_until_paid(3_800)
    world.report(node, {0: 9_000}, month=1)
    for _ in range(4):
        world.tick()
        world.vote()
    assert SealedRound.objects.count() == 1
    assert world.paid() == 3_800
    with world.inside():
        assert tie_out().ties_out


def test_later_history__touches_what_was_paid__is_paid_by_the_next_round(world: Any) -> None:
    node = world.node(first_hour=ENROLLED)
    world.report(node, {2: 2_000}, month=1)
    world.run_until_paid(2_000)
    world.report(node, {0: 1_000})
    world.run_until_paid(3_000)
    with world.inside():
        from tokens.selectors import history

        assert [row.round for row in history().rows] == [2]
    assert world.balance() == 3_000


def test_round__a_leaf_claimed_alone_first__is_not_paid_again_by_the_push(world: Any) -> None:
    from tokens.chain.client import Call
    from tokens.network import rounds

    a, b = _enrolled(world), _enrolled(world, "birch")
    world.run(lambda: rounds.head_round() == 1 and rounds.posted_round(1) is not None)
    world.network.mine(5)
    answer = Client(headers={"host": "127.0.0.1"}).get(f"/poce/v1/rounds/1/claims/{a.node}").json()
    assert (answer["leaf"]["ug"], answer["to"]) == ("3500", world.network.book.airdrop)
    call = Call(answer["to"], bytes.fromhex(answer["data"][2:]))
    world.network.send(call, world.network.guardian_key)
    with pytest.raises(ChainError) as refused:
        world.network.client.call(call)
    assert refused.value.code == "chain.revert.carbon_airdrop_hours_paid"
    world.run(lambda: world.paid() == 3_800 and world.paid("birch") == 3_800)
    assert (world.balance(), world.balance("birch")) == (3_800, 3_800)
    assert {*rounds.paid(1), *rounds.paid(2)} == {a.node, b.node}
    assert Client(headers={"host": "127.0.0.1"}).get("/poce/v1/rounds/1/claims/0x00").status_code == 404


def test_round__two_of_four_or_a_wrong_signature__is_not_posted(world: Any) -> None:
    from emissions.poce.hexes import to_hex
    from emissions.poce.keys import address_of, new_key, sign
    from tokens.chain.airdrop import Airdrop
    from tokens.network import rounds
    from tokens.network.voting import round_vote_accept

    _enrolled(world)
    world.run(lambda: rounds.pending_round() is not None, vote=False)
    key = world.network.validator_keys[0]
    with pytest.raises(ProofError, match="signature"):
        round_vote_accept(number=1, signer=address_of(key), signature=to_hex(sign(new_key(), b"\x01" * 32)))
    world.vote(2)
    for _ in range(3):
        world.tick()
    assert Airdrop(world.network.contracts).round_count() == 0
    told = Client(headers={"host": "127.0.0.1"}).get("/poce/v1/rounds/1").json()
    assert len(told["votes"]) == 2
    data = Client(headers={"host": "127.0.0.1"}).get("/poce/v1/rounds/1/list").content
    assert AirdropList.from_bytes(data).data_hash == told["header"]["data_hash"]


def test_round__validator_set_changed_before_it_was_posted__is_sealed_anew_and_paid(world: Any) -> None:
    from tokens.chain.networks import TUNER_UNIT
    from tokens.network import rounds
    from tokens.network.models import SealedRound

    _enrolled(world)
    world.run(lambda: rounds.pending_round() is not None, vote=False)
    world.vote(2)
    world.network.send(world.network.contracts.request_unstake(1_000 * TUNER_UNIT), world.network.validator_keys[3])
    world.run_until_paid(3_800)
    assert [row.set_id for row in SealedRound.objects.all()] == [1, 2] or SealedRound.objects.count() == 2


def _post(world: Any, row: Any) -> None:
    """Posts a sealed round at once with every validator's vote."""
    from emissions.poce.airdrop import AirdropRound
    from emissions.poce.hexes import from_hex
    from emissions.poce.keys import address_of, sign
    from tokens.chain.airdrop import Airdrop

    votes = [(address_of(key), sign(key, from_hex(row.digest))) for key in world.network.validator_keys]
    call = Airdrop(world.network.contracts).post_round(AirdropRound.from_json(row.header), votes)
    world.network.send(call, world.network.guardian_key)


def _veto(world: Any) -> None:
    """The guardian vetoes round 1, a second of chain time after the last block however long the machine took."""
    from tokens.chain.airdrop import Airdrop

    world.network.client.call_rpc("evm_setNextBlockTimestamp", [world.network.client.block().timestamp + 1])
    world.network.send(Airdrop(world.network.contracts).veto(1), world.network.guardian_key)


def test_veto__of_a_round__waits_and_says_so_until_its_list_is_another_one(world: Any) -> None:
    from tokens import tasks
    from tokens.network import rounds
    from tokens.network.models import ChainTx, SealedRound
    from tokens.network.round_selectors import airdrop_rounds, round_standing
    from tokens.validator.chain_view import ChainView

    node = _enrolled(world)
    world.run(lambda: rounds.pending_round() is not None, vote=False)
    first = rounds.pending_round()
    _post(world, first)
    _veto(world)
    for _ in range(3):
        tasks.indexer_tick()
        tasks.sealer_tick()
    assert rounds.pending_round() is None, "the same list could never be posted: nobody is asked for it"
    assert "pending_round" not in Client(headers={"host": "127.0.0.1"}).get("/poce/v1/network").json()
    assert [(row.number, row.state) for row in airdrop_rounds()] == [(1, "vetoed")]
    assert "Vetoed in block" in round_standing(first)
    assert "another list" in round_standing(first)
    assert ChainView(world.network.contracts).is_vetoed(first.digest)

    world.report(node, {0: 900, 5: 500})
    world.run(lambda: rounds.pending_round() is not None, vote=False)
    second = rounds.pending_round()
    assert (second.number, second.set_id, second.digest != first.digest) == (1, first.set_id, True)
    assert [row.state for row in airdrop_rounds()] == ["voting"]
    assert not ChainView(world.network.contracts).is_vetoed(second.digest)
    world.run_until_paid(3_700)
    assert world.balance() == 3_700
    assert SealedRound.objects.count() == 2
    assert rounds.posted_round(1).row == second
    assert [row.state for row in airdrop_rounds()] == ["open"]
    assert "Posted in block" in round_standing(second)
    assert ChainTx.objects.get(kind="round").intent == f"round:1:{second.digest}"


def test_veto__reorganised_away__the_first_list_stands_and_is_paid(world: Any) -> None:
    from tokens import tasks
    from tokens.network import rounds

    _enrolled(world)
    world.run(lambda: rounds.pending_round() is not None, vote=False)
    first = rounds.pending_round()
    _post(world, first)
    _veto(world)
    tasks.indexer_tick()
    assert rounds.posted_round(1) is None
    world.network.anvil.reorg(1)
    world.network.client.call_rpc("anvil_dropAllTransactions", [])
    tasks.indexer_tick()
    assert rounds.posted_round(1).row == first
    world.run_until_paid(3_800)
