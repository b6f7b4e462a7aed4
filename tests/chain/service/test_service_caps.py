"""A node above the cap of its hours stays out of rounds and epochs, and one that is refused or held keeps nobody else waiting."""

from __future__ import annotations

from typing import Any

import pytest

from emissions.poce.epoch import EpochHeader
from emissions.poce.hexes import from_hex
from emissions.poce.keys import address_of, sign
from tests.chain.service.conftest import FIRST_HOUR, MONTH
from tokens.chain.contracts import call_to

pytestmark = pytest.mark.chain

ENROLLED = FIRST_HOUR + MONTH
# The cap of an hour is 10^13 µg at deployment.
TOO_MUCH = MONTH * 10**13 + 1


def _registered(world: Any, *, first_hour: int) -> tuple[Any, Any]:
    from tokens.network.sealing import registered_nodes

    honest, wrong = world.node(first_hour=first_hour), world.node("birch", first_hour=first_hour)
    world.run(lambda: registered_nodes().keys() >= {honest.node, wrong.node}, vote=False)
    return honest, wrong


def _nodes(world: Any) -> tuple[Any, Any]:
    """One node with a true month before its first, and one whose month holds more than the contract pays for it."""
    honest, wrong = _registered(world, first_hour=ENROLLED)
    world.report(honest, {0: 1_000})
    world.report(wrong, {0: TOO_MUCH}, slug="birch")
    return honest, wrong


def _history(world: Any, slug: str) -> Any:
    from tokens.selectors import history

    with world.inside(slug):
        (row,) = history().rows
        return row


def test_sealing__node_above_the_cap__is_left_out_told_and_paid_once_corrected(world: Any) -> None:
    from tokens.network import rounds
    from tokens.network.models import HeldNode

    honest, wrong = _nodes(world)
    world.run_until_paid(1_000)
    assert [posted.row.header["leaf_count"] for posted in rounds.posted_rounds()] == [1]
    held = HeldNode.objects.get()
    assert (held.node, held.track) == (wrong.node, "round")
    assert f"{TOO_MUCH} µg" in held.reason
    row = _history(world, "birch")
    assert (row.state, row.reason, row.paid_ug) == ("left out of rounds", held.reason, 0)
    assert _history(world, "aravali").reason == ""
    world.report(wrong, {0: TOO_MUCH - 1}, slug="birch")
    world.run_until_paid(TOO_MUCH - 1, "birch")
    assert not HeldNode.objects.exists()
    assert (_history(world, "birch").state, set(rounds.paid(2))) == ("paid", {wrong.node})
    assert rounds.paid(1).keys() == {honest.node}


