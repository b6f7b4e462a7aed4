"""What the journey costs in gas, held to the design's limits. Run with -s to see the figures."""

from __future__ import annotations

import dataclasses

import pytest

from emissions.poce.keys import address_of, sign
from tokens.chain.contracts import Contracts
from tokens.chain.deploy import DeployParameters, ValidatorGrant, deploy
from tokens.chain.networks import NETWORKS, TUNER_UNIT

pytestmark = pytest.mark.chain

KG = 10**9
NODES = 64

LIMITS = {
    "retire, first": 190_000,
    "retire, later": 150_000,
    "retireBySig, later": 165_000,
    "claim both, later": 105_000,
    "claimMany of 50, later, each": 32_000,
    "report, 4 validators": 125_000,
    "report, 7 validators": 140_000,
    "transfer": 36_000,
}


def _node(place: int) -> str:
    return "0x" + f"{place + 1:064x}"


def test_gas__journey__stays_within_the_limits(network):
    used: dict[str, int] = {}
    contracts = network.contracts

    def attest(kg: int) -> list:
        leaves = [network.leaf(_node(place), (kg + place) * KG) for place in range(NODES)]
        header = network.header(leaves)
        keys = network.validator_keys[:3]
        used["report, 4 validators"] = network.send(contracts.report(header, network.votes(header, keys))).gas_used
        network.pass_window()
        return leaves

    def claim(epoch: int, leaves: list, place: int) -> int:
        return network.send(contracts.claim(epoch, leaves[place], network.proof(leaves, place))).gas_used

    first, second = attest(1000), attest(2000)
    used["claim both, first"] = claim(1, first, 0)
    used["claim both, later"] = claim(2, second, 0)
    proofs = [[network.proof(leaves, place) for place in range(50)] for leaves in (first, second)]
    used["claimMany of 50, first, each"] = network.send(contracts.claim_many(1, first[:50], proofs[0])).gas_used // 50
    used["claimMany of 50, later, each"] = network.send(contracts.claim_many(2, second[:50], proofs[1])).gas_used // 50

    wallet = network.wallet
    for name in ("retire, first", "retire, later"):
        call = contracts.retire(KG, wallet, 484_296, 493_055, "0x" + "c1" * 32)
        used[name] = network.send(call, network.wallet_key).gas_used
    for name, nonce in (("retireBySig, first", 1), ("retireBySig, later", 2)):
        used[name] = network.send(contracts.retire_by_sig(*network.retire_request(KG, nonce=nonce))).gas_used
    holder = address_of(network.anvil.keys[8])
    network.send(contracts.ct02_transfer(holder, 10**18), network.wallet_key)
    used["transfer"] = network.send(contracts.ct02_transfer(holder, 10**18), network.wallet_key).gas_used
    used["report, 7 validators"] = _report_of_seven(network)

    for name, gas in sorted(used.items()):
        print(f"{name:<32} {gas:>9,}")
    over = {name: used[name] for name, limit in LIMITS.items() if used[name] > limit}
    assert not over, over


def _report_of_seven(network) -> int:
    """The second report of a set of seven, five of whom sign."""
    keys = [(1000 + place).to_bytes(32, "big") for place in range(7)]
    owner = address_of(network.deployer_key)
    grants = tuple(ValidatorGrant(address_of(key), address_of(key), 250_000 * TUNER_UNIT) for key in keys)
    parameters = DeployParameters(
        network=NETWORKS["local"], owner=owner, registrar=owner, guardian=owner, treasury=owner,
        factor_set=network.book.parameters["factor_set"], validators=grants,
    )  # fmt: skip
    seven = Contracts(network.client, deploy(network.client, network.deployer_key, parameters))
    other = dataclasses.replace(network, contracts=seven, book=seven.book, high_ug={})
    gas = 0
    for kg in (1, 2):
        header = other.header([other.leaf(_node(0), kg * KG)])
        digest = header.digest(seven.poce_domain)
        votes = [(address_of(key), sign(key, digest)) for key in keys[:5]]
        gas = other.send(seven.report(header, votes)).gas_used
    return gas
