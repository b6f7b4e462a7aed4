"""What the journey costs in gas, cold, each transaction in a block of its own, held to limits and to the snapshot.

`make gas` writes the snapshot, tokens/contracts/gas.json; the test fails when a figure rises above it by a hundredth.
"""

from __future__ import annotations

import dataclasses
import json
import os

import pytest

from emissions.poce.keys import address_of, sign
from tokens.chain.contracts import Contracts
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.contracts import build

pytestmark = pytest.mark.chain

KG = 10**9
NODES = 64
SNAPSHOT = build.HERE / "gas.json"

LIMITS = {
    "retire_certificate_later": 150_000,
    "retire_event_only": 55_000,
    "retire_by_sig": 165_000,
    "claim_both_later": 105_000,
    "claim_many_50_per_node": 30_000,
    "report_4": 120_000,
    "report_7": 140_000,
    "report_16": 190_000,
    "transfer_existing": 36_000,
}


def test_gas__journey__stays_within_the_limits_and_the_snapshot(network):
    used = {
        **_claims(network),
        **_retirements(network),
        **{f"report_{count}": _report_of(network, count) for count in (4, 7, 16)},
    }
    assert set(used) == set(LIMITS)
    for name, gas in sorted(used.items()):
        print(f"{name:<26} {gas:>8,}  limit {LIMITS[name]:>8,}")
    over = {name: used[name] for name, limit in LIMITS.items() if used[name] > limit}
    assert not over, over
    if os.environ.get("GAS_SNAPSHOT") == "write":
        SNAPSHOT.write_text(json.dumps({name: used[name] for name in LIMITS}, indent=2) + "\n", encoding="utf-8")
    known = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert set(known) == set(LIMITS)
    risen = {name: (known[name], gas) for name, gas in used.items() if gas > known[name] * 1.01}
    assert not risen, f"dearer than the snapshot (was, is): {risen}; `make gas` writes it anew"


def _claims(network) -> dict[str, int]:
    """Second claims of nodes, single and fifty at once, from trees of 64 leaves; both tokens are paid."""
    contracts = network.contracts
    gas = {}
    for epoch, kg in ((1, 1000), (2, 2000)):
        leaves = [network.leaf(_node(place), (kg + place) * KG) for place in range(NODES)]
        header = network.header(leaves)
        network.send(contracts.report(header, network.votes(header)))
        network.pass_window()
        single = contracts.claim(epoch, leaves[60], network.proof(leaves, 60))
        gas["claim_both_later"] = network.send(single).gas_used
        proofs = [network.proof(leaves, place) for place in range(50)]
        gas["claim_many_50_per_node"] = network.send(contracts.claim_many(epoch, leaves[:50], proofs)).gas_used // 50
    return gas


def _retirements(network) -> dict[str, int]:
    """Later retirements of one holder in each of the three ways, and a transfer to somebody who holds CT02."""
    contracts, wallet, claim_hash = network.contracts, network.wallet, "0x" + "c1" * 32
    gas = {}
    for nonce in (1, 2):
        call = contracts.retire(KG, wallet, 484_296, 493_055, claim_hash)
        gas["retire_certificate_later"] = network.send(call, network.wallet_key).gas_used
        gas["retire_by_sig"] = network.send(contracts.retire_by_sig(*network.retire_request(KG, nonce=nonce))).gas_used
        call = contracts.retire_without_certificate(KG, wallet, 484_296, 493_055, claim_hash)
        gas["retire_event_only"] = network.send(call, network.wallet_key).gas_used
        call = contracts.ct02_transfer(address_of(network.anvil.keys[8]), 10**18)
        gas["transfer_existing"] = network.send(call, network.wallet_key).gas_used
    return gas


def _report_of(network, count: int) -> int:
    """The second report of a set of this many validators; just over two thirds sign."""
    keys = [(1000 * count + place).to_bytes(32, "big") for place in range(count)]
    owner = address_of(network.deployer_key)
    grants = tuple(ValidatorGrant(address_of(key), address_of(key), 250_000 * TUNER_UNIT) for key in keys)
    parameters = DeployParameters(
        network=NETWORKS["local"], owner=owner, registrar=owner, guardian=owner, treasury=owner,
        factor_set=network.book.parameters["factor_set"], validators=grants,
    )  # fmt: skip
    made = Contracts(network.client, deploy(network.client, network.deployer_key, parameters))
    other = dataclasses.replace(network, contracts=made, book=made.book, high_ug={})
    gas = 0
    for kg in (1, 2):
        header = other.header([other.leaf(_node(0), kg * KG)])
        digest = header.digest(made.poce_domain)
        votes = [(address_of(key), sign(key, digest)) for key in keys[: count * 2 // 3 + 1]]
        gas = other.send(made.report(header, votes)).gas_used
        other.pass_window()
    return gas


def _node(place: int) -> str:
    return "0x" + f"{place + 1:064x}"
