"""`cloudtuner chain`: deploy, verify and status on a chain of one's own."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudtuner.cli import app
from cloudtuner.errors import ChainError, ConfigurationError
from cloudtuner.keyfile import write_key_file
from emissions.poce.keys import address_of
from tokens.chain import artifacts
from tokens.chain.book import NAMES, AddressBook
from tokens.chain.contracts import Contracts, call_to
from tokens.chain.verification import verify_book
from tokens.market.book import MarketBook

pytestmark = pytest.mark.chain

_GRANTS = {"team": 150, "backers": 100, "ecosystem": 50}


def _run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["chain", *arguments], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output


@pytest.fixture
def book_path(network, tmp_path: Path) -> Path:
    network.book.save(tmp_path / "book.json")
    return tmp_path / "book.json"


@pytest.fixture
def deployed(anvil, tmp_path: Path) -> tuple[AddressBook, Path, str]:
    """Everything on a fresh chain, owned by vote; the book, its file, and what the dry run said before."""
    key_file, out = tmp_path / "key", tmp_path / "everything.json"
    write_key_file(key_file, anvil.keys[0])
    staker, distributor = address_of(anvil.keys[4]), address_of(anvil.keys[8])
    options = [
        "--network", "anvil", "--rpc", anvil.url, "--owner", "timelock", "--treasury", distributor,
        "--validator", f"{staker}:{staker}:200000", "--out", str(out), "--market-out", str(tmp_path / "market.json"),
    ]  # fmt: skip
    planned = _run("deploy", *options, "--dry-run", "--deployer", address_of(anvil.keys[0]))
    assert anvil.client.block_number() == 0
    _run("deploy", *options, "--key-file", str(key_file))
    return AddressBook.load(out), out, planned


def test_deploy__everything__stands_where_planned_and_is_verified(anvil, deployed, tmp_path):
    book, path, planned = deployed
    grants = {"grant:team", "grant:backers", "grant:ecosystem"}
    assert set(book.creations) == set(NAMES) | (set(artifacts.AROUND) - {"grant"}) | grants
    for name, creation in book.creations.items():
        assert creation.address in planned or name == "fee_hook"
        assert creation.source_hash == artifacts.load(creation.contract).source_hash
        assert creation.compiler.startswith("solc 0.8.")
    assert book.creations["retirement"].arguments == "00" * 12 + book.ct02[2:].lower()
    said = _run("verify", "--book", str(path), "--rpc", anvil.url)
    assert [line[:4] for line in said.splitlines()] == ["ok  "] * (2 + len(book.creations))
    market = MarketBook.load(tmp_path / "market.json")
    assert market.contracts["fee_hook"] == book.creations["fee_hook"].address


def test_deploy__everything__is_owned_by_the_timelock_and_splits_the_billion(anvil, deployed):
    book, path, _ = deployed
    timelock = book.creations["timelock"].address
    told = json.loads(_run("status", "--book", str(path), "--rpc", anvil.url, "--json"))
    assert set(told["owners"].values()) == {timelock}
    assert {"airdrop", "price_feed", "floor_reserve", "burner"} <= set(told["owners"])
    assert told["airdrop_paused_until"] is None
    assert set(told["minters"]) == {book.poce, book.airdrop}
    contracts = Contracts(anvil.client, book)
    millions = {book.poce: 400, timelock: 200}
    millions |= {book.creations[f"grant:{name}"].address: amount for name, amount in _GRANTS.items()}
    assert {place: contracts.tuner_balance(place) // 10**24 for place in millions} == millions
    held = contracts.tuner_balance(address_of(anvil.keys[8]))
    assert held == (100_000_000 - 200_000) * 10**18
    assert contracts.tuner_balance(address_of(anvil.keys[0])) == 0


@pytest.mark.parametrize("network", ["amoy", "arbitrum-sepolia", "polygon", "arbitrum"])
def test_deploy__public_network_without_key_or_endpoint__shows_the_same_plan_twice(network):
    """Main networks are owned by vote unless somebody else is named; every role has to be named there."""
    accounts = ["0x" + f"{place:02x}" * 20 for place in range(1, 9)]
    roles = ["registrar", "guardian", "treasury", "poster"]
    options = [word for role, account in zip(roles, accounts, strict=False) for word in (f"--{role}", account)]
    options += [
        word for role, account in zip(_GRANTS, accounts[4:], strict=False) for word in ("--beneficiary", f"{role}={account}")
    ]
    options += ["--network", network, "--dry-run", "--deployer", "0x" + "d1" * 20]
    planned = _run("deploy", *options)
    assert planned == _run("deploy", *options)
    for contract in (*artifacts.CONTRACTS.values(), "TunerGovernor", "CarbonAirdrop", "GrantWallet for team"):
        assert f"create {contract}" in planned
    owner = planned.split("owner: ")[1].split()[0]
    by_vote = owner in planned.split("create TunerTimelock")[1].splitlines()[0]
    assert by_vote == (network in ("polygon", "arbitrum"))
    assert by_vote or owner.lower() == "0x" + "d1" * 20


def test_deploy__main_network_without_roles__names_them():
    with pytest.raises(ConfigurationError) as refused:
        _run("deploy", "--network", "polygon", "--dry-run", "--deployer", "0x" + "d1" * 20)
    assert refused.value.code == "chain.deploy"
    assert "--guardian" in str(refused.value)
    assert "--team" not in str(refused.value)


def test_deploy__endpoint_of_another_chain__signs_nothing(anvil, tmp_path):
    key_file = tmp_path / "key"
    write_key_file(key_file, anvil.keys[0])
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
    assert told["minters"] == [network.book.poce, network.book.airdrop]
    assert told["owners"]["ct02"] == address_of(network.deployer_key)
    assert [each["who"] for each in told["pending"]] == [network.wallet, network.wallet]
    assert told["pending"][1]["ready_at"] is not None
    said = _run("status", *options)
    assert "paused until" in said
    assert "another minter of CT02" in said
