"""From bills to an epoch on chain with the real commands: one node, four validators, a chain, and a host.

The host is test infrastructure: protocol §7 over a dictionary, sealing with `build_bundle` like the service does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cloudtuner.errors import ProofError
from emissions.engine.estimate import estimate
from emissions.engine.identity import ENGINE_ID
from emissions.grid.catalog import load_factor_set
from emissions.node.spool import SignedReport
from emissions.poce.canonical import jcs, read_json
from emissions.poce.epoch import Bundle, EpochHeader, NodeState, build_bundle, header_of
from emissions.poce.hexes import from_hex, to_hex
from emissions.poce.keys import address_of, recover, sign
from emissions.poce.live import live_reports
from emissions.poce.node_id import RegisterNode, node_id, provider_hash
from emissions.poce.requests import check_request
from emissions.samples import ACCOUNTS, write_sample_bills
from tokens.chain.contracts import Contracts
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.chain.sender import transact

pytestmark = pytest.mark.chain

NETWORK_KEY = b"\x4e" * 32
FIRST_HOUR = 490_000


@dataclass
class Host:
    """What the public host knows, and how it answers."""

    contracts: Contracts
    wallets: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    reports: dict[str, SignedReport] = field(default_factory=dict)
    chains: dict[str, list[str]] = field(default_factory=dict)
    bundles: list[Bundle] = field(default_factory=list)
    sealed: dict[int, tuple[EpochHeader, bytes]] = field(default_factory=dict)
    votes: dict[int, dict[str, str]] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def candidate(self) -> Bundle:
        """The next epoch over the FINAL reports that came in."""
        states = [
            NodeState(node, self.wallets[node], live_reports((h, self.reports[h].report) for h in hashes))
            for node, hashes in self.chains.items()
        ]
        return build_bundle(
            self.bundles[-1] if self.bundles else None,
            states,
            chain_id=self.contracts.book.chain_id,
            registry=self.contracts.book.node_registry,
            factor_set=load_factor_set().id,
            engine=ENGINE_ID,
            set_id=self.contracts.set_id(),
        )[0]

    def publish(self, bundle: Bundle) -> EpochHeader:
        """Offers a bundle to the validators, honest or not."""
        header = header_of(bundle)
        with self.lock:
            self.sealed[bundle.epoch] = (header, bundle.to_bytes())
            self.votes[bundle.epoch] = {}
        return header

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        match [method, *path.removeprefix("/poce/v1/").split("/")]:
            case ["GET", "network"]:
                head = self.contracts.head_epoch()
                pending = max(self.sealed, default=0)
                known = {"chain_id": self.contracts.book.chain_id, "contracts": dict(self.contracts.book.contracts)}
                known |= {"factor_set": load_factor_set().id, "engine": ENGINE_ID, "head_epoch": head}
                return 200, jcs(known | ({"pending_epoch": pending} if pending > head else {}))
            case ["GET", "nodes", node] if node in self.keys:
                chain = self.chains.get(node, [])
                told = {"node": node, "seq": len(chain), "prev": chain[-1] if chain else "0x" + "00" * 32}
                return 200, jcs(told | {"first_hour": FIRST_HOUR, "key": self.keys[node], "wallet": self.wallets[node]})
            case ["POST", "reports"]:
                return self._accept(body)
            case ["GET", "reports", report_hash]:
                signer = check_request(headers, method=method, path=path, body=body, now=int(time.time()))
                if not self.contracts.is_active_validator(signer):
                    self.strangers.append(signer)
                    return 403, jcs({"code": "validator.inactive", "title": "Not an active validator."})
                return 200, self.reports[report_hash].to_bytes()
            case ["GET", "epochs", epoch]:
                header, _ = self.sealed[int(epoch)]
                votes = [{"signer": s, "signature": v} for s, v in self.votes[int(epoch)].items()]
                return 200, jcs({"epoch": int(epoch), "header": header.to_json(), "votes": votes})
            case ["GET", "epochs", epoch, "bundle"]:
                return 200, self.sealed[int(epoch)][1]
            case ["POST", "epochs", epoch, "votes"]:
                check_request(headers, method=method, path=path, body=body, now=int(time.time()))
                vote = read_json(body)
                digest = self.sealed[int(epoch)][0].digest(self.contracts.poce_domain)
                assert recover(digest, from_hex(vote["signature"])) == vote["signer"]
                self.votes[int(epoch)][vote["signer"]] = vote["signature"]
                return 201, b"{}"
        return 404, jcs({"code": "not_found", "title": f"No {path}."})

    def _accept(self, body: bytes) -> tuple[int, bytes]:
        signed = SignedReport.from_json(read_json(body))
        report, domain = signed.report, self.contracts.registry_domain
        report_hash = report.report_hash(domain)
        chain = self.chains.setdefault(report.node, [])
        if report_hash not in chain:
            assert recover(report.digest(domain), signed.signature) == self.keys[report.node]
            assert (report.seq, report.prev) == (len(chain) + 1, chain[-1] if chain else "0x" + "00" * 32)
            self.reports[report_hash] = signed
            chain.append(report_hash)
        return 201, jcs({"report_hash": report_hash})


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                status, data = host.answer(self.command, self.path, dict(self.headers), body)
            except ProofError as error:
                status, data = 400, jcs({"code": error.code, "title": error.message})
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None: ...

    return Handler


@dataclass
class World:
    """The chain, the host, and the folders of the agents."""

    contracts: Contracts
    host: Host
    url: str
    folder: Path
    keys: list[bytes]
    nodes: dict[str, str]

    def node_once(self, bill: Path) -> list[dict[str, Any]]:
        """Runs `cloudtuner-node once` on a bill; what it printed."""
        accounts = [word for account, node in self.nodes.items() for word in ("--account", f"{account}={node}")]
        done = subprocess.run(
            [sys.executable, "-m", "emissions.node.cli", "once", "--bills", bill, "--key", self.folder / "node.key", *accounts,
             "--url", self.url, "--spool", self.folder / "spool"],
            capture_output=True, text=True, check=False, env=_environment(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def validator(self, name: str, key: bytes) -> Validator:
        """Starts a `cloudtuner-validator run`."""
        folder = self.folder / name
        folder.mkdir()
        key_file = folder / "key"
        key_file.touch(0o600)
        key_file.write_text(to_hex(key))
        config = {
            "service_url": self.url, "rpc_url": self.contracts.client.url, "address_book": "../book.json", "key_file": "key",
            "data_dir": "data", "poll_seconds": 0.3, "turn_seconds": 2.0, "metrics_port": 0,
        }  # fmt: skip
        (folder / "config.json").write_text(json.dumps(config))
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tokens.validator.cli", "run", "--config", folder / "config.json"],
                stderr=log,
                env=_environment(),
            )
        return Validator(process, folder / "log")

    def call(self, call: Any, key: bytes) -> None:
        transact(self.contracts.client, call, private_key=key, chain_id=self.contracts.book.chain_id)


@dataclass
class Validator:
    """A running validator and what it said."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def refusals(self, epoch: int) -> set[str]:
        return {line["code"] for line in self.said() if line["message"] == "epoch refused" and line["epoch"] == epoch}