def test_push__one_leaf_is_refused__others_are_paid_and_it_says_why(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed by one who does not look at the cap; first with the guard of the push off: nobody is paid at all."""
    from tokens.network import fitting, round_paying
    from tokens.network.models import ChainTx

    monkeypatch.setattr(fitting, "fit_round", lambda states, _named: states)
    honest, wrong = _nodes(world)
    with monkeypatch.context() as guard_off:
        guard_off.setattr(round_paying, "set_apart", lambda _row, _error: False)
        world.run(lambda: ChainTx.objects.filter(kind="airdrop", tries__gte=2).exists())
        for _ in range(3):
            world.tick()
        assert (world.paid(), world.balance()) == (0, 0)
    ChainTx.objects.update(retry_at=None)
    world.run_until_paid(1_000)
    alone = ChainTx.objects.get(kind="airdrop", payload__nodes=[wrong.node])
    assert (alone.state, alone.error_code) == ("draft", "chain.revert.carbon_airdrop_leaf_over_cap")
    assert ChainTx.objects.get(kind="airdrop", state="final").payload["nodes"] == [honest.node]
    row = _history(world, "birch")
    assert (row.state, row.paid_ug, row.reason) == ("refused", 0, alone.error)
    assert round_paying.push_rounds() == 0, "what is refused is not asked for a second time beside itself"


def test_epoch__sealed_without_a_look_at_the_cap__costs_its_signers_a_fifth(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the guard is for: everything is true, and who signed it is slashed by whoever says so."""
    from tokens.chain import duties
    from tokens.network import fitting, reading

    monkeypatch.setattr(fitting, "fit_epoch", lambda states, _previous: states)
    _, wrong = _registered(world, first_hour=FIRST_HOUR)
    world.report(wrong, {0: TOO_MUCH}, slug="birch")
    world.run(lambda: reading.pending() is not None, vote=False)
    epoch = reading.pending()
    votes = [(address_of(key), sign(key, from_hex(epoch.digest))) for key in world.network.validator_keys]
    world.network.send(world.network.contracts.report(EpochHeader.from_json(epoch.header), votes))
    bundle = reading.bundle_of(epoch)
    leaf = bundle.entry(wrong.node).leaf
    signer = address_of(world.network.validator_keys[0])
    before = world.network.contracts.stake_behind(signer)
    call = duties.challenge_over_cap(world.network.contracts, 1, leaf, bundle.proof(wrong.node))
    world.network.client.call_rpc("evm_setNextBlockTimestamp", [world.network.client.block().timestamp + 1])
    world.network.send(call, world.network.guardian_key)
    assert world.network.contracts.stake_behind(signer) == before - before // 5


def test_epoch__node_above_the_cap__stays_as_it_was_attested_while_others_go_on(world: Any) -> None:
    from tokens.network import reading
    from tokens.network.models import HeldNode
    from tokens.selectors import claims

    honest, wrong = _registered(world, first_hour=FIRST_HOUR)
    world.report(wrong, {0: 500}, slug="birch")
    world.report(honest, {0: TOO_MUCH - 1})
    world.run(lambda: world.paid() == TOO_MUCH - 1 and world.paid("birch") == 500)
    world.report(wrong, {0: TOO_MUCH}, slug="birch")
    world.report(honest, {0: 200}, month=1)
    world.run_until_paid(TOO_MUCH - 1 + 200)
    held = HeldNode.objects.get()
    assert (held.node, held.track) == (wrong.node, "epoch")
    assert f"above the {TOO_MUCH - 1} µg" in held.reason
    assert reading.newest_posted().bundle.entry(wrong.node).leaf.cum_ug == 500
    with world.inside("birch"):
        assert [(row.state, row.reason, row.claimed_ug) for row in claims()] == [("left out of epochs", held.reason, 500)]
    world.report(wrong, {0: 700}, slug="birch")
    world.run_until_paid(700, "birch")
    assert not HeldNode.objects.exists()
    with world.inside("birch"):
        assert [(row.state, row.reason) for row in claims()] == [("paid", "")]


def test_epoch__more_than_one_may_add__the_longest_waiting_first_and_the_rest_next(world: Any) -> None:
    """Sealed whole, it could never be posted, and nobody would be paid."""
    from tokens.network import reading

    call = call_to(world.network.book.node_registry, "setEpochCap(uint128)", 1_000)
    world.network.send(call, world.network.deployer_key)
    later, sooner = _registered(world, first_hour=FIRST_HOUR)
    world.report(later, {0: 600}, month=1)
    world.report(sooner, {0: 700}, slug="birch")
    world.run(lambda: reading.pending() is not None, vote=False)
    (entry,) = reading.bundle_of(reading.pending()).leaves
    assert (entry.leaf.node, entry.leaf.cum_ug) == (sooner.node, 700)
    world.run(lambda: world.paid() == 600 and world.paid("birch") == 700)
    assert world.network.contracts.head_epoch() == 2


def test_claim__one_node_is_held__the_other_is_paid_and_it_too_once_released(world: Any) -> None:
    """The contract skips a held leaf: claimed along with the other, its kilograms would wait for the next epoch."""
    from tokens.chain import duties
    from tokens.network import reading
    from tokens.network.models import ChainTx
    from tokens.network.sealing import registered_nodes

    held, free = world.node(), world.node()
    world.run(lambda: registered_nodes().keys() >= {held.node, free.node}, vote=False)
    hold = duties.hold_node(world.network.contracts, held.node, 14 * 24 * 3600, "0x" + "01" * 32)
    world.network.send(hold, world.network.guardian_key)
    world.report(held, {0: 300})
    world.report(free, {0: 500})
    world.run_until_paid(500)
    assert reading.held_nodes() == {held.node}
    assert list(ChainTx.objects.get(kind="claim").payload["cum_ug"]) == [free.node]
    world.network.send(duties.release_node(world.network.contracts, held.node), world.network.guardian_key)
    world.run_until_paid(800)
    assert world.balance() == 800
    assert world.network.contracts.head_epoch() == 1
