"""`cloudtuner chain proposals`: a decision from the command line, and owner actions for a Safe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudtuner.cli import app
from cloudtuner.errors import ConfigurationError
from cloudtuner.keyfile import write_key_file
from emissions.poce.keys import address_of
from tests.chain.conftest import make_network
from tokens.chain import deploy_market
from tokens.chain.actions import parse_action
from tokens.chain.governance import delegate
from tokens.chain.networks import NETWORKS, TUNER_UNIT

pytestmark = pytest.mark.chain

SET = "0x" + "0c1a" * 16


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["chain", "proposals", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def desk(anvil, tmp_path: Path):
    """A governed core, options of the command, and a key file of somebody with 50 million votes."""
    treasury_key = anvil.keys[8]
    around = deploy_market.addresses(deployer=address_of(treasury_key), first_nonce=0)
    network = make_network(anvil, NETWORKS["local"], owner=around["timelock"])
    parameters = deploy_market.MarketParameters(
        network=NETWORKS["local"], core=network.book.contracts, guardian=address_of(network.guardian_key),
        poster=address_of(treasury_key), dollar="0x" + "d0" * 20,
    )  # fmt: skip
    made, _ = deploy_market.deploy_market(anvil.client, treasury_key, parameters)
    network.send(network.contracts.tuner_transfer(network.wallet, 50_000_000 * TUNER_UNIT), treasury_key)
    network.send(delegate(network.book.tuner, network.wallet), network.wallet_key)
    network.mine()
    network.book.save(tmp_path / "book.json")
    key_file = tmp_path / "key"
    write_key_file(key_file, network.wallet_key)
    options = ["--rpc", anvil.url, "--book", str(tmp_path / "book.json"), "--governor", made.contracts["governor"]]
    return network, options, ["--key-file", str(key_file)]


def _listed(options: list[str]) -> dict:
    (told,) = json.loads(_run(*options, "--json"))
    return told


def test_proposals__propose_vote_queue_execute__takes_effect(desk):
    network, options, key = desk
    assert "nothing was proposed" in _run(*options)
    actions = ["--action", "node_registry.setProvider:oci,true", "--why", "Accept Oracle Cloud."]
    assert "Not sent" in _run(*options, *actions)
    _run(*options, *actions, *key)
    told = _listed(options)
    assert (told["state"], told["why"], told["proposer"]) == ("pending", "Accept Oracle Cloud.", network.wallet)
    number = told["number"][:8]
    network.mine(2, interval_s=6)
    _run(*options, "--vote", f"{number}:for", *key)
    told = _listed(options)
    assert (told["state"], told["for"], told["quorum"]) == (
        "active", str(50_000_000 * TUNER_UNIT), str(40_000_000 * TUNER_UNIT),
    )  # fmt: skip
    network.mine(2, interval_s=40)
    _run(*options, "--queue", number, *key)
    assert _listed(options)["eta"] is not None
    assert "can be executed from" in _run(*options)
    network.mine(2, interval_s=6)
    _run(*options, "--execute", number, *key)
    assert _listed(options)["state"] == "executed"
    assert network.contracts.provider_allowed("oci")
    with pytest.raises(ConfigurationError) as refused:
        _run(*options, "--queue", "abc", *key)
    assert refused.value.code == "chain.no_proposal"


def test_safe__owner_actions__stand_as_calldata_and_nothing_is_sent(desk, tmp_path):
    network, options, key = desk
    path, head = tmp_path / "safe.json", network.client.block_number()
    actions = [
        "--action", "node_registry.setProvider:oci,true", "--action", f"node_registry.publishFactorSet:{SET},999999,set",
    ]  # fmt: skip
    _run(*options, *actions, "--why", "Oracle Cloud", "--safe", str(path), *key)
    batch = json.loads(path.read_text())
    contracts = network.contracts
    expected = [contracts.set_provider("oci", allowed=True), contracts.publish_factor_set(SET, 999_999, "set")]
    assert [each["data"] for each in batch["transactions"]] == ["0x" + call.data.hex() for call in expected]
    assert {each["to"] for each in batch["transactions"]} == {network.book.node_registry}
    assert {each["value"] for each in batch["transactions"]} == {"0"}
    assert (batch["version"], batch["chainId"]) == ("1.0", "31337")
    assert network.client.block_number() == head


@pytest.mark.parametrize(
    "text",
    [
        "bank.setProvider:oci,true",
        "node_registry.nothing:1",
        "node_registry.setProvider:oci",
        "node_registry.setProvider:oci,yes",
        "node_registry.setEpochCap:-1",
        "node_registry.setRegistrar:0x12",
        "ct02.totalSupply",
    ],
)
def test_action__not_understood__says_where(network, text):
    with pytest.raises(ConfigurationError) as refused:
        parse_action(network.book, text)
    assert refused.value.code == "chain.action"
    assert text in str(refused.value)
