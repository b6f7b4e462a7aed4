"""What the network decides: proposals, votes of TUNER in wallets and at stake, the timelock, by typed calls.

A proposal is a list of calls that the timelock makes, with a text. Anyone may queue what passed, and carry it out once
it has waited.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from emissions.poce.hexes import normal_address
from emissions.poce.keccak import keccak

from .abi import decode_values, encode_call, encode_values, topic
from .client import BlockId, Call, RpcClient
from .windows import read_logs

_CALLS = "address[],uint256[],bytes[]"
_CREATED = topic("ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)")
_CREATED_TYPES = (
    "uint256", "address", "address[]", "uint256[]", "string[]", "bytes[]", "uint256", "uint256", "string",
)  # fmt: skip


class ProposalState(IntEnum):
    """Where a proposal stands."""

    PENDING = 0
    ACTIVE = 1
    CANCELED = 2
    DEFEATED = 3
    SUCCEEDED = 4
    QUEUED = 5
    EXPIRED = 6
    EXECUTED = 7


class Support(IntEnum):
    """How an account votes."""

    AGAINST = 0
    FOR = 1
    ABSTAIN = 2


@dataclass(frozen=True)
class Proposal:
    """What is to be done, call by call, and why. The same calls can be proposed again with another text."""

    calls: tuple[Call, ...]
    why: str

    @property
    def proposal_id(self) -> int:
        """The number that follows from calls and text, before anything is sent."""
        return int.from_bytes(keccak(encode_values(("address[]", "uint256[]", "bytes[]", "bytes32"), self.hashed())), "big")

    def lists(self) -> tuple[list[str], list[int], list[bytes]]:
        """Targets, values and calldata, as the governor takes them."""
        return [call.to for call in self.calls], [0] * len(self.calls), [call.data for call in self.calls]

    def hashed(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        """The same and the text's hash, by which a proposal is known."""
        return (*self.lists(), keccak(self.why.encode()))


@dataclass(frozen=True)
class ProposalRecord:
    """A proposal as it was made. Votes count as of `snapshot`; they can be cast from then until `deadline` (chain time)."""

    proposal_id: int
    proposer: str
    proposal: Proposal
    snapshot: int
    deadline: int


@dataclass(frozen=True)
class Tally:
    """Votes cast so far, base units of TUNER."""

    against: int
    in_favour: int
    abstained: int


@dataclass(frozen=True)
class Governance:
    """TunerGovernor. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    governor: str

    def propose(self, proposal: Proposal) -> Call:
        """By an account with enough votes."""
        values = (*proposal.lists(), proposal.why)
        return Call(self.governor, encode_call(f"propose({_CALLS},string)", values))

    def vote(self, proposal_id: int, support: Support, *, reason: str = "") -> Call:
        """Once per account, with all its votes of the snapshot."""
        return Call(self.governor, encode_call("castVoteWithReason(uint256,uint8,string)", (proposal_id, int(support), reason)))

    def queue(self, proposal: Proposal) -> Call:
        """Hands what passed to the timelock."""
        return self._by_hash("queue", proposal)

    def execute(self, proposal: Proposal) -> Call:
        """Has the timelock carry it out, once it has waited."""
        return self._by_hash("execute", proposal)

    def cancel(self, proposal: Proposal) -> Call:
        """By the guardian at any time, by the proposer before votes can be cast."""
        return self._by_hash("cancel", proposal)

    def state(self, proposal_id: int, *, block: BlockId = "latest") -> ProposalState:
        """Raises `chain.revert.governor_nonexistent_proposal` for an unknown number."""
        return ProposalState(self._number("state(uint256)", proposal_id, block=block))

    def tally(self, proposal_id: int, *, block: BlockId = "latest") -> Tally:
        call = Call(self.governor, encode_call("proposalVotes(uint256)", (proposal_id,)))
        return Tally(*decode_values(("uint256",) * 3, self.client.call(call, block=block)))

    def eta(self, proposal_id: int, *, block: BlockId = "latest") -> int:
        """When what is queued can be carried out (chain time); 0 before it is queued."""
        return self._number("proposalEta(uint256)", proposal_id, block=block)

    def quorum(self, timepoint: int, *, block: BlockId = "latest") -> int:
        """The votes for and abstained that a decision of that moment needs, base units."""
        return self._number("quorum(uint256)", timepoint, block=block)

    def votes(self, account: str, timepoint: int, *, block: BlockId = "latest") -> int:
        """An account's votes at a past moment, in its wallet (delegated to it) and at stake together, base units."""
        return self._number("getVotes(address,uint256)", account, timepoint, block=block)

    def threshold(self, *, block: BlockId = "latest") -> int:
        """The votes that proposing needs, base units."""
        return self._number("proposalThreshold()", block=block)

    def proposals(self, *, from_block: int) -> list[ProposalRecord]:
        """Every proposal made since a block, oldest first."""
        head = self.client.block_number()
        logs = read_logs(self.client, [self.governor], first=from_block, last=head, topics=[[_CREATED]])
        return [_record(log["data"]) for log in logs]

    def _by_hash(self, name: str, proposal: Proposal) -> Call:
        return Call(self.governor, encode_call(f"{name}({_CALLS},bytes32)", proposal.hashed()))

    def _number(self, signature: str, *values: object, block: BlockId) -> int:
        data = self.client.call(Call(self.governor, encode_call(signature, values)), block=block)
        return int(decode_values(("uint256",), data)[0])


def delegate(token: str, account: str) -> Call:
    """Has the sender's TUNER vote through an account, its own as a rule; without it TUNER in a wallet has no vote."""
    return Call(token, encode_call("delegate(address)", (account,)))


def _record(data: str) -> ProposalRecord:
    values = decode_values(_CREATED_TYPES, bytes.fromhex(data.removeprefix("0x")))
    proposal_id, proposer, targets, _, _, datas, snapshot, deadline, why = values
    return ProposalRecord(proposal_id, normal_address(proposer), Proposal(_calls(targets, datas), why), snapshot, deadline)


def _calls(targets: Sequence[str], datas: Sequence[bytes]) -> tuple[Call, ...]:
    return tuple(Call(normal_address(to), data) for to, data in zip(targets, datas, strict=True))