def _environment() -> dict[str, str]:
    return {**os.environ, "TZ": "Asia/Kolkata"}


@pytest.fixture
def world(anvil, tmp_path: Path) -> Iterator[World]:
    keys = anvil.keys
    parameters = DeployParameters(
        network=NETWORKS["local"],
        owner=address_of(keys[0]),
        registrar=address_of(keys[1]),
        guardian=address_of(keys[3]),
        treasury=address_of(keys[8]),
        factor_set=load_factor_set().id,
        factor_set_uri="https://example.org/factors",
        validators=tuple(ValidatorGrant(address_of(key), address_of(key), 250_000 * TUNER_UNIT) for key in keys[4:8]),
    )
    contracts = Contracts(anvil.client, deploy(anvil.client, keys[0], parameters))
    contracts.book.save(tmp_path / "book.json")
    host = Host(contracts)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(host))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = subprocess.run(
        [sys.executable, "-m", "emissions.node.cli", "key", "--out", tmp_path / "node.key"],
        capture_output=True,
        text=True,
        check=True,
    )
    nodes = {account: node_id(NETWORK_KEY, "aws", account) for account in ACCOUNTS}
    world = World(contracts, host, f"http://127.0.0.1:{server.server_port}", tmp_path, keys, nodes)
    for node in nodes.values():
        host.keys[node], host.wallets[node] = made.stdout.strip(), address_of(keys[9])
        request = RegisterNode(node, provider_hash("aws"), host.keys[node], host.wallets[node], FIRST_HOUR)
        world.call(contracts.register_node(request, sign(keys[1], request.digest(contracts.registry_domain))), keys[2])
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _inflated(bundle: Bundle) -> Bundle:
    """The same epoch with one kilogram more for the first node, everything else consistent."""
    first = bundle.leaves[0]
    leaf = replace(first.leaf, cum_ug=first.leaf.cum_ug + 10**9, cum_tuner=first.leaf.cum_tuner + 10**18)
    return replace(bundle, leaves=(replace(first, leaf=leaf, high_ug=max(first.high_ug, leaf.cum_ug)), *bundle.leaves[1:]))


