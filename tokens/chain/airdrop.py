"""CarbonAirdrop as the rest of the code sees it: rounds, claims alone and in batches, what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from emissions.poce.airdrop import AirdropList, AirdropRound, RetroLeaf
from emissions.poce.eip712 import Domain
from emissions.poce.hexes import bytes32, to_hex
from emissions.poce.multiproof import Multiproof

from .abi import decode_values, encode_call
from .client import BlockId, Call, RpcClient

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
    """One CarbonAirdrop. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    chain_id: int
    address: str

    @property
    def domain(self) -> Domain:
        """What votes on rounds are made for."""
        return Domain(self.chain_id, self.address)

    def round_count(self, *, block: BlockId = "latest") -> int:
        data = self.client.call(Call(self.address, encode_call("roundCount()")), block=block)
        return int(decode_values(("uint256",), data)[0])

    def round(self, number: int, *, block: BlockId = "latest") -> RoundRecord | None:
        """What is kept of a round, or None when there is none."""
        kinds = ("bytes32", "uint256", "uint256", "uint64", "uint64", "uint8")
        data = self.client.call(Call(self.address, encode_call("roundOf(uint32)", (number,))), block=block)
        root, total, paid, open_at, deadline, status = decode_values(kinds, data)
        if status == RoundStatus.NONE:
            return None
        return RoundRecord(to_hex(root), total, paid, open_at, deadline, RoundStatus(status))

    def paid(self, node: str, *, block: BlockId = "latest") -> RetroPaid | None:
        """What was paid for a node, or None when nothing was."""
        data = self.client.call(Call(self.address, encode_call("paidOf(bytes32)", (bytes32(node),))), block=block)
        hour_from, hour_through, ug = decode_values(("uint64", "uint64", "uint128"), data)
        return RetroPaid(hour_from, hour_through, ug) if hour_through else None

    def post_round(self, attested: AirdropRound, votes: Sequence[tuple[str, bytes]]) -> Call:
        """Posts a round with votes as (signer, signature), in any order."""
        ordered = sorted(votes, key=lambda vote: int(vote[0], 16))
        values = (_round_values(attested), b"".join(signature for _, signature in ordered))
        return Call(self.address, encode_call(f"postRound({ROUND},bytes)", values))

    def veto(self, number: int) -> Call:
        """By the guardian: takes a round back before it opens."""
        return Call(self.address, encode_call("veto(uint32)", (number,)))

    def claim(self, number: int, leaf: RetroLeaf, proof: Sequence[str]) -> Call:
        """Pays one leaf to its wallet; anyone may send it."""
        values = (number, _leaf_values(leaf), [bytes32(item) for item in proof])
        return Call(self.address, encode_call(f"claim(uint32,{LEAF},bytes32[])", values))

    def claim_many(self, number: int, leaves: Sequence[RetroLeaf], proof: Multiproof) -> Call:
        """Pays the leaves that a multiproof is over; `leaves` are the whole list, the proof names its rows."""
        values = (
            number,
            [_leaf_values(leaves[row]) for row in proof.order],
            [bytes32(item) for item in proof.proof],
            list(proof.flags),
        )
        return Call(self.address, encode_call(f"claimMany(uint32,{LEAF}[],bytes32[],bool[])", values))

    def pushes(self, listed: AirdropList, *, size: int = PUSH_SIZE) -> list[Call]:
        """The calls that pay a whole list, in batches."""
        return [self.claim_many(listed.round, listed.leaves, proof) for proof in listed.batches(size)]

    def sweep(self, number: int) -> Call:
        """Mints what nobody claimed to the treasury, after the deadline."""
        return Call(self.address, encode_call("sweep(uint32)", (number,)))


def _round_values(attested: AirdropRound) -> tuple[object, ...]:
    return (
        attested.round, bytes32(attested.root), attested.total_ug, attested.leaf_count, bytes32(attested.data_hash),
        bytes32(attested.factor_set), attested.set_id,
    )  # fmt: skip


def _leaf_values(leaf: RetroLeaf) -> tuple[object, ...]:
    return (
        bytes32(leaf.node), leaf.wallet, leaf.hour_from, leaf.hour_through, leaf.ug, leaf.level, bytes32(leaf.history_root),
    )  # fmt: skip
