"""A chain of one's own for each test: anvil in a fresh process, and the contracts deployed on it."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emissions.poce.epoch import EpochHeader, Leaf
from emissions.poce.hexes import ZERO_32, to_hex
from emissions.poce.keys import address_of, sign
from emissions.poce.merkle import StandardTree
from emissions.poce.node_id import RegisterNode, provider_hash
from emissions.poce.retire import Retire
from tokens.chain.book import AddressBook
from tokens.chain.client import Call, Receipt, RpcClient
from tokens.chain.contracts import Contracts
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.chain.networks import Network as ChainChoice
from tokens.chain.sender import transact

ROOT = Path(__file__).resolve().parents[2]
FACTOR_SET = "0x" + "fa" * 32
LEAF_TYPES = ("bytes32", "address", "uint64", "uint128", "uint256", "uint8", "bytes32")
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


@dataclass
class Anvil:
    """A running chain. `keys` are its ten funded accounts."""

    url: str
    pid: int
    keys: list[bytes]
    client: RpcClient

    def mine(self, blocks: int = 1, *, interval_s: int = 1) -> None:
        """Mines empty blocks, each `interval_s` of chain time after the one before."""
        self.client.call_rpc("anvil_mine", [hex(blocks), hex(interval_s)])

    def reorg(self, depth: int) -> None:
        """Replaces the last `depth` blocks by empty ones; works on a chain started fresh only."""
        self.client.call_rpc("anvil_reorg", [depth, []])


@dataclass
class Network:
    """The contracts on a chain, four staked validators, and every key that tests need."""

    anvil: Anvil
    client: RpcClient
    book: AddressBook
    contracts: Contracts
    deployer_key: bytes
    registrar_key: bytes
    relayer_key: bytes
    guardian_key: bytes
    validator_keys: list[bytes]
    wallet_key: bytes
    report_key: bytes
    high_ug: dict[str, int] = field(default_factory=dict)

    @property
    def wallet(self) -> str:
        return address_of(self.wallet_key)

    def send(self, call: Call, key: bytes | None = None) -> Receipt:
        """Sends as the relayer (or another key) and waits."""
        return transact(self.client, call, private_key=key or self.relayer_key, chain_id=self.book.chain_id)

    def mine(self, blocks: int = 1, *, interval_s: int = 1) -> None:
        self.anvil.mine(blocks, interval_s=interval_s)

    def pass_window(self) -> None:
        """Mines until what was just reported is final."""
        self.mine(2, interval_s=self.book.window_s)

    def register(self, node: str, *, first_hour: int = 1, wallet: str | None = None, provider: str = "aws") -> Receipt:
        """Registers a node with the registrar's signature."""
        request = RegisterNode(node, provider_hash(provider), address_of(self.report_key), wallet or self.wallet, first_hour)
        signature = sign(self.registrar_key, request.digest(self.contracts.registry_domain))
        return self.send(self.contracts.register_node(request, signature))

    def leaf(self, node: str, cum_ug: int, *, through_hour: int = 1000, wallet: str | None = None) -> Leaf:
        return Leaf(node, wallet or self.wallet, through_hour, cum_ug, cum_ug * 10**9, 0, ZERO_32)

    def header(self, leaves: Sequence[Leaf]) -> EpochHeader:
        """The next epoch over these leaves, under the present validator set."""
        self.high_ug |= {leaf.node: max(leaf.cum_ug, self.high_ug.get(leaf.node, 0)) for leaf in leaves}
        return EpochHeader(
            epoch=self.contracts.head_epoch() + 1,
            root=StandardTree([leaf.values() for leaf in leaves], LEAF_TYPES).root,
            through_hour=max(leaf.through_hour for leaf in leaves),
            total_ug=sum(leaf.cum_ug for leaf in leaves),
            ceiling_ug=sum(self.high_ug.values()),
            total_tuner=sum(leaf.cum_tuner for leaf in leaves),
            leaf_count=len(leaves),
            data_hash=to_hex(b"\x0d" * 32),
            factor_set=FACTOR_SET,
            set_id=self.contracts.set_id(),
        )

    def votes(self, header: EpochHeader, keys: Sequence[bytes] | None = None) -> list[tuple[str, bytes]]:
        digest = header.digest(self.contracts.poce_domain)
        return [(address_of(key), sign(key, digest)) for key in (keys or self.validator_keys)]

    def report(self, leaves: Sequence[Leaf]) -> EpochHeader:
        """Posts the next epoch with all votes, not before the gap between epochs is over."""
        self.mine(interval_s=int(self.book.parameters["epoch_gap_s"]))
        header = self.header(leaves)
        self.send(self.contracts.report(header, self.votes(header)))
        return header

    def proof(self, leaves: Sequence[Leaf], index: int) -> list[str]:
        return StandardTree([leaf.values() for leaf in leaves], LEAF_TYPES).proof(index)

    def retire_request(self, amount_ug: int, *, nonce: int = 1, claim_hash: str = "0x" + "c1" * 32) -> tuple[Retire, bytes]:
        """A Retire of the wallet's kilograms, and its signature."""
        deadline = self.client.block().timestamp + 3600
        request = Retire(self.wallet, amount_ug, self.wallet, 1, 1000, claim_hash, nonce, deadline)
        return request, sign(self.wallet_key, request.digest(self.contracts.retirement_domain))


