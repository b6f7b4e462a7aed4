"""What is read of many epochs, claims and transfers: a page, a sum, what differs; never all of them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cloudtuner import clock
from cloudtuner.tenancy import tenant_context
from emissions.register.models import NodeBinding
from tokens import tasks
from tokens.chain.book import AddressBook
from tokens.models import Lot
from tokens.network import paying, registering, relay, round_paying, voting
from tokens.network.models import Block, ChainEvent, ChainTx, Epoch
from tokens.network.selectors import EPOCHS_A_PAGE, epoch, epoch_count, epochs
from tokens.network.settling import settle_once
from tokens.selectors.kilograms import ZERO_ADDRESS, holdings
from tokens.services.pulling import pull

pytestmark = pytest.mark.django_db

ROOT = "0x" + "0c" * 32
NODE = "0x" + "0a" * 32
WALLET, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
UNITS = 10**9


def _block(number: int, *, mark: str = "") -> Block:
    return Block.objects.create(
        chain_id=31337, number=number, block_hash=f"0x{mark}{number}", parent_hash=f"0x{number - 1}", timestamp=1000 + number
    )


def _event(block: Block, name: str, *, contract: str = "poce", key: str = "", account: str = "", **args: str) -> ChainEvent:
    return ChainEvent.objects.create(
        block=block,
        log_index=block.events.count(),
        tx_hash="0x77",
        contract=contract,
        name=name,
        key=key,
        account=account,
        args=args,
    )


def _seal(numbers: range) -> None:
    """Sealed epochs; all but the newest stand on chain, each with two claims of 3 and 4 µg against it."""
    for number in numbers:
        header = {
            "root": ROOT, "through_hour": number, "total_ug": "7", "ceiling_ug": "9", "total_tuner": "0", "leaf_count": 2,
            "data_hash": ROOT, "factor_set": ROOT, "set_id": 4,
        }  # fmt: skip
        Epoch.objects.create(chain_id=31337, number=number, header=header, digest=ROOT, bundle=b"", sealed_at=clock.now())
        if number != numbers[-1]:
            block = _block(number * 10)
            _event(block, "EpochReported", key=str(number), epoch=str(number), root=ROOT, signers=[], set_id="4")
            for ug in ("3", "4"):
                _event(block, "Claimed", key=NODE, account=WALLET, epoch=str(number), ug=ug)


def _claim(block: Block, *, ug: str, cum_ug: str) -> None:
    _event(block, "Claimed", key=NODE, account=WALLET, epoch="1", ug=ug, cum_ug=cum_ug, tuner="5", wallet=WALLET)


def test_epochs__many__are_told_by_pages_in_as_many_queries_as_a_few(book: AddressBook) -> None:
    _seal(range(1, 4))
    _block(29)
    with CaptureQueriesContext(connection) as few:
        assert [(row.number, row.claimed_ug, row.state) for row in epochs()] == [
            (3, 0, "voting"), (2, 7, "final"), (1, 7, "final"),
        ]  # fmt: skip
    _seal(range(4, EPOCHS_A_PAGE + 6))
    with CaptureQueriesContext(connection) as many:
        page = epochs()
    assert len(many) == len(few)
    assert [row.number for row in page] == list(range(EPOCHS_A_PAGE + 5, 5, -1))
    assert [row.number for row in epochs(before=6)] == [5, 4, 3, 2, 1]
    assert (epoch_count(), epoch(2).claimed_ug, epoch(2).state) == (EPOCHS_A_PAGE + 5, 7, "final")
    with CaptureQueriesContext(connection) as one:
        epoch(7)
    assert len(one) <= len(few)


def test_network_page__more_epochs_than_a_page__leads_to_the_earlier_ones(book: AddressBook, public_client: Client) -> None:
    _seal(range(1, EPOCHS_A_PAGE + 3))
    first = public_client.get("/network/").content.decode()
    assert first.count('href="/network/epochs/') == EPOCHS_A_PAGE
    (earlier,) = re.findall(r'href="(/network/\?before=\d+)"', first)
    second = public_client.get(earlier).content.decode()
    assert re.findall(r'href="/network/epochs/(\d+)/?"', second) == ["2", "1"]
    assert "Newest epochs" in second
    assert public_client.get("/network/?before=" + "9" * 5000).status_code == 200


def test_holdings__transfers_of_all_kinds__are_summed_by_the_database(book: AddressBook, django_assert_num_queries: Any) -> None:
    block = _block(1)
    for sender, receiver, ug, contract in (
        (ZERO_ADDRESS, WALLET, 100, "ct02"),  # minted
        (WALLET, ZERO_ADDRESS, 30, "ct02"),  # retired
        (WALLET, OTHER, 20, "ct02"),  # sent away
        (OTHER, WALLET, 5, "ct02"),  # came back
        (WALLET, WALLET, 8, "ct02"),  # nowhere
        (OTHER, ZERO_ADDRESS, 9, "ct02"),  # somebody else's
        (WALLET, OTHER, 1, "tuner"),  # another token
    ):
        amount = str(ug * UNITS)
        _event(block, "TokenTransfer", contract=contract, account=receiver, sender=sender, receiver=receiver, amount=amount)
    _block(3)
    assert holdings({WALLET}) == (100 - 30 - 20 + 5, 20 - 5)
    assert holdings({WALLET, OTHER}) == (100 - 30 - 9, 0)
    assert holdings(set()) == (0, 0)


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("name = 'TokenTransfer' AND (args ->> 'sender') IN ('0x1')", "event_transfer_sender"),
        ("name = 'Claimed' AND (args ->> 'epoch') IN ('1')", "event_claim_epoch"),
        ("name = 'AirdropPaid' AND (args ->> 'round') IN ('1')", "event_paid_round"),
    ],
)
def test_events__asked_by_what_is_in_their_args__have_an_index(book: AddressBook, where: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT 1 FROM public.tokens_network_chainevent WHERE " + where)
        assert index in str(cursor.fetchall())


@pytest.fixture
def node(two_organizations: Any, book: AddressBook) -> str:
    """The schema of an organisation with one node."""
    tenant, _ = two_organizations
    NodeBinding.objects.create(
        node=NODE, organization=tenant.organization.uuid, provider="aws", first_hour=0, key="0x1", wallet=WALLET
    )
    return tenant.schema


def test_pull__nothing_new__reads_no_lot_and_no_payment(node: str) -> None:
    for number in range(1, 6):
        _claim(_block(number), ug="10", cum_ug=str(number * 10))
    _event(_block(6), "AirdropPaid", contract="airdrop", key=NODE, account=WALLET, round="1", ug="6", wallet=WALLET)
    _claim(_block(7), ug="0", cum_ug="50")
    _block(9)
    with tenant_context(node):
        assert pull() == 6
        assert list(Lot.objects.values_list("round", "from_ug", "ug")) == [
            (None, 0, 10), (None, 10, 10), (None, 20, 10), (None, 30, 10), (None, 40, 10), (1, 0, 6),
        ]  # fmt: skip
        with CaptureQueriesContext(connection) as quiet:
            assert pull() == 0
        touched = [query["sql"] for query in quiet if "tokens_lot" in query["sql"]]
        assert len(touched) == 2, "one question for payments without a lot, one for lots without a payment"
        assert all("EXISTS" in sql for sql in touched)


def test_pull__block_went_and_came_back_elsewhere__the_lot_goes_and_comes_with_it(node: str) -> None:
    gone = _block(1)
    _claim(gone, ug="10", cum_ug="10")
    _block(3)
    with tenant_context(node):
        assert pull() == 1
        lot = Lot.objects.get()
        gone.delete()
        assert pull() == 1
        assert Lot.objects.get().on_chain is False
        assert pull() == 0
        Block.objects.filter(number=3).delete()
        _claim(_block(4, mark="b"), ug="10", cum_ug="10")
        assert pull() == 0, "not final yet"
        _block(6, mark="b")
        assert pull() == 1
        back = Lot.objects.get()
        assert (back.pk, back.on_chain, back.block_hash, back.epoch) == (lot.pk, True, "0xb4", 1)
        other = uuid.uuid4()
        NodeBinding.objects.filter(node=NODE).update(organization=other)
        assert pull() == 1, "what is paid for a node of somebody else is no lot of ours"
        assert Lot.objects.get().on_chain is False


def _transaction(nonce: int, *, block_hash: str) -> ChainTx:
    return ChainTx.objects.create(
        intent=f"claim:{nonce}", kind="claim", chain_id=31337, state="final", nonce=nonce, sender=WALLET, tx_hash=f"0x{nonce}",
        block_number=1, block_hash=block_hash, created_at=clock.now(),
    )  # fmt: skip


def test_settle__many_transactions_final_long_ago__are_held_against_the_blocks_in_one_question(book: AddressBook) -> None:
    _block(1)
    _block(9)
    for nonce in range(3):
        _transaction(nonce, block_hash="0x1")
    gone = _transaction(3, block_hash="0xgone")
    assert settle_once() == 1
    gone.refresh_from_db()
    assert (gone.state, gone.block_number) == ("reorged", None)
    with CaptureQueriesContext(connection) as few:
        assert settle_once() == 0
    for nonce in range(4, 30):
        _transaction(nonce, block_hash="0x1")
    with CaptureQueriesContext(connection) as many:
        assert settle_once() == 0
    assert len(many) == len(few)


def test_tick__one_step_fails_as_nobody_foresaw__the_others_are_done_and_the_fault_is_recorded(
    book: AddressBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def fails() -> None:
        raise KeyError("a row that nobody foresaw")

    def step(name: str) -> Callable[[], int]:
        def run() -> int:
            done.append(name)
            return 0

        return run

    monkeypatch.setattr(registering, "register_nodes", fails)
    for module, name in (
        (voting, "post_epochs"), (voting, "post_rounds"), (paying, "push_claims"), (round_paying, "push_rounds"),
        (paying, "settle_fees"), (relay, "relay_once"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, step(name))
    with pytest.raises(KeyError, match="nobody foresaw"):
        tasks.relay_tick()
    assert done == ["post_epochs", "post_rounds", "push_claims", "push_rounds", "settle_fees", "relay_once"]
