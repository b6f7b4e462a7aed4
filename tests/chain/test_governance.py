"""The seed's vote, from end to end: Oracle Cloud and its factors are proposed, voted in, and then an OCI bill counts.

A holder votes with TUNER in its wallet, a staker with TUNER at stake; neither has enough votes alone. And what votes come
to when nearly all is at stake, and when the guardian cancels.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudtuner.errors import ChainError, FactorError
from emissions import sample_exports
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.poce.keys import address_of
from emissions.poce.node_id import node_id
from emissions.sample_uses import OCI_USES
from tests.chain.conftest import Network, make_network
from tokens.chain import deploy_market
from tokens.chain.governance import Governance, Proposal, ProposalState, Support, delegate
from tokens.chain.networks import DAY_S, HOUR_S, NETWORKS, TUNER_UNIT
from tokens.chain.sender import transact

pytestmark = pytest.mark.chain

NETWORK_KEY = b"\x5e" * 32
QUORUM = 40_000_000 * TUNER_UNIT
HELD, STAKED = 25_000_000 * TUNER_UNIT, 24_750_000 * TUNER_UNIT


@pytest.fixture
def governed(anvil) -> tuple[Network, Governance]:
    """A core that the timelock owns from its first moment; a holder with HELD TUNER and a staker with as much at stake."""
    treasury_key, staker_key = anvil.keys[8], anvil.keys[4]
    around = deploy_market.addresses(deployer=address_of(treasury_key), first_nonce=0)
    network = make_network(anvil, NETWORKS["local"], owner=around["timelock"], factor_set=load_factor_set().id)
    parameters = deploy_market.MarketParameters(
        network=NETWORKS["local"], core=network.book.contracts, guardian=address_of(network.guardian_key),
        poster=address_of(treasury_key), dollar="0x" + "d0" * 20,
    )  # fmt: skip
    made, _ = deploy_market.deploy_market(anvil.client, treasury_key, parameters)
    assert made.contracts["timelock"] == around["timelock"]
    contracts, staker = network.contracts, address_of(staker_key)
    network.send(contracts.tuner_transfer(network.wallet, HELD), treasury_key)
    network.send(delegate(network.book.tuner, network.wallet), network.wallet_key)
    network.send(contracts.tuner_approve(network.book.validator_set, STAKED), treasury_key)
    network.send(contracts.stake(staker, STAKED, staker), treasury_key)
    network.mine()
    return network, Governance(anvil.client, made.contracts["governor"])


def _oci_bill(path: Path, start: datetime) -> Path:
    """The sample month of Oracle Cloud, moved so that it begins at `start`."""
    moved = start - OCI_USES[0].start
    uses = tuple(replace(use, start=use.start + moved) for use in OCI_USES)
    path.write_bytes(sample_exports.csv_bytes(sample_exports.oci_rows(uses)))
    return path


def test_vote__holder_and_staker_add_oracle_cloud__node_enters_and_its_bill_counts(governed, tmp_path):
    network, governance = governed
    contracts, staker_key = network.contracts, network.validator_keys[0]
    genesis, with_oci = load_factor_set(), load_factor_set("2026-oci")
    account = OCI_USES[0].account
    node = node_id(NETWORK_KEY, "oci", account)

    # Before: no node of Oracle Cloud, and no kilogram for its bill.
    with pytest.raises(ChainError) as refused:
        network.register(node, provider="oci")
    assert refused.value.code == "chain.revert.node_registry_provider_not_allowed"
    with pytest.raises(ChainError):  # whoever deployed it cannot decide it
        network.send(contracts.set_provider("oci", allowed=True), network.deployer_key)
    now = network.client.block().timestamp
    from_hour = (now // DAY_S + 2) * 24
    bill = _oci_bill(tmp_path / "oci.csv", datetime.fromtimestamp(from_hour * HOUR_S, UTC))
    assert contracts.factor_set_at(from_hour) == genesis.id
    with pytest.raises(FactorError):
        estimate([bill], factor_set=genesis)

    # The vote: each alone is below the quorum, together they are above it.
    proposal = Proposal(
        (
            contracts.set_provider("oci", allowed=True),
            contracts.publish_factor_set(with_oci.id, from_hour, "https://example.org/factors/2026-oci"),
        ),
        "Accept Oracle Cloud, with the factor set 2026-oci.",
    )
    number = proposal.proposal_id
    network.send(governance.propose(proposal), staker_key)
    assert governance.state(number) == ProposalState.PENDING
    network.mine(2, interval_s=6)
    network.send(governance.vote(number, Support.FOR, reason="Our bills are there."), network.wallet_key)
    assert governance.tally(number).in_favour == HELD < QUORUM
    network.send(governance.vote(number, Support.FOR), staker_key)
    (record,) = governance.proposals(from_block=0)
    assert (record.proposal, record.proposal_id, record.proposer) == (proposal, number, address_of(staker_key))
    assert governance.tally(number).in_favour == HELD + STAKED + 250_000 * TUNER_UNIT
    assert governance.quorum(record.snapshot) == QUORUM
    network.mine(2, interval_s=40)
    assert governance.state(number) == ProposalState.SUCCEEDED
    network.send(governance.queue(proposal))
    assert governance.state(number) == ProposalState.QUEUED
    with pytest.raises(ChainError):  # the timelock lets nobody hurry
        network.send(governance.execute(proposal))
    network.mine(2, interval_s=6)
    network.send(governance.execute(proposal))
    assert governance.state(number) == ProposalState.EXECUTED

    # After: the node enters, and the set that the registry gives for the bill's hours values it.
    network.register(node, provider="oci", first_hour=from_hour)
    assert contracts.node(node).first_hour == from_hour
    answering = contracts.factor_set_at(from_hour)
    assert answering == with_oci.id
    with estimate([bill], factor_set=load_factor_set(answering)) as after:
        assert after.bill.provider == "oci"
        assert after.ug > 0
        assert after.counts.quarantined == 0
        assert account in {found.account for found in after.accounts}
    # Hours that were before the vote keep the set they had.
    assert contracts.factor_set_at(from_hour - 1) == genesis.id


def test_vote__staker_alone__stays_below_the_quorum(governed):
    network, governance = governed
    proposal = Proposal((network.contracts.set_provider("oci", allowed=True),), "Mine alone.")
    network.send(governance.propose(proposal), network.validator_keys[0])
    network.mine(2, interval_s=6)
    network.send(governance.vote(proposal.proposal_id, Support.FOR), network.validator_keys[0])
    network.mine(2, interval_s=40)
    assert governance.state(proposal.proposal_id) == ProposalState.DEFEATED
    with pytest.raises(ChainError):
        transact(network.client, governance.queue(proposal), private_key=network.relayer_key, chain_id=network.book.chain_id)
    assert not network.contracts.provider_allowed("oci")


def test_votes__four_fifths_of_what_circulates_at_stake__reach_the_quorum_without_wallets(governed):
    network, governance = governed
    contracts, treasury_key, more = network.contracts, network.anvil.keys[8], 480_000_000 * TUNER_UNIT
    network.send(contracts.tuner_approve(network.book.validator_set, more), treasury_key)
    for key in network.validator_keys:
        network.send(contracts.stake(address_of(key), more // 4, address_of(key)), treasury_key)
    network.mine()
    moment = network.client.block().timestamp - 1
    voter, treasury = address_of(network.validator_keys[1]), address_of(treasury_key)
    assert contracts.tuner_balance(voter) == 0
    assert governance.votes(voter, moment) == 120_250_000 * TUNER_UNIT
    assert governance.quorum(moment) == QUORUM
    assert governance.votes(treasury, moment) == 0
    network.send(delegate(network.book.tuner, treasury), treasury_key)
    network.mine()
    held = contracts.tuner_balance(treasury)
    assert governance.votes(treasury, network.client.block().timestamp - 1) == held


def test_proposal__guardian_cancels__never_happens(governed):
    network, governance = governed
    proposal = Proposal((network.contracts.set_provider("oci", allowed=True),), "A hasty one.")
    network.send(governance.propose(proposal), network.validator_keys[0])
    network.mine(2, interval_s=6)
    network.send(governance.vote(proposal.proposal_id, Support.FOR), network.validator_keys[0])
    network.send(governance.cancel(proposal), network.guardian_key)
    assert governance.state(proposal.proposal_id) == ProposalState.CANCELED
    assert not network.contracts.provider_allowed("oci")
    tally = governance.tally(proposal.proposal_id)
    assert (tally.in_favour, tally.against) == (STAKED + 250_000 * TUNER_UNIT, 0)
