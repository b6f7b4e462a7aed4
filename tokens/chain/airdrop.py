"""CarbonAirdrop as the rest of the code sees it: rounds, claims alone and in batches, what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from emissions.poce.airdrop import AirdropList, AirdropRound
from emissions.poce.eip712 import Domain
from emissions.poce.hexes import bytes32, to_hex
from emissions.poce.multiproof import Multiproof

from .client import BlockId, Call
from .contracts import Contracts, call_to, struct_values

ROUND = "(uint32,bytes32,uint128,uint32,bytes32,bytes32,uint32)"
LEAF = "(bytes32,address,uint64,uint64,uint128,uint8,bytes32)"

PUSH_SIZE = 200
"""Leaves in one push: with new wallets some 57,000 gas each, so a batch stays below the 16.7 million of EIP-7825."""


class RoundStatus(IntEnum):
    """Where a round stands."""

    NONE = 0
    POSTED = 1
    OPEN = 2
    CLOSED = 3


@dataclass(frozen=True, slots=True)
class RoundRecord:
    """What is kept of a round. Times in unix seconds of chain time."""

    root: str
    total_ug: int
    paid_ug: int
    open_at: int
    deadline: int
    status: RoundStatus


@dataclass(frozen=True, slots=True)
class RetroPaid:
    """The range of a node's hours within which some were paid, and the micrograms."""

    hour_from: int
    hour_through: int
    ug: int


@dataclass(frozen=True)
class Airdrop:
    """The CarbonAirdrop of a network. Reads ask the chain; everything else gives the call that does it."""

    chain: Contracts

    @property
    def address(self) -> str:
        return self.chain.book.airdrop

    @property
    def domain(self) -> Domain:
        """What votes on rounds are made for."""
        return Domain(self.chain.book.chain_id, self.address)

    def round_count(self, *, block: BlockId = "latest") -> int:
        return int(self.chain.read(self.address, "roundCount()", ("uint256",), block=block)[0])

    def round(self, number: int, *, block: BlockId = "latest") -> RoundRecord | None:
        """What is kept of a round, or None when there is none."""
        kinds = ("bytes32", "uint256", "uint256", "uint64", "uint64", "uint8")
        told = self.chain.read(self.address, "roundOf(uint32)", kinds, number, block=block)
        root, total, paid, open_at, deadline, status = told
        if status == RoundStatus.NONE:
            return None
        return RoundRecord(to_hex(root), total, paid, open_at, deadline, RoundStatus(status))

    def paid(self, node: str, *, block: BlockId = "latest") -> RetroPaid | None:
        """What was paid for a node, or None when nothing was."""
        kinds = ("uint64", "uint64", "uint128")
        paid = RetroPaid(*self.chain.read(self.address, "paidOf(bytes32)", kinds, bytes32(node), block=block))
        return paid if paid.hour_through else None

    def post_round(self, attested: AirdropRound, votes: Sequence[tuple[str, bytes]]) -> Call:
        """Posts a round with votes as (signer, signature), in any order."""
        ordered = sorted(votes, key=lambda vote: int(vote[0], 16))
        signatures = b"".join(signature for _, signature in ordered)
        return call_to(self.address, f"postRound({ROUND},bytes)", struct_values(attested.values()), signatures)

    def veto(self, number: int) -> Call:
        """By the guardian: takes a round back before it opens."""
        return call_to(self.address, "veto(uint32)", number)

    def claim(self, listed: AirdropList, node: str) -> Call:
        """Pays a node's leaf to its wallet; anyone may send it. Raises ProofError for a node that is not in the list."""
        proof = [bytes32(item) for item in listed.proof(node)]
        entry = listed.entry(node)
        assert entry is not None
        return call_to(self.address, f"claim(uint32,{LEAF},bytes32[])", listed.round, struct_values(entry.leaf.values()), proof)

    def claim_many(self, listed: AirdropList, proof: Multiproof) -> Call:
        """Pays the leaves that a multiproof is over; those that were paid are skipped."""
        return call_to(
            self.address,
            f"claimMany(uint32,{LEAF}[],bytes32[],bool[])",
            listed.round,
            [struct_values(listed.entries[row].leaf.values()) for row in proof.order],
            [bytes32(item) for item in proof.proof],
            list(proof.flags),
        )

    def pushes(self, listed: AirdropList, *, size: int = PUSH_SIZE) -> list[Call]:
        """The calls that pay a whole list, in batches."""
        return [self.claim_many(listed, proof) for proof in listed.batches(size)]

    def sweep(self, number: int) -> Call:
        """Mints what nobody claimed to the owner of the rules, after the deadline."""
        return call_to(self.address, "sweep(uint32)", number)
