"""What an airdrop round attests: a leaf per node for hours before its first hour, and the round that validators sign.

An hour of a node belongs to the airdrop or to epochs: the leaves here end before the node's first hour and reports
begin at it. The contract checks the first, validators the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from cloudtuner.errors import ProofError

from .canonical import jcs
from .eip712 import Domain, digest
from .hexes import to_hex
from .merkle import StandardTree, leaf_hash
from .multiproof import Multiproof, multiproof, rows_in_tree_order

ROUND_STRUCT = (
    "AirdropRound(uint32 round,bytes32 root,uint128 totalUg,uint32 leafCount,bytes32 dataHash,bytes32 factorSet,uint32 setId)"
)
RETRO_LEAF_TYPES = ("bytes32", "address", "uint64", "uint64", "uint128", "uint8", "bytes32")
MAX_RETRO_HOURS = 366 * 24
"""Hours before a node's first hour that can be paid: twelve months, one of them of a leap year."""

VERSION = 1


@dataclass(frozen=True)
class RetroLeaf:
    """A node's hours before its first hour, both ends included, and what they emitted; fields as the contract's."""

    node: str
    wallet: str
    hour_from: int
    hour_through: int
    ug: int
    level: int
    history_root: str

    def values(self) -> tuple[Any, ...]:
        """The fields in the order of the contract's struct."""
        return astuple(self)

    def leaf_hash(self) -> str:
        return to_hex(leaf_hash(RETRO_LEAF_TYPES, self.values()))

    def to_json(self) -> dict[str, Any]:
        return {
            "node": self.node,
            "wallet": self.wallet,
            "hour_from": self.hour_from,
            "hour_through": self.hour_through,
            "ug": str(self.ug),
            "level": self.level,
            "history_root": self.history_root,
        }


@dataclass(frozen=True)
class AirdropRound:
    """What validators sign of a round; the fields stand in the order of the signed struct."""

    round: int
    root: str
    total_ug: int
    leaf_count: int
    data_hash: str
    factor_set: str
    set_id: int

    def values(self) -> tuple[Any, ...]:
        return astuple(self)

    def digest(self, domain: Domain) -> bytes:
        """What a vote signs; the domain's contract is CarbonAirdrop."""
        return digest(domain, ROUND_STRUCT, astuple(self))


class AirdropList:
    """The leaves of one round by node, with their tree and the bytes that are published.

    `first_hours` holds each node's first hour on chain. Raises ProofError: `airdrop.order` when a node stands twice or
    out of order, `airdrop.hours` when hours reach the first hour or lie more than twelve months before it.
    """

    def __init__(self, round_: int, leaves: Sequence[RetroLeaf], first_hours: dict[str, int]) -> None:
        nodes = [leaf.node for leaf in leaves]
        if not nodes or nodes != sorted(set(nodes)):
            raise ProofError("the leaves stand by node id, each node once, at least one.", code="airdrop.order")
        for leaf in leaves:
            first = first_hours.get(leaf.node, 0)
            if not (0 < leaf.hour_from <= leaf.hour_through < first <= leaf.hour_from + MAX_RETRO_HOURS):
                raise ProofError(
                    f"node {leaf.node}: hours {leaf.hour_from} to {leaf.hour_through} are not within twelve months before"
                    f" its first hour {first}.",
                    code="airdrop.hours",
                )
        self.round = round_
        self.leaves = tuple(leaves)

    @cached_property
    def tree(self) -> StandardTree:
        return StandardTree([leaf.values() for leaf in self.leaves], RETRO_LEAF_TYPES)

    def to_bytes(self) -> bytes:
        """The JCS bytes that are published; `dataHash` is their sha256."""
        return jcs({"version": VERSION, "round": self.round, "leaves": [leaf.to_json() for leaf in self.leaves]})

    def header(self, *, factor_set: str, set_id: int) -> AirdropRound:
        """What validators sign of these leaves."""
        return AirdropRound(
            round=self.round,
            root=self.tree.root,
            total_ug=sum(leaf.ug for leaf in self.leaves),
            leaf_count=len(self.leaves),
            data_hash=to_hex(sha256(self.to_bytes()).digest()),
            factor_set=factor_set,
            set_id=set_id,
        )

    def proof(self, index: int) -> list[str]:
        """The proof of one leaf by its place in the list."""
        return self.tree.proof(index)

    def batches(self, size: int) -> list[Multiproof]:
        """The whole list in batches of neighbours, each with its proof."""
        rows = rows_in_tree_order(self.tree)
        return [multiproof(self.tree, rows[start : start + size]) for start in range(0, len(rows), size)]
