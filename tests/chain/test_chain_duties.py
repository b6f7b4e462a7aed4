"""Watchers, the guardian and validators at work on a chain: challenges, holds, fees and staked votes."""

from __future__ import annotations

import dataclasses

import pytest

from emissions.poce.hexes import ZERO_32
from emissions.poce.keys import address_of
from tokens.chain import duties
from tokens.chain.decoding import decode
from tokens.chain.events import EpochChallenged, EpochRejected, FeesCredited, FeesSettled, Slashed
from tokens.chain.networks import TUNER_UNIT
from tokens.chain.reverts import ContractRefused

pytestmark = pytest.mark.chain

NODE = "0x" + "a1" * 32
KG = 10**9
STAKE = 250_000 * TUNER_UNIT
CAP_UG = 10**13


def test_over_cap__challenged_by_a_watcher__it_and_later_epochs_go_and_signers_pay(watched):
    network = watched
    contracts = network.contracts
    network.register(NODE, first_hour=901)
    good = network.leaf(NODE, 5 * KG)
    network.report([good])
    network.pass_window()
    over = network.leaf(NODE, 100 * CAP_UG + 1)
    assert duties.node_ceiling_ug(contracts, NODE, 1000, network.client.block().timestamp) == 100 * CAP_UG

    network.report([over])
    network.report([over])
    with pytest.raises(ContractRefused) as honest:
        network.send(duties.challenge_over_cap(contracts, 1, good, []))
    assert honest.value.code == "chain.revert.poce_not_pending"
    receipt = network.send(duties.challenge_over_cap(contracts, 2, over, []))
    found = decode(receipt.logs, network.book)
    challenged = next(event for event in found if isinstance(event, EpochChallenged))
    assert (challenged.epoch, challenged.node, challenged.reason) == (2, NODE, 3)
    assert challenged.slashed == 4 * STAKE // 5
    assert [event.epoch for event in found if isinstance(event, EpochRejected)] == [2, 3]
    assert len([event for event in found if isinstance(event, Slashed)]) == 4
    assert contracts.tuner_balance(address_of(network.relayer_key)) == 4 * STAKE // 50
    assert (contracts.head_epoch(), contracts.epoch(2)) == (1, None)
    network.send(contracts.claim(1, good, []))
    assert contracts.ct02_balance(network.wallet) == 5 * 10**18


def test_wrong_wallet_and_duplicate_and_regression__challenged__rejected(watched):
    network = watched
    contracts = network.contracts
    network.register(NODE)
    stolen = network.leaf(NODE, KG, wallet=address_of(network.relayer_key))
    network.report([stolen])
    network.send(duties.challenge_wallet(contracts, 1, stolen, []))
    assert contracts.head_epoch() == 0
    twice = [network.leaf(NODE, KG), network.leaf(NODE, 2 * KG)]
    header = network.header(twice)
    header = dataclasses.replace(header, ceiling_ug=header.total_ug)
    network.send(contracts.report(header, network.votes(header)))
    proofs = [network.proof(twice, place) for place in range(2)]
    network.send(duties.challenge_duplicate(contracts, 1, twice[0], proofs[0], twice[1], proofs[1]))
    assert contracts.head_epoch() == 0
    network.report([network.leaf(NODE, KG)])
    fell = dataclasses.replace(network.leaf(NODE, KG), through_hour=999)
    other = network.leaf("0x" + "b2" * 32, KG)
    network.report([fell, other])
    proof = network.proof([fell, other], 0)
    network.send(duties.challenge_regression(contracts, 2, fell, proof, 1, network.leaf(NODE, KG), []))
    assert contracts.head_epoch() == 1


def test_hold__by_the_guardian__claims_wait_until_released(network):
    contracts = network.contracts
    leaf = network.leaf(NODE, 5 * KG)
    network.report([leaf])
    network.pass_window()
    network.send(duties.hold_node(contracts, NODE, 3600, ZERO_32), network.guardian_key)
    assert duties.held_until(contracts, NODE) > network.client.block().timestamp
    with pytest.raises(ContractRefused, match="wait until") as held:
        network.send(contracts.claim(1, leaf, []))
    assert held.value.code == "chain.revert.poce_node_held"
    network.send(duties.release_node(contracts, NODE), network.guardian_key)
    network.send(contracts.claim(1, leaf, []))


def test_fees__settled_once__signers_and_submitter_are_paid(network):
    contracts = network.contracts
    stakers = [address_of(key) for key in network.validator_keys]
    network.report([network.leaf(NODE, KG)])
    set_id, signers, submitter = duties.attestation(contracts, 1)
    assert (set_id, signers, submitter) == (contracts.set_id(), 0b1111, address_of(network.relayer_key))
    network.pass_window()
    before = duties.budget_left(contracts)
    receipt = network.send(duties.settle_fees(contracts, [1]))
    found = decode(receipt.logs, network.book)
    settled = next(event for event in found if isinstance(event, FeesSettled))
    assert (settled.epoch, settled.fee, settled.refund) == (1, 100 * TUNER_UNIT, 5 * TUNER_UNIT)
    assert {event.staker: event.amount for event in found if isinstance(event, FeesCredited)} == dict.fromkeys(
        stakers, 25 * TUNER_UNIT
    )
    assert duties.budget_left(contracts) == before - 105 * TUNER_UNIT
    network.send(duties.claim_fees(contracts, stakers[0]))
    assert contracts.tuner_balance(stakers[0]) == 25 * TUNER_UNIT
    assert [duties.fees_of(contracts, staker) for staker in stakers] == [0, *[25 * TUNER_UNIT] * 3]
    with pytest.raises(ContractRefused) as again:
        network.send(duties.settle_fees(contracts, [1]))
    assert again.value.code == "chain.revert.poce_nothing_to_settle"


def test_staked_tuner__keeps_its_vote(network):
    contracts = network.contracts
    staker = address_of(network.validator_keys[0])
    assert duties.staked_votes(contracts, staker) == STAKE
    network.send(contracts.request_unstake(STAKE), network.validator_keys[0])
    assert duties.staked_votes(contracts, staker) == STAKE


def test_owner__sets_rules_within_bounds__others_are_refused(network):
    contracts = network.contracts
    calls = [
        duties.set_min_stake(contracts, 200_000 * TUNER_UNIT),
        duties.set_node_hour_cap(contracts, 10**12),
        duties.set_reward_parameters(contracts, budget_bp=500, epoch_fee=TUNER_UNIT, submitter_refund=0),
        contracts.set_provider("oci", allowed=True),
    ]
    for call in calls:
        with pytest.raises(ContractRefused) as refused:
            network.send(call)
        assert refused.value.code == "chain.revert.ownable_unauthorized_account"
        network.send(call, network.deployer_key)
    network.register(NODE, provider="oci")
    with pytest.raises(ContractRefused):
        network.send(duties.set_min_stake(contracts, 1), network.deployer_key)
