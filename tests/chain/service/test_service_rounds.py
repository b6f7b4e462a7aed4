"""The validator set changes, or the guardian vetoes, while an epoch waits: its number is sealed anew and gets paid."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cloudtuner.errors import ProofError
from emissions.poce.epoch import EpochHeader
from emissions.poce.hexes import from_hex, to_hex
from emissions.poce.keys import address_of, sign
from tokens.chain.networks import TUNER_UNIT

pytestmark = pytest.mark.chain


def _sealed(world: Any) -> Any:
    from tokens.network import reading

    world.report(world.node(), {0: 900})
    world.run(lambda: reading.newest_sealed() is not None, vote=False)
    return reading.newest_sealed()


def _change_set(world: Any) -> None:
    world.network.send(world.network.contracts.request_unstake(1_000 * TUNER_UNIT), world.network.validator_keys[3])


def _post(world: Any, epoch: Any) -> None:
    """Posts a round at once, as a validator would."""
    votes = [(address_of(key), sign(key, from_hex(epoch.digest))) for key in world.network.validator_keys]
    world.network.send(world.network.contracts.report(EpochHeader.from_json(epoch.header), votes), world.network.guardian_key)


def _veto(world: Any) -> None:
    """The guardian vetoes epoch 1, a second of chain time after the last block however long the machine took."""
    world.network.client.call_rpc("evm_setNextBlockTimestamp", [world.network.client.block().timestamp + 1])
    world.network.send(world.network.contracts.veto(1), world.network.guardian_key)


def _pending() -> int | None:
    answer = Client(headers={"host": "127.0.0.1"}).get("/poce/v1/network").json()
    return answer.get("pending_epoch")


def test_set_change__votes_pending__same_number_sealed_anew_old_votes_stay(world: Any) -> None:
    from tokens import tasks
    from tokens.network import reading
    from tokens.network.models import ChainTx, Epoch
    from tokens.network.voting import vote_accept
    from tokens.selectors import epochs

    first = _sealed(world)
    world.vote(2)
    _change_set(world)
    tasks.indexer_tick()
    assert _pending() is None, "nobody is asked to sign for a set that is gone"
    tasks.sealer_tick()
    again = reading.newest_sealed()
    assert (again.number, again.set_id) == (first.number, first.set_id + 1)
    assert (again.digest != first.digest, again.votes.count(), first.votes.count()) == (True, 0, 2)
    assert _pending() == 1
    key = world.network.validator_keys[2]
    with pytest.raises(ProofError, match="signature"):
        vote_accept(number=1, signer=address_of(key), signature=to_hex(sign(key, from_hex(first.digest))))
    tasks.sealer_tick()
    assert Epoch.objects.count() == 2
    world.run_until_paid(900)
    assert [(row.number, row.set_id, row.state, row.votes) for row in epochs()] == [(1, again.set_id, "final", 4)]
    assert ChainTx.objects.get(kind="report").intent == f"report:1:{again.set_id}"
    assert first.votes.count() == 2


def test_set_change__post_refused_before_it_was_sent__given_up_and_posted_for_the_new_set(world: Any) -> None:
    """The intent of the old round must not wait for ever, nor stand in the way of the new one."""
    from tokens import tasks
    from tokens.network import voting
    from tokens.network.models import ChainTx

    first = _sealed(world)
    world.vote()
    assert voting.post_epochs() is not None
    _change_set(world)
    tasks.indexer_tick()
    world.run_until_paid(900)
    states = {row.intent: (row.state, row.error_code) for row in ChainTx.objects.filter(kind="report")}
    assert states == {
        f"report:1:{first.set_id}": ("failed", "outbox.moot"),
        f"report:1:{first.set_id + 1}": ("final", ""),
    }


def test_veto__inside_window__same_number_is_agreed_again_and_paid_once(world: Any) -> None:
    from tokens import tasks
    from tokens.network import reading
    from tokens.selectors import epochs

    first = _sealed(world)
    _post(world, first)
    _veto(world)
    tasks.indexer_tick()
    assert (reading.head_epoch(), [row.state for row in epochs()]) == (0, ["rejected"])
    tasks.sealer_tick()
    again = reading.newest_sealed()
    assert (again.number, again.set_id > first.set_id) == (1, True)
    assert [row.state for row in epochs()] == ["voting"]
    world.run_until_paid(900)
    assert [(row.number, row.state, row.set_id) for row in epochs()] == [(1, "final", again.set_id)]
    assert world.balance() == 900


def test_veto__epoch_under_a_sealed_one__both_follow_again_in_order(world: Any) -> None:
    from tokens import tasks
    from tokens.network import reading
    from tokens.network.models import Epoch

    node = world.node()
    world.report(node, {0: 900})
    world.run(lambda: reading.newest_sealed() is not None, vote=False)
    first = reading.newest_sealed()
    _post(world, first)
    tasks.indexer_tick()
    world.report(node, {0: 100}, month=1)
    tasks.sealer_tick()
    assert reading.newest_sealed().number == 2
    _veto(world)
    world.run_until_paid(1_000)
    assert world.balance() == 1_000
    assert world.network.contracts.head_epoch() == 1, "both months fit the one that was sealed anew"
    assert Epoch.objects.filter(number=1).count() == 2


def test_set_change__reorganised_away__votes_of_the_first_round_count_again(world: Any) -> None:
    from tokens import tasks
    from tokens.network import reading

    first = _sealed(world)
    world.vote(2)
    _change_set(world)
    changed = world.network.client.block_number()
    world.tick()
    assert reading.newest_sealed().set_id == first.set_id + 1
    world.network.anvil.reorg(world.network.client.block_number() - changed + 1)
    tasks.indexer_tick()
    assert reading.newest_sealed() == first
    assert (_pending(), first.votes.count()) == (1, 2)
    world.run_until_paid(900)
    assert reading.sealed(1) == first
