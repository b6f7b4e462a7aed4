"""A deployment that breaks off anywhere goes on where it was: every contract once, at its planned address."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cloudtuner.cli import app
from cloudtuner.errors import ChainError, ConfigurationError
from cloudtuner.keyfile import write_key_file
from emissions.poce.keys import address_of
from tests.chain.conftest import FACTOR_SET, Anvil
from tokens.chain.book import AddressBook
from tokens.chain.client import RpcClient
from tokens.chain.contracts import Contracts, call_to
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy, plan
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.chain.sender import transact
from tokens.chain.steps import Journal
from tokens.chain.verification import verify_book

pytestmark = pytest.mark.chain


class Power(Exception):
    """It went out."""


class Failing(RpcClient):
    """A chain that is lost right before or right after the next transaction reached it."""

    def __init__(self, url: str, *, after: bool) -> None:
        super().__init__(url)
        self.after = after

    def send_raw(self, raw: bytes) -> str:
        if self.after:
            super().send_raw(raw)
        raise Power


def _parameters(anvil: Anvil) -> DeployParameters:
    """One validator that signs itself, one that stakes for a key of its own."""
    address = [address_of(key) for key in anvil.keys]
    grants = [
        ValidatorGrant(address[4], address[4], 250_000 * TUNER_UNIT),
        ValidatorGrant(address[5], address[6], 250_000 * TUNER_UNIT),
    ]
    return DeployParameters(
        network=NETWORKS["local"], owner=address[0], registrar=address[1], guardian=address[3], treasury=address[8],
        factor_set=FACTOR_SET, validators=tuple(grants),
    )  # fmt: skip


def test_deploy__lost_before_and_after_every_transaction__makes_each_once(anvil, tmp_path):
    parameters, deployer, out = _parameters(anvil), address_of(anvil.keys[0]), tmp_path / "book.json"
    planned = plan(parameters, deployer=deployer, first_nonce=0)
    for place in range(len(planned.steps)):
        for after in (False, True):
            with pytest.raises(Power):
                deploy(Failing(anvil.url, after=after), anvil.keys[0], parameters, journal=Journal.beside(out))
        assert anvil.client.nonce(deployer) == place + 1
    journal = Journal.beside(out)
    book = deploy(anvil.client, anvil.keys[0], parameters, journal=journal)
    journal.finish()
    assert not list(tmp_path.glob("book.json*"))
    assert book.contracts == planned.contracts
    assert anvil.client.nonce(deployer) == len(planned.steps)
    assert all(finding.passed for finding in verify_book(anvil.client, book))
    contracts = Contracts(anvil.client, book)
    assert [each.signer for each in contracts.validators().validators] == [address_of(anvil.keys[4])]
    assert contracts.tuner_balance(address_of(anvil.keys[5])) == 250_000 * TUNER_UNIT


def test_deploy__begun_otherwise__is_refused(anvil, tmp_path):
    parameters, out = _parameters(anvil), tmp_path / "book.json"
    with pytest.raises(Power):
        deploy(Failing(anvil.url, after=True), anvil.keys[0], parameters, journal=Journal.beside(out))
    others: list[tuple[bytes, dict[str, Any]]] = [(anvil.keys[1], {}), (anvil.keys[0], {"min_stake": 1000 * TUNER_UNIT})]
    for key, change in others:
        with pytest.raises(ConfigurationError) as refused:
            deploy(anvil.client, key, DeployParameters(**{**vars(parameters), **change}), journal=Journal.beside(out))
        assert refused.value.code == "chain.deploy_begun"
    # Somebody used the account in between: the second address of the plan is lost.
    transact(anvil.client, call_to("0x" + "11" * 20, "x()"), private_key=anvil.keys[0], chain_id=31337)
    with pytest.raises(ChainError) as lost:
        deploy(anvil.client, anvil.keys[0], parameters, journal=Journal.beside(out))
    assert lost.value.code == "chain.nonce_taken"
    journal = tmp_path / "book.json.begun"
    journal.write_text("{}")
    with pytest.raises(ConfigurationError, match="no journal"):
        Journal.beside(out)


def test_deploy__killed_between_transactions__goes_on_to_the_planned_books(anvil, tmp_path, wait_until):
    """The command itself, killed twice for good, then run to its end; a further run finds nothing to do."""
    key_file, out, deployer = tmp_path / "key", tmp_path / "book.json", address_of(anvil.keys[0])
    write_key_file(key_file, anvil.keys[0])
    options = ["chain", "deploy", "--rpc", anvil.url, "--factor-set", FACTOR_SET, "--out", str(out)]
    options += ["--market-out", str(tmp_path / "market.json"), "--key-file", str(key_file)]
    # Blocks at a second's distance, so that a kill meets a transaction on its way.
    anvil.client.call_rpc("evm_setIntervalMining", [1])
    for reached in (2, 5):
        process = subprocess.Popen(
            [Path(sys.executable).with_name("cloudtuner"), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(lambda reached=reached: anvil.client.nonce(deployer) >= reached, timeout_s=120, what="the transactions")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not out.exists()
    begun = json.loads((tmp_path / "book.json.begun").read_text())
    assert begun["begun"]["first_nonce"] == 0
    anvil.client.call_rpc("evm_setIntervalMining", [0])
    anvil.client.call_rpc("evm_setAutomine", [True])
    done = CliRunner().invoke(app, options, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "Going on" in done.output
    book = AddressBook.load(out)
    assert anvil.client.nonce(deployer) == len(begun["steps"])
    planned = {step["creates"] for step in begun["steps"] if step["creates"]}
    assert {creation.address for name, creation in book.creations.items() if name != "fee_hook"} <= planned
    assert all(finding.passed for finding in verify_book(anvil.client, book))
    with pytest.raises(ConfigurationError) as refused:
        CliRunner().invoke(app, options, catch_exceptions=False)
    assert refused.value.code == "chain.deployed"
    assert anvil.client.nonce(deployer) == len(begun["steps"])
