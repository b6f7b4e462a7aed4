"""The airdrop at size: rounds attested by a quorum, pushed in batches, claimed alone, every double claim refused.

Run with -s to see gas and time per claimant. 500 claimants in the normal run, 10,000 in the deep one.
"""

from __future__ import annotations

import random
import time

import pytest

from cloudtuner.errors import ChainError
from emissions.poce.airdrop import AirdropList, RetroEntry, RetroLeaf
from emissions.poce.hexes import ZERO_32, checksum_address
from emissions.poce.keccak import keccak
from emissions.poce.keys import address_of, sign
from emissions.poce.node_id import RegisterNode, provider_hash
from tests.chain.conftest import FACTOR_SET
from tokens.chain.airdrop import Airdrop, RoundStatus
from tokens.chain.networks import DAY_S
from tokens.chain.sender import Fees, sign_call, wait_receipt

pytestmark = pytest.mark.chain

KG = 10**9
FIRST_HOUR = 490_000
HOURS = 8760
GAS_LIMIT = 16_777_216
BLOCK_GAS = 30_000_000


def _node(place: int) -> str:
    return "0x" + keccak(b"airdrop" + place.to_bytes(4, "big")).hex()


def _wallet(place: int) -> str:
    return checksum_address(keccak(b"wallet" + place.to_bytes(4, "big"))[12:])


def _airdrop(market) -> Airdrop:
    return Airdrop(market.network.contracts)


