"""A vote from proposal to effect: Oracle Cloud and a factor set, by stakers and holders, through the timelock."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainError
from emissions.poce.keys import address_of
from tokens.chain import deploy_market
from tokens.chain.governance import Governance, Proposal, ProposalState, Support, delegate
from tokens.chain.networks import NETWORKS, TUNER_UNIT
from tokens.market.account import Account

pytestmark = pytest.mark.chain

DOLLAR = "0x" + "d0" * 20
NEW_SET = "0x" + "0c1a" * 16


@pytest.fixture
def governed(anvil, make_network):
    """A core that the timelock owns from its first moment, and the governance around it."""
    deployer = address_of(anvil.keys[8])
    around = deploy_market.addresses(deployer=deployer, first_nonce=0)
    network = make_network(anvil, owner=around["timelock"])
    parameters = deploy_market.MarketParameters(
        network=NETWORKS["local"], core=network.book.contracts, guardian=address_of(network.guardian_key),
        poster=deployer, dollar=DOLLAR,
    )  # fmt: skip
    made, _ = deploy_market.deploy_market(anvil.client, anvil.keys[8], parameters)
    assert made.contracts["timelock"] == around["timelock"]
    return network, Governance(anvil.client, made.contracts["governor"])


def _staked(network, amount: int) -> None:
    """The treasury puts more at stake for the four validators, evenly, from now on."""
    treasury = Account(network.client, 31337, network.anvil.keys[8])
    treasury.send(network.contracts.tuner_approve(network.book.validator_set, amount))
    for key in network.validator_keys:
        treasury.send(network.contracts.stake(address_of(key), amount // 4, address_of(key)))


def _pass(network, governance: Governance, proposal: Proposal, voters) -> None:
    """Proposed, voted for, queued and carried out."""
    number = proposal.proposal_id
    network.send(governance.propose(proposal), voters[0])
    assert governance.state(number) == ProposalState.PENDING
    network.mine(2, interval_s=6)
    for key in voters:
        network.send(governance.vote(number, Support.FOR), key)
    network.mine(2, interval_s=40)
    assert governance.state(number) == ProposalState.SUCCEEDED
    network.send(governance.queue(proposal))
    assert governance.state(number) == ProposalState.QUEUED
    with pytest.raises(ChainError):
        network.send(governance.execute(proposal))
    network.mine(2, interval_s=6)
    network.send(governance.execute(proposal))
    assert governance.state(number) == ProposalState.EXECUTED


def test_proposal__oracle_cloud_and_its_factors__takes_effect_and_lets_nodes_in(governed):
    network, governance = governed
    contracts = network.contracts
    _staked(network, 480_000_000 * TUNER_UNIT)
    from_hour = network.client.block().timestamp // 3600 + 24
    proposal = Proposal(
        (
            contracts.set_provider("oci", allowed=True),
            contracts.publish_factor_set(NEW_SET, from_hour, "https://example.org/2026-oci"),
        ),
        "Accept Oracle Cloud from tomorrow on, by the factor set 2026-oci.",
    )
    with pytest.raises(ChainError):  # nobody else can
        network.send(contracts.set_provider("oci", allowed=True), network.deployer_key)
    network.mine()
    _pass(network, governance, proposal, network.validator_keys[:2])
    assert contracts.provider_allowed("oci")
    assert contracts.factor_set_at(from_hour) == NEW_SET
    assert contracts.factor_set_at(from_hour - 1) != NEW_SET
    (record,) = governance.proposals(from_block=0)
    assert record.proposal == proposal
    assert record.proposal_id == proposal.proposal_id
    assert record.proposer == address_of(network.validator_keys[0])


def test_votes__four_fifths_of_what_circulates_at_stake__reach_the_quorum_without_wallets(governed):
    network, governance = governed
    _staked(network, 480_000_000 * TUNER_UNIT)
    network.mine()
    moment = network.client.block().timestamp - 1
    voter = address_of(network.validator_keys[0])
    assert network.contracts.tuner_balance(voter) == 0
    assert governance.votes(voter, moment) == 120_250_000 * TUNER_UNIT
    assert governance.quorum(moment) == 40_000_000 * TUNER_UNIT
    treasury = Account(network.client, 31337, network.anvil.keys[8])
    assert governance.votes(treasury.address, moment) == 0
    treasury.send(delegate(network.book.tuner, treasury.address))
    network.mine()
    held = network.contracts.tuner_balance(treasury.address)
    assert governance.votes(treasury.address, network.client.block().timestamp - 1) == held


def test_proposal__guardian_cancels__never_happens(governed):
    network, governance = governed
    _staked(network, 480_000_000 * TUNER_UNIT)
    network.mine()
    proposal = Proposal((network.contracts.set_provider("oci", allowed=True),), "A hasty one.")
    network.send(governance.propose(proposal), network.validator_keys[0])
    network.mine(2, interval_s=6)
    network.send(governance.vote(proposal.proposal_id, Support.FOR), network.validator_keys[0])
    network.send(governance.cancel(proposal), network.guardian_key)
    assert governance.state(proposal.proposal_id) == ProposalState.CANCELED
    assert not network.contracts.provider_allowed("oci")
    tally = governance.tally(proposal.proposal_id)
    assert (tally.in_favour, tally.against) == (120_250_000 * TUNER_UNIT, 0)