def start_anvil(folder: Path, *arguments: str) -> tuple[subprocess.Popen[str], Anvil]:
    """A fresh chain 31337 on a free port of 127.0.0.1."""
    config = folder / "anvil.json"
    process = subprocess.Popen(
        [ROOT / "node_modules" / ".bin" / "anvil", "--host", "127.0.0.1", "--port", "0", "--config-out", config, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := _LISTENING.search(line):
            break
    else:
        raise RuntimeError("anvil did not start:\n" + "".join(said))
    process.stdout.close()
    url = f"http://127.0.0.1:{found[1]}"
    keys = [bytes.fromhex(key.removeprefix("0x")) for key in json.loads(config.read_text())["private_keys"]]
    return process, Anvil(url, process.pid, keys, RpcClient(url))


def stop_anvil(process: subprocess.Popen[str]) -> None:
    """Ends this process and no other."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def anvil(tmp_path: Path) -> Iterator[Anvil]:
    """A fresh anvil: mines a block per transaction and none otherwise."""
    process, chain = start_anvil(tmp_path)
    try:
        yield chain
    finally:
        stop_anvil(process)


@pytest.fixture
def network(anvil: Anvil) -> Network:
    """The contracts deployed on a fresh chain, four validators with equal stake."""
    return make_network(anvil, NETWORKS["local"])


@pytest.fixture
def watched(anvil: Anvil) -> Network:
    """The same with a window of five minutes, so that a slow machine has time to challenge."""
    return make_network(anvil, dataclasses.replace(NETWORKS["local"], window_s=300, epoch_gap_s=10))


def make_network(anvil: Anvil, chosen: ChainChoice, *, owner: str | None = None, factor_set: str = FACTOR_SET) -> Network:
    """Deploys with the parameters of a network, and names every key."""
    keys = anvil.keys
    validator_keys = keys[4:8]
    parameters = DeployParameters(
        network=chosen,
        owner=owner or address_of(keys[0]),
        registrar=address_of(keys[1]),
        guardian=address_of(keys[3]),
        treasury=address_of(keys[8]),
        factor_set=factor_set,
        factor_set_uri="https://example.org/factors",
        validators=tuple(ValidatorGrant(address_of(key), address_of(key), 250_000 * TUNER_UNIT) for key in validator_keys),
    )
    book = deploy(anvil.client, keys[0], parameters)
    return Network(
        anvil=anvil,
        client=anvil.client,
        book=book,
        contracts=Contracts(anvil.client, book),
        deployer_key=keys[0],
        registrar_key=keys[1],
        relayer_key=keys[2],
        guardian_key=keys[3],
        validator_keys=validator_keys,
        wallet_key=keys[9],
        report_key=(7).to_bytes(32, "big"),
    )


@pytest.fixture
def wait_until():
    """Polls until a condition holds; fails after the timeout."""

    def wait(condition, *, timeout_s: float = 20.0, what: str = "the condition"):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.05)
        raise AssertionError(f"{what} did not come true in {timeout_s:g} s")

    return wait