def _send_all(market, calls, *, gas_limit: int = GAS_LIMIT) -> list:
    """Sends without estimating, many at a time, as a relayer that knows its gas does; the receipts in order."""
    client, key = market.client, market.network.relayer_key
    nonce, fees = client.nonce(address_of(key)), Fees(10**12, 1)
    signed = [
        sign_call(call, private_key=key, chain_id=31337, nonce=nonce + place, gas_limit=gas_limit, fees=fees)
        for place, call in enumerate(calls)
    ]
    # One block for as many as fit into it: a block for each would cost more than what is in them.
    fit, receipts = max(1, BLOCK_GAS // gas_limit), []
    client.call_rpc("evm_setAutomine", [False])
    try:
        for start in range(0, len(signed), fit):
            part = signed[start : start + fit]
            for each in part:
                client.send_raw(each.raw)
            client.call_rpc("evm_mine")
            receipts += [wait_receipt(client, each.tx_hash, poll_s=0.01) for each in part]
    finally:
        client.call_rpc("evm_setAutomine", [True])
    failed = [call for call, receipt in zip(calls, receipts, strict=True) if not receipt.succeeded]
    for call in failed[:1]:
        client.call(call)  # says why
    assert not failed
    return receipts


def _register(market, places) -> None:
    network = market.network
    calls = []
    for place in places:
        request = RegisterNode(_node(place), provider_hash("aws"), address_of(network.report_key), _wallet(place), FIRST_HOUR)
        signature = sign(network.registrar_key, request.digest(network.contracts.registry_domain))
        calls.append(network.contracts.register_node(request, signature))
    _send_all(market, calls, gas_limit=400_000)


def _leaves(places) -> list[RetroLeaf]:
    leaves = [
        RetroLeaf(_node(place), _wallet(place), FIRST_HOUR - HOURS, FIRST_HOUR - 1, (1 + place % 97) * KG, 0, ZERO_32)
        for place in places
    ]
    return sorted(leaves, key=lambda leaf: leaf.node)


def _post(market, leaves: list[RetroLeaf]) -> AirdropList:
    """The next round over these leaves, signed by all validators; its window passes."""
    listed = _list(market, leaves)
    market.network.send(_airdrop(market).post_round(listed.header, _votes(market, listed)))
    market.network.pass_window()
    return listed


def _list(market, leaves: list[RetroLeaf]) -> AirdropList:
    book, contracts = market.network.book, market.network.contracts
    return AirdropList(
        chain_id=31337, registry=book.node_registry, round=_airdrop(market).round_count() + 1, factor_set=FACTOR_SET,
        engine=ZERO_32, set_id=contracts.set_id(), entries=tuple(RetroEntry(leaf, ()) for leaf in leaves),
    )  # fmt: skip


def _votes(market, listed: AirdropList, count: int = 4) -> list[tuple[str, bytes]]:
    digest = listed.header.digest(_airdrop(market).domain)
    return [(address_of(key), sign(key, digest)) for key in market.network.validator_keys[:count]]


def _push_everybody(market, count: int, *, self_claims: int) -> None:
    airdrop, wallets = _airdrop(market), range(count)
    _register(market, wallets)
    started = time.perf_counter()
    listed = _post(market, _leaves(wallets))
    built = time.perf_counter() - started
    supply = market.network.contracts.ct02_supply()
    alone = random.Random(7).sample(range(count), self_claims)
    claims = _send_all(market, [airdrop.claim(listed, listed.leaves[row].node) for row in alone], gas_limit=400_000)
    started = time.perf_counter()
    pushes = _send_all(market, airdrop.pushes(listed))
    pushed = time.perf_counter() - started
    total = sum(leaf.ug for leaf in listed.leaves)
    assert market.network.contracts.ct02_supply() - supply == total * 10**9
    record = airdrop.round(listed.round)
    assert (record.paid_ug, record.total_ug, record.status) == (total, total, RoundStatus.OPEN)
    gas = sum(receipt.gas_used for receipt in pushes) // (count - self_claims)
    single = sum(receipt.gas_used for receipt in claims) // self_claims
    print(
        f"{count:,} claimants: list, tree and round {built:.2f} s; pushed in {len(pushes)} batches, {gas:,} gas and "
        f"{pushed / count * 1000:.2f} ms each; {self_claims} claimed alone, {single:,} gas each"
    )
    assert max(receipt.gas_used for receipt in pushes) < GAS_LIMIT
    assert gas < 75_000
    assert single < 130_000
    for row in alone + random.Random(8).sample(range(count), self_claims):
        with pytest.raises(ChainError) as refused:
            market.client.call(airdrop.claim(listed, listed.leaves[row].node))
        assert refused.value.code == "chain.revert.carbon_airdrop_hours_paid"
    again = _send_all(market, airdrop.pushes(listed)[:1])
    assert not any(log["address"].lower() == market.ct02.lower() for log in again[0].logs)
    assert market.network.contracts.ct02_supply() - supply == total * 10**9


def test_airdrop__500_claimants__are_paid_once(market):
    _push_everybody(market, 500, self_claims=40)


@pytest.mark.deep
def test_airdrop__10000_claimants__are_paid_once(market):
    _push_everybody(market, 10_000, self_claims=200)


def test_airdrop__hour_from_the_first_on__is_refused_here_and_paid_by_poce(market):
    airdrop = _airdrop(market)
    _register(market, [0])
    node, wallet = _node(0), _wallet(0)
    inside = RetroLeaf(node, wallet, FIRST_HOUR - 10, FIRST_HOUR, KG, 0, ZERO_32)
    # `build_round` would refuse it; even when validators sign such a list, the contract refuses the leaf.
    network = market.network
    listed = _post(market, [inside])
    with pytest.raises(ChainError) as refused:
        network.send(airdrop.claim(listed, node))
    assert refused.value.code == "chain.revert.carbon_airdrop_bad_hours"
    # The hours before are the airdrop's, once; those after are an epoch's.
    before = _post(market, [RetroLeaf(node, wallet, FIRST_HOUR - 10, FIRST_HOUR - 1, 3 * KG, 0, ZERO_32)])
    network.send(airdrop.claim(before, node))
    assert airdrop.paid(node).hour_through == FIRST_HOUR - 1
    assert network.contracts.claimed(node).ug == 0
    assert network.contracts.ct02_balance(wallet) == 3 * 10**18


def test_airdrop__vetoed_round__never_comes_back_with_its_votes(market):
    airdrop, network = _airdrop(market), market.network
    listed = _list(market, _leaves([1]))
    attested, votes = listed.header, _votes(market, listed)
    network.send(airdrop.post_round(attested, votes))
    network.send(airdrop.veto(1), network.guardian_key)
    assert airdrop.round_count() == 0
    assert airdrop.round(1) is None
    with pytest.raises(ChainError) as refused:
        network.send(airdrop.post_round(attested, votes))
    assert refused.value.code == "chain.revert.carbon_airdrop_vetoed"


def test_airdrop__two_of_four_sign__is_refused(market):
    airdrop, network = _airdrop(market), market.network
    listed = _list(market, _leaves([1]))
    attested, votes = listed.header, _votes(market, listed, 2)
    with pytest.raises(ChainError) as refused:
        network.send(airdrop.post_round(attested, votes))
    assert refused.value.code == "chain.revert.quorum_missing"


def test_airdrop__deadline_passed__rest_goes_to_the_owner_of_the_rules_once(market):
    airdrop, network = _airdrop(market), market.network
    _register(market, [2, 3])
    listed = _post(market, _leaves([2, 3]))
    network.send(airdrop.claim(listed, listed.leaves[0].node))
    with pytest.raises(ChainError):
        network.send(airdrop.sweep(1))
    market.pass_time(DAY_S)
    network.send(airdrop.sweep(1))
    assert network.contracts.ct02_balance(address_of(network.deployer_key)) == listed.leaves[1].ug * 10**9
    for call in (airdrop.sweep(1), airdrop.claim(listed, listed.leaves[1].node)):
        with pytest.raises(ChainError):
            network.send(call)
