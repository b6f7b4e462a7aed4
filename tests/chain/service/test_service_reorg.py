"""Blocks that go: before and after finality, after a claim and after a retirement. Always on a freshly started chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.chain.service.conftest import FIRST_HOUR, MONTH

pytestmark = [pytest.mark.chain, pytest.mark.chaos]


def _row(intent: str) -> Any:
    from tokens.network.models import ChainTx

    return ChainTx.objects.get(intent__startswith=intent)


def _tick_until(world: Any, intent: str, state: str) -> Any:
    """Ticks without mining until a row is in a state."""
    from tokens.network.models import ChainTx

    for _ in range(30):
        row = ChainTx.objects.filter(intent__startswith=intent).first()
        if row is not None and row.state == state:
            return row
        world.tick()
        world.vote()
        if state == "final" or row is None:
            world.network.mine(1)
    raise AssertionError(f"{intent} never was {state}")


def test_reorg__claim_one_block_before_final__paid_once(world: Any) -> None:
    node = world.node()
    world.report(node, {0: 4_000})
    claim = _tick_until(world, "claim:", "mined")
    depth = world.network.client.block_number() - claim.block_number + 1
    assert depth <= 2, "not final yet"
    world.network.anvil.reorg(depth)
    world.tick()
    assert _row("claim:").state in ("reorged", "sent", "mined")
    world.run_until_paid(4_000)
    again = _row("claim:")
    assert again.state == "final"
    assert again.pk == claim.pk
    assert again.block_hash != claim.block_hash
    assert world.balance() == 4_000
    assert world.network.contracts.minted_ug() == 4_000


def test_reorg__claim_three_blocks_after_final__lot_vanishes_and_comes_back(world: Any) -> None:
    from tokens.models import Lot
    from tokens.selectors import chain_status

    node = world.node()
    world.report(node, {0: 4_000})
    world.run_until_paid(4_000)
    claim = _row("claim:")
    depth = world.network.client.block_number() - claim.block_number + 1
    assert depth >= 3
    with world.inside():
        before = Lot.objects.get()
    world.network.anvil.reorg(depth)
    world.tick()
    assert world.balance() == 0
    assert world.paid() == 0
    assert chain_status().last_reorg_depth == depth
    world.run_until_paid(4_000)
    assert world.balance() == 4_000
    with world.inside():
        after = Lot.objects.get()
    assert after.pk == before.pk
    assert after.block_hash != before.block_hash
    assert _row("claim:").pk == claim.pk


def test_reorg__retirement_one_block_before_final__mined_once(world: Any) -> None:
    node = world.node()
    world.report(node, {0: 4_000})
    world.run_until_paid(4_000)
    retired = world.retire(1_000)
    burn = _tick_until(world, "retire:", "mined")
    assert world.state(retired) == "mined"
    depth = world.network.client.block_number() - burn.block_number + 1
    assert depth <= 2, "not final yet"
    world.network.anvil.reorg(depth)
    world.tick()
    assert world.state(retired) != "final"
    world.run_until_final(retired)
    assert world.balance() == 3_000
    assert world.network.contracts.retired_ug() == 1_000
    assert world.network.contracts.retirement_count() == 1


def test_reorg__retirement_three_blocks_after_final__marked_for_revocation_and_final_again(world: Any) -> None:
    from tokens.models import Retirement
    from tokens.selectors import (
        retirement,
        retirements_certified_but_reorged,
        retirements_final_without_certificate,
        tie_out,
    )
    from tokens.services import retirement_mark_certified

    node = world.node()
    world.report(node, {0: 4_000})
    world.run_until_paid(4_000)
    retired = world.retire(1_000)
    world.run_until_final(retired)
    with world.inside():
        (waiting,) = retirements_final_without_certificate()
        retirement_mark_certified(retirement_id=waiting.pk, block_hash=waiting.final_block_hash)
        assert not retirements_final_without_certificate().exists()
        first = Retirement.objects.get()
    world.network.mine(2)
    world.tick()
    depth = world.network.client.block_number() - first.block_number + 1
    world.network.anvil.reorg(depth)
    world.tick()
    with world.inside():
        lost = Retirement.objects.get()
        assert lost.state in ("reorged", "sent")
        assert lost.reorgs == 1
        assert [found.pk for found in retirements_certified_but_reorged()] == [retired.pk]
        assert not retirements_final_without_certificate().exists()
    world.run_until_final(retired)
    with world.inside():
        again = Retirement.objects.get()
        assert again.final_block_hash not in ("", first.final_block_hash)
        assert again.claim_hash == first.claim_hash
        assert [found.pk for found in retirements_final_without_certificate()] == [retired.pk]
        states = [step.state for step in retirement(retired.pk).timeline]
        assert states.count("reorged") == 1
        assert states[-1] == "final"
        assert tie_out().ties_out
    assert world.network.contracts.retired_ug() == 1_000
    assert world.network.contracts.retirement_count() == 1
    assert world.balance() == 3_000


def test_reorg__everything_since_registration__same_intents_once_more(world: Any) -> None:
    from tokens.network.models import ChainTx

    node = world.node()
    world.report(node, {0: 4_000})
    world.run_until_paid(4_000)
    retired = world.retire(1_000)
    world.run_until_final(retired)
    before = {row.intent: row.pk for row in ChainTx.objects.all()}
    start = min(row.block_number for row in ChainTx.objects.all())
    world.network.anvil.reorg(world.network.client.block_number() - start + 1)
    world.tick()
    world.run_until_final(retired)
    world.run_until_paid(4_000)
    assert {row.intent: row.pk for row in ChainTx.objects.exclude(state="failed")} == before
    assert world.network.contracts.minted_ug() == 4_000
    assert world.network.contracts.retired_ug() == 1_000


def test_reorg__airdrop_push_one_block_before_final__paid_once(world: Any) -> None:
    from tokens.chain.airdrop import Airdrop

    world.report(world.node(first_hour=FIRST_HOUR + MONTH), {0: 4_000})
    push = _tick_until(world, "airdrop:", "mined")
    depth = world.network.client.block_number() - push.block_number + 1
    assert depth <= 2, "not final yet"
    world.network.anvil.reorg(depth)
    world.tick()
    assert _row("airdrop:").state in ("reorged", "sent", "mined")
    world.run_until_paid(4_000)
    again = _row("airdrop:")
    assert (again.pk, again.state, again.block_hash != push.block_hash) == (push.pk, "final", True)
    assert world.balance() == Airdrop(world.network.contracts).round(1).paid_ug == 4_000


def test_reorg__whole_airdrop_after_it_was_final__round_payment_and_lot_come_again_once(world: Any) -> None:
    """The blocks go back to before the round was posted: its events, what follows from them and the lot go with them."""
    from tokens import tasks
    from tokens.chain.airdrop import Airdrop
    from tokens.models import Lot
    from tokens.network import rounds
    from tokens.selectors import history, tie_out

    node = world.node(first_hour=FIRST_HOUR + MONTH)
    world.report(node, {0: 4_000})
    world.run_until_paid(4_000)
    posting, push = _row("round:"), _row("airdrop:")
    sealed = rounds.posted_round(1).row
    with world.inside():
        before = Lot.objects.get()
    world.network.anvil.reorg(world.network.client.block_number() - posting.block_number + 1)
    world.network.client.call_rpc("anvil_dropAllTransactions", [])
    tasks.indexer_tick()
    assert (rounds.head_round(), rounds.paid(1), world.paid(), world.balance()) == (0, {}, 0, 0)
    assert rounds.pending_round() == sealed, "the votes of before count for the same list"
    with world.inside():
        assert not Lot.objects.get().on_chain
        assert [row.state for row in history().rows] == ["waiting for validators"]
        assert tie_out().ties_out
    world.run_until_paid(4_000)
    assert (_row("round:").pk, _row("airdrop:").pk) == (posting.pk, push.pk)
    assert (rounds.posted_round(1).row, set(rounds.paid(1))) == (sealed, {node.node})
    assert world.balance() == Airdrop(world.network.contracts).round(1).paid_ug == 4_000
    with world.inside():
        after = Lot.objects.get()
        assert (after.pk, after.round, after.ug, after.on_chain) == (before.pk, 1, 4_000, True)
        assert after.block_hash != before.block_hash
        assert tie_out().ties_out


def test_chain__shorter_than_what_was_read__is_a_reorganisation(world: Any) -> None:
    from tokens.network import indexer, reading

    snapshot = world.network.client.call_rpc("evm_snapshot")
    height = world.network.client.block_number()
    world.network.mine(5)
    indexer.index_once()
    assert reading.head() == height + 5
    world.network.client.call_rpc("evm_revert", [snapshot])
    indexer.index_once()
    assert reading.head() == height


def test_chain__other_genesis__stops_and_says_what_to_do(world: Any, settings: Any, tmp_path: Path) -> None:
    from tokens.network import indexer
    from tokens.network.models import ChainEvent
    from tokens.selectors import chain_status

    indexer.index_once()
    count = ChainEvent.objects.count()
    told = json.loads(Path(settings.ADDRESS_BOOK).read_text())
    told["genesis_hash"] = "0x" + "11" * 32
    other = tmp_path / "other.json"
    other.write_text(json.dumps(told))
    settings.ADDRESS_BOOK = str(other)
    world.network.mine(3)
    assert indexer.index_once() is False
    assert "first block" in chain_status().stopped_reason
    assert ChainEvent.objects.count() == count


def test_chain__unreachable__noted_since_when_and_goes_on(world: Any, settings: Any) -> None:
    from tokens.network import indexer
    from tokens.selectors import chain_status

    indexer.index_once()
    url = settings.RPC_URL
    settings.RPC_URL = "http://127.0.0.1:9"
    indexer.index_once()
    since = chain_status().unreachable_since
    assert since is not None
    indexer.index_once()
    assert chain_status().unreachable_since == since
    settings.RPC_URL = url
    indexer.index_once()
    assert chain_status().unreachable_since is None


def _retire_args(row: Any) -> tuple[str, str, int]:
    """Claim hash, nonce and deadline as they stand in the calldata of a retirement."""
    words = [row.data[10 + 64 * place :][:64] for place in range(8)]
    return "0x" + words[5], words[6], int(words[7], 16)


def test_reorg__retirement_a_day_after_it_was_signed__signed_again_same_nonce_and_claim(world: Any) -> None:
    from tokens import tasks
    from tokens.models import Lot, Retirement
    from tokens.network.models import ChainTx

    world.report(world.node(), {0: 4_000})
    world.run_until_paid(4_000)
    retired = world.retire(1_500)
    world.run_until_final(retired)
    before = _row("retire:")
    claim_hash, nonce, deadline = _retire_args(before)
    world.network.anvil.reorg(world.network.client.block_number() - before.block_number + 1)
    world.network.client.call_rpc("anvil_dropAllTransactions", [])
    world.network.client.call_rpc("evm_setNextBlockTimestamp", [deadline + 3600])
    world.network.mine(1)
    tasks.indexer_tick()
    assert (world.network.client.block().timestamp > deadline, _row("retire:").state) == (True, "reorged")
    world.run_until_final(retired)
    after = _row("retire:")
    assert (after.pk, after.state, after.nonce) == (before.pk, "final", before.nonce)
    assert _retire_args(after)[:2] == (claim_hash, nonce)
    assert _retire_args(after)[2] > deadline
    assert ChainTx.objects.filter(kind="retire").count() == 1
    assert world.balance() == 2_500
    with world.inside():
        assert Retirement.objects.get().claim_hash == claim_hash
        assert Lot.objects.get().allocated_ug == 1_500


def test_retirement__mined_after_its_deadline__signed_again_and_not_failed(world: Any) -> None:
    """The bytes left in time and were mined too late: the contract refused them, so the same retirement is signed anew."""
    from tokens import tasks
    from tokens.network.models import ChainTx

    world.report(world.node(), {0: 4_000})
    world.run_until_paid(4_000)
    retired = world.retire(1_500)
    world.network.client.call_rpc("evm_setAutomine", [False])
    tasks.relay_tick()
    row = _row("retire:")
    assert row.state == "sent"
    claim_hash, nonce, deadline = _retire_args(row)
    world.network.client.call_rpc("evm_setNextBlockTimestamp", [deadline + 3600])
    world.network.mine(1)
    world.network.client.call_rpc("evm_setAutomine", [True])
    receipt = world.network.client.receipt(row.tx_hash)
    assert receipt is not None
    assert not receipt.succeeded
    world.run_until_final(retired)
    after = ChainTx.objects.get(kind="retire")
    assert (after.pk, after.state) == (row.pk, "final")
    assert _retire_args(after)[:2] == (claim_hash, nonce)
    assert world.balance() == 2_500
