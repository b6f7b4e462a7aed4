"""The outbox on a real node: one effect an intent, whatever happens between writing it down and the block."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.chain


def _automine(world: Any, on: bool) -> None:
    world.network.client.call_rpc("evm_setAutomine", [on])


def test_intent__asked_for_twice__one_row(world: Any) -> None:
    from tokens.network import outbox

    first = outbox.intend("register:0x01", "register", payload={"node": "0x01"})
    assert outbox.intend("register:0x01", "register", payload={"node": "0x02"}).pk == first.pk
    outbox.fail(first, code="x", error="x")
    assert outbox.intend("register:0x01", "register").pk != first.pk


def test_relay__several_at_once__every_nonce_once(world: Any, at_once: Any) -> None:
    from tokens.network import registering, relay
    from tokens.network.models import ChainTx

    nodes = [world.node() for _ in range(6)]
    assert registering.register_nodes() == 6
    at_once(lambda _: relay.relay_once(), range(3))
    assert sorted(ChainTx.objects.values_list("nonce", flat=True)) == list(range(6))
    world.run(lambda: ChainTx.objects.filter(state="final").count() == 6)
    assert all(world.network.contracts.node(node.node) for node in nodes)


def test_relay__unmined_for_long__replaced_with_the_same_nonce_for_more(world: Any) -> None:
    from cloudtuner import clock
    from tokens.network import registering, relay
    from tokens.network.models import ChainTx, SignedAttempt

    _automine(world, False)
    world.node()
    registering.register_nodes()
    relay.relay_once()
    row = ChainTx.objects.get()
    first = row.attempts.get()
    ChainTx.objects.update(signed_at=clock.now() - timedelta(minutes=5))
    relay.relay_once()
    row.refresh_from_db()
    second = row.attempts.get(tx_hash=row.tx_hash)
    assert second.pk != first.pk
    assert second.max_fee_wei * 1000 >= first.max_fee_wei * 1125
    assert second.priority_fee_wei * 1000 >= first.priority_fee_wei * 1125
    world.network.mine(1)
    _automine(world, True)
    world.run(lambda: ChainTx.objects.get().state == "final")
    assert ChainTx.objects.get().tx_hash == second.tx_hash
    assert SignedAttempt.objects.get(pk=first.pk).replaced_at is not None


def test_relay__first_attempt_mined_after_replacement__counts(world: Any) -> None:
    from tokens.network import registering, relay, signing
    from tokens.network.models import ChainTx

    world.node()
    registering.register_nodes()
    relay.relay_once()
    row = ChainTx.objects.get()
    mined = row.tx_hash
    assert signing.replace(row)
    world.run(lambda: ChainTx.objects.get().state == "final")
    assert ChainTx.objects.get().tx_hash == mined


def test_relay__key_used_elsewhere__intent_gets_a_new_nonce(world: Any) -> None:
    from tokens.chain.client import Call
    from tokens.network import registering, relay, signing
    from tokens.network.models import ChainTx

    world.node()
    registering.register_nodes()
    assert signing.sign_drafts() == 1
    assert ChainTx.objects.get().nonce == 0
    world.network.send(Call(world.network.wallet, b""), world.network.relayer_key)
    relay.relay_once()
    assert ChainTx.objects.get().state == "draft"
    world.run(lambda: ChainTx.objects.get().state == "final")
    assert ChainTx.objects.get().nonce == 1


def test_relay__nonce_that_nobody_holds__filled(world: Any) -> None:
    from tokens.network import registering, relay, signing
    from tokens.network.models import ChainTx

    world.node()
    world.node()
    registering.register_nodes()
    assert signing.sign_drafts() == 2
    ChainTx.objects.get(nonce=0).delete()
    relay.relay_once()
    world.run(lambda: ChainTx.objects.filter(state="final").count() == 3)
    assert ChainTx.objects.get(nonce=0).kind == "gap"
    assert {row.kind for row in ChainTx.objects.filter(nonce__gt=0)} == {"register"}


def test_relay__contract_refuses__error_decoded_and_tried_again_later(world: Any) -> None:
    from tokens.network import outbox, relay
    from tokens.network.models import ChainTx

    call = world.network.contracts.retire(5, world.network.wallet, 1, 2, "0x" + "ab" * 32)
    outbox.intend("odd:1", "odd", call)
    relay.relay_once()
    row = ChainTx.objects.get()
    assert (row.state, row.tries) == ("draft", 1)
    assert row.error_code.startswith("chain.revert.")
    relay.relay_once()
    row.refresh_from_db()
    assert row.tries == 1, "not before its time"


def test_relay__reverts_on_chain__failed_with_decoded_error_once_final(world: Any) -> None:
    """Two claims of the same thing are signed before either is mined: the second one reverts in its block."""
    from tokens.network import relay, signing
    from tokens.network.models import ChainTx

    node = world.node()
    from tokens.network import outbox

    registering_call = {
        "node": node.node,
        "provider": node.provider,
        "key": node.key,
        "wallet": node.wallet,
        "first_hour": node.first_hour,
    }
    outbox.intend("register:first", "register", payload=registering_call)
    outbox.intend("register:second", "register", payload=registering_call)
    assert signing.sign_drafts() == 2
    relay.relay_once()
    # The service writes an intent of its own for the node, which comes to nothing sooner or later: it is not asked about.
    both = ChainTx.objects.filter(intent__in=("register:first", "register:second"))
    world.run(lambda: both.filter(state__in=("final", "failed")).count() == 2)
    failed = both.get(state="failed")
    assert failed.intent == "register:second"
    assert failed.error_code.startswith("chain.revert.node_registry")
    assert failed.nonce == 1


def test_relay__wrong_chain__nothing_signed(world: Any, settings: Any, tmp_path: Any) -> None:
    import json
    from pathlib import Path

    from cloudtuner.errors import ChainError
    from tokens.network import registering, relay
    from tokens.network.models import ChainTx

    world.node()
    registering.register_nodes()
    told = json.loads(Path(settings.ADDRESS_BOOK).read_text()) | {"chain_id": 31338}
    (tmp_path / "wrong.json").write_text(json.dumps(told))
    settings.ADDRESS_BOOK = str(tmp_path / "wrong.json")
    with pytest.raises(ChainError) as caught:
        relay.relay_once()
    assert caught.value.code == "chain.wrong_chain"
    assert ChainTx.objects.get().state == "draft"