def test_journey__node_and_four_validators__epochs_on_chain_and_a_lie_gets_no_vote(world: World, wait_until, tmp_path: Path):
    bills = write_sample_bills(tmp_path / "bills")
    host, contracts = world.host, world.contracts

    printed = world.node_once(bills.first.path)
    assert [line["seq"] for line in printed] == [1, 1, 1]
    assert {line["state"] for line in printed} == {2}
    assert sorted(host.reports) == sorted(line["report_hash"] for line in printed)
    assert world.node_once(bills.first.path) == []  # the same bill says nothing new

    validators = [world.validator(f"validator-{place}", key) for place, key in enumerate(world.keys[4:8])]
    try:
        lie = host.publish(_inflated(host.candidate()))
        assert lie.total_ug == sum(int(line["operational_ug"]) + int(line["embodied_ug"]) for line in printed) + 10**9
        wait_until(lambda: all(v.refusals(1) for v in validators), timeout_s=60, what="four refusals")
        assert all(v.refusals(1) == {"leaf.cum_ug", "leaf.cum_tuner", "leaf.high_ug"} for v in validators)
        assert host.votes[1] == {}
        assert contracts.head_epoch() == 0

        header = host.publish(host.candidate())
        wait_until(lambda: contracts.head_epoch() == 1, timeout_s=60, what="epoch 1 on chain")
        assert contracts.epoch(1).root == header.root
        with estimate([bills.first.path], factor_set=load_factor_set()) as figures:
            assert header.total_ug == sum(account.ug for account in figures.accounts)
        host.bundles.append(Bundle.from_bytes(host.sealed[1][1]))

        restated = world.node_once(bills.second.path)
        assert restated
        assert {line["seq"] for line in restated} == {2}
        follow = host.publish(host.candidate())
        wait_until(lambda: contracts.head_epoch() == 2, timeout_s=60, what="epoch 2 on chain")
        assert contracts.epoch(2).ceiling_ug == follow.ceiling_ug >= header.ceiling_ug
        wait_until(lambda: len(host.votes[2]) == 4, what="four votes")

        contracts.client.call_rpc("anvil_mine", ["0x2", hex(contracts.book.window_s)])
        bundle = Bundle.from_bytes(host.sealed[2][1])
        proofs = [bundle.proof(entry.leaf.node) for entry in bundle.leaves]
        world.call(contracts.claim_many(2, [entry.leaf for entry in bundle.leaves], proofs), world.keys[2])
        assert contracts.ct02_balance(address_of(world.keys[9])) == follow.total_ug * 10**9
        posts = [line for v in validators for line in v.said() if line["message"] == "epoch posted"]
        assert sorted(line["epoch"] for line in posts) == [1, 2]
    finally:
        for each in validators:
            each.process.send_signal(signal.SIGTERM)
        codes = [each.process.wait(timeout=10) for each in validators]
    assert codes == [0, 0, 0, 0]
    assert host.strangers == []
    assert not [line for v in validators for line in v.said() if line["message"] == "cycle failed"]


def test_validator__signer_without_stake__gets_no_lines_and_votes_nothing(world: World, wait_until, tmp_path: Path):
    world.node_once(write_sample_bills(tmp_path / "bills").first.path)
    world.host.publish(world.host.candidate())
    stranger = world.validator("stranger", world.keys[3])
    try:
        wait_until(lambda: any(line.get("state") == "inactive" for line in stranger.said()), timeout_s=30, what="inactive")
        assert world.host.votes[1] == {}
    finally:
        stranger.process.terminate()
        stranger.process.wait(timeout=10)
