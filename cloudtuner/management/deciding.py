"""The demo's vote: the registry is handed to the timelock, and TUNER in a wallet and at stake lets Oracle Cloud in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from cloudtuner.clock import hour_text
from cloudtuner.units import kg_text, token_text
from emissions import sample_exports
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.poce.keys import address_of, sign
from emissions.poce.node_id import RegisterNode, node_id, provider_hash
from emissions.sample_uses import OCI_USES
from tokens.chain.client import RpcClient
from tokens.chain.contracts import Contracts, call_to
from tokens.chain.deploy_market import LOCAL_PACE
from tokens.chain.governance import Governance, Proposal, ProposalState, Support, delegate
from tokens.chain.networks import DAY_S, HOUR_S
from tokens.market.account import Account

_NOTICE_DAYS = 31
_SET = "2026-oci"


@dataclass
class Decision:
    """One proposal by `holder`, who owns the registry until the timelock does."""

    client: RpcClient
    contracts: Contracts
    governor: str
    holder: Account
    folder: Path
    wait: Callable[[int], None]

    def propose(self, timelock: str) -> None:
        """Delegates, offers the registry to the timelock, and proposes that it takes it and lets Oracle Cloud in."""
        registry = self.contracts.book.node_registry
        self.holder.send(delegate(self.contracts.book.tuner, self.holder.address))
        self.holder.send(call_to(registry, "transferOwnership(address)", timelock))
        self.from_hour = (self.client.block().timestamp // DAY_S + _NOTICE_DAYS) * 24
        self.proposal = Proposal(
            (
                call_to(registry, "acceptOwnership()"),
                self.contracts.set_provider("oci", allowed=True),
                self.contracts.publish_factor_set(load_factor_set(_SET).id, self.from_hour, f"factors/{_SET}"),
            ),
            f"Take the registry over and accept Oracle Cloud, with the factor set {_SET}.",
        )
        self.wait(1)
        self.holder.send(self._governance.propose(self.proposal))
        self.wait(LOCAL_PACE.voting_delay + 1)

    def vote(self, staker: Account) -> None:
        """The holder with TUNER in its wallet, a validator with TUNER at stake."""
        number = self.proposal.proposal_id
        self.holder.send(self._governance.vote(number, Support.FOR))
        held = self._governance.tally(number).in_favour
        staker.send(self._governance.vote(number, Support.FOR))
        self.votes = (held, self._governance.tally(number).in_favour - held)

    def finish(self, registrar_key: bytes, network_key: bytes) -> tuple[str, bool, str]:
        """Queues and executes; then a node of Oracle Cloud enters and its bill is valued. Text, pass, transaction."""
        governance, number = self._governance, self.proposal.proposal_id
        while governance.state(number) == ProposalState.ACTIVE:
            self.wait(2)
        self.holder.send(governance.queue(self.proposal))
        self.wait(LOCAL_PACE.timelock + 1)
        receipt = self.holder.send(governance.execute(self.proposal))
        answering = self.contracts.factor_set_at(self.from_hour)
        self._enter(registrar_key, network_key)
        ug = self._bill_ug(answering)
        passed = (
            governance.state(number) == ProposalState.EXECUTED
            and self.contracts.provider_allowed("oci")
            and answering == load_factor_set(_SET).id
            and min(self.votes) > 0
            and ug > 0
        )
        text = (
            f"{token_text(self.votes[0], places=0)} votes by a wallet and {token_text(self.votes[1], places=0)} by stake; "
            f"the timelock owns the registry, {_SET} answers from {hour_text(self.from_hour)}, "
            f"an OCI node is in and its bill is estimated at {kg_text(ug)}"
        )
        return text, passed, receipt.tx_hash

    @property
    def _governance(self) -> Governance:
        return Governance(self.client, self.governor)

    def _enter(self, registrar_key: bytes, network_key: bytes) -> None:
        node, address = node_id(network_key, "oci", OCI_USES[0].account), address_of(self.holder.key)
        request = RegisterNode(node, provider_hash("oci"), address, address, self.from_hour)
        signature = sign(registrar_key, request.digest(self.contracts.registry_domain))
        self.holder.send(self.contracts.register_node(request, signature))

    def _bill_ug(self, factor_set: str) -> int:
        """The sample month of Oracle Cloud from the first hour of the new set on, by the set that the registry names."""
        moved = datetime.fromtimestamp(self.from_hour * HOUR_S, UTC) - OCI_USES[0].start
        uses = tuple(replace(use, start=use.start + moved) for use in OCI_USES)
        path = self.folder / "oci.csv"
        path.write_bytes(sample_exports.csv_bytes(sample_exports.oci_rows(uses)))
        with estimate([path], factor_set=load_factor_set(factor_set)) as result:
            return result.ug
