"""`cloudtuner chain`: deploy, verify and status on a chain of one's own."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudtuner.cli import app
from cloudtuner.errors import ChainError
from emissions.poce.keys import address_of
from tokens.chain import artifacts
from tokens.chain.book import NAMES, AddressBook
from tokens.chain.contracts import call_to
from tokens.chain.verification import verify_book

pytestmark = pytest.mark.chain


def _run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["chain", *arguments], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output


@pytest.fixture
def book_path(network, tmp_path: Path) -> Path:
    network.book.save(tmp_path / "book.json")
    return tmp_path / "book.json"


def test_deploy__anvil__book_tells_how_each_contract_came_to_be(anvil, tmp_path):
    key_file, out = tmp_path / "key", tmp_path / "book.json"
    key_file.write_text(anvil.keys[0].hex())
    staker = address_of(anvil.keys[4])
    options = ["--network", "anvil", "--validator", f"{staker}:{staker}:200000", "--out", str(out)]
    planned = _run("deploy", *options, "--dry-run", "--deployer", address_of(anvil.keys[0]))
    _run("deploy", *options, "--rpc", anvil.url, "--key-file", str(key_file))
    book = AddressBook.load(out)
    assert set(book.creations) >= set(NAMES)
    for name, address in book.contracts.items():
        creation = book.creations[name]
        assert address in planned
        assert creation.address == address
        assert creation.contract == artifacts.CONTRACTS[name]
        assert creation.source_hash == artifacts.load(creation.contract).source_hash
        assert creation.compiler.startswith("solc 0.8.")
    assert book.creations["retirement"].arguments == "00" * 12 + book.ct02[2:].lower()
    assert "ok   poce" in _run("verify", "--book", str(out), "--rpc", anvil.url)


def test_deploy__endpoint_of_another_chain__signs_nothing(anvil, tmp_path):
    key_file = tmp_path / "key"
    key_file.write_text(anvil.keys[0].hex())
    with pytest.raises(ChainError) as refused:
        _run("deploy", "--network", "amoy", "--rpc", anvil.url, "--key-file", str(key_file))
    assert refused.value.code == "chain.wrong_chain"
    assert anvil.client.nonce(address_of(anvil.keys[0])) == 0
    assert anvil.client.block_number() == 0


def test_verify__out__writes_what_explorers_ask_for(network, book_path, tmp_path):
    out = tmp_path / "explorers"
    _run("verify", "--book", str(book_path), "--rpc", network.client.url, "--out", str(out))
    assert {path.name for path in out.iterdir()} == {
        f"{name}.{kind}" for name in NAMES for kind in ("arguments.txt", "input.json")
    }
    asked = json.loads((out / "poce.input.json").read_text())
    assert asked["settings"]["evmVersion"] == "cancun"
    assert "src/PoCE.sol" in asked["sources"]


def test_verify__book_that_lies__fails_with_what_differs(network, book_path):
    creations = network.book.creations
    bent = {
        "arguments": {**creations, "poce": dataclasses.replace(creations["poce"], arguments="00" * 32)},
        "address": {**creations, "poce": dataclasses.replace(creations["poce"], address=network.wallet)},
        "transaction": {**creations, "poce": dataclasses.replace(creations["poce"], tx_hash="0x" + "ab" * 32)},
        "sources": {**creations, "poce": dataclasses.replace(creations["poce"], source_hash="0x" + "ab" * 32)},
        "nothing": {name: creation for name, creation in creations.items() if name != "poce"},
    }
    for what, told in bent.items():
        found = list(verify_book(network.client, dataclasses.replace(network.book, creations=told)))
        assert {finding.subject for finding in found if not finding.passed} == {"poce"}, what
    other = dataclasses.replace(network.book, genesis_hash="0x" + "00" * 32)
    assert [finding.passed for finding in verify_book(network.client, other)] == [True, False]
    other.save(book_path)
    assert "FAIL genesis" in _run("verify", "--book", str(book_path), "--rpc", network.client.url, status=1)


def test_status__epoch_pause_and_announcements__are_told(network, book_path):
    node = "0x" + "11" * 32
    network.register(node)
    network.report([network.leaf(node, 5 * 10**9)])
    network.send(network.contracts.pause_minting(3600), network.guardian_key)
    network.send(call_to(network.book.ct02, "transferOwnership(address)", network.wallet), network.deployer_key)
    network.send(
        call_to(network.book.ct02, "proposeMinter(address,address)", network.wallet, "0x" + "00" * 20), network.deployer_key
    )
    options = ["--book", str(book_path), "--rpc", network.client.url]
    told = json.loads(_run("status", *options, "--json"))
    assert (told["head_epoch"], told["head_status"], told["ceiling_ug"]) == (1, "reported", str(5 * 10**9))
    assert len(told["validators"]) == 4
    assert told["total_stake"] == str(1_000_000 * 10**18)
    assert told["paused_until"] is not None
    assert told["minters"] == [network.book.poce]
    assert told["owners"]["ct02"] == address_of(network.deployer_key)
    assert [each["who"] for each in told["pending"]] == [network.wallet, network.wallet]
    assert told["pending"][1]["ready_at"] is not None
    said = _run("status", *options)
    assert "paused until" in said
    assert "another minter of CT02" in said
