"""What machines ask of the public host, with rows and without a chain."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.test import Client

from cloudtuner import clock
from emissions.poce.eip712 import Domain
from emissions.poce.epoch import NodeState, build_bundle
from emissions.poce.hexes import to_hex
from emissions.poce.live import LiveReport
from tokens.chain.book import AddressBook
from tokens.network.models import Block, ChainEvent, Cursor, Epoch

pytestmark = pytest.mark.django_db


@pytest.fixture
def epoch(book: AddressBook) -> Epoch:
    node = NodeState("0x" + "0a" * 32, book.ct02, (LiveReport("0x" + "0b" * 32, 1, 10, 20, 500, 0),))
    bundle, header = build_bundle(
        None, [node], chain_id=31337, registry=book.node_registry, factor_set="0x" + "fa" * 32, engine="0x" + "e1" * 32, set_id=4
    )
    return Epoch.objects.create(
        chain_id=31337, number=1, header=header.to_json(), digest=to_hex(header.digest(Domain(31337, book.poce))),
        bundle=bundle.to_bytes(), sealed_at=clock.now(),
    )  # fmt: skip


def test_network__before_anything__says_chain_and_contracts(book: AddressBook, public_client: Client) -> None:
    answer = public_client.get("/poce/v1/network")
    assert answer.status_code == 200
    told = answer.json()
    assert told["chain_id"] == 31337
    assert told["contracts"]["poce"] == book.poce
    assert (told["head_epoch"], "pending_epoch" in told, told["waiting_for_blocks"]) == (0, False, False)


def test_network__epoch_waits__pending_and_wants_blocks(book: AddressBook, epoch: Epoch, public_client: Client) -> None:
    told = public_client.get("/poce/v1/network").json()
    assert (told["head_epoch"], told["pending_epoch"], told["waiting_for_blocks"]) == (0, 1, True)


def test_epoch__posted__names_transaction_and_state_follows_chain_time(
    book: AddressBook, epoch: Epoch, public_client: Client
) -> None:
    from tokens.selectors import epochs

    Cursor.objects.create(chain_id=31337, next_block=6)
    block = Block.objects.create(chain_id=31337, number=5, block_hash="0x05", parent_hash="0x04", timestamp=1000)
    ChainEvent.objects.create(
        block=block, log_index=0, tx_hash="0x" + "77" * 32, contract="poce", name="EpochReported", key="1",
        args={"epoch": "1", "root": epoch.header["root"], "signers": [book.ct02], "set_id": "4"},
    )  # fmt: skip
    told = public_client.get("/poce/v1/epochs/1").json()
    assert told["posted_tx"] == "0x" + "77" * 32
    assert told["header"] == epoch.header
    assert [row.state for row in epochs()] == ["posted"]
    Block.objects.create(chain_id=31337, number=6, block_hash="0x06", parent_hash="0x05", timestamp=1003)
    assert [row.state for row in epochs()] == ["final"]
    assert public_client.get("/poce/v1/network").json()["head_epoch"] == 1
    block.delete()
    assert [row.state for row in epochs()] == ["voting"]
    assert "posted_tx" not in public_client.get("/poce/v1/epochs/1").json()


def test_bundle__bytes__hash_to_the_header(book: AddressBook, epoch: Epoch, public_client: Client) -> None:
    body = public_client.get("/poce/v1/epochs/1/bundle").content
    assert "0x" + hashlib.sha256(body).hexdigest() == epoch.header["data_hash"]


@pytest.mark.parametrize("path", ["epochs/9", "epochs/9/bundle"])
def test_epoch__unknown__is_a_problem(book: AddressBook, public_client: Client, path: str) -> None:
    answer = public_client.get(f"/poce/v1/{path}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "epoch.unknown"


@pytest.mark.parametrize(("method", "path"), [("post", "epochs/1/votes"), ("get", "reports/0x" + "0b" * 32)])
def test_private_calls__unsigned__refused(book: AddressBook, epoch: Epoch, public_client: Client, method: str, path: str) -> None:
    kwargs: dict[str, Any] = {"content_type": "application/json"} if method == "post" else {}
    answer = getattr(public_client, method)(f"/poce/v1/{path}", **kwargs)
    assert answer.status_code == 403
    assert answer.json()["code"] == "request.unsigned"


def test_private_calls__chain_away__say_try_again(book: AddressBook, epoch: Epoch, public_client: Client) -> None:
    from emissions.poce.keys import new_key
    from emissions.poce.requests import signed_headers

    path = "/poce/v1/reports/0x" + "0b" * 32
    headers = signed_headers(new_key(), method="GET", path=path, time=int(clock.now().timestamp()))
    answer = public_client.get(path, headers=headers)
    assert answer.status_code == 503
    assert answer.json()["code"] == "chain.unreachable"


def test_epoch__sealed__database_refuses_change(book: AddressBook, epoch: Epoch) -> None:
    from django.db import DatabaseError, transaction

    with pytest.raises(DatabaseError), transaction.atomic():
        Epoch.objects.update(digest="0x")
    with pytest.raises(DatabaseError), transaction.atomic():
        epoch.delete()
