"""What an epoch attests: a leaf per node, the public bundle that holds them, and the header that validators sign.

`build_bundle` is the only maker of bundles: the service seals with it, and a validator builds the same bundle from
what it checked itself and compares the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from cloudtuner.errors import ProofError

from .canonical import read_canonical
from .eip712 import SignedStruct
from .fields import Fields
from .live import LiveReport
from .merkle import StandardTree, TreeLeaf
from .published import Published
from .score import GENESIS_TERMS, Schedule, cumulative_tuner, read_schedule, scores

HEADER_STRUCT = (
    "EpochHeader(uint64 epoch,bytes32 root,uint64 throughHour,uint128 totalUg,uint128 ceilingUg,uint256 totalTuner,"
    "uint32 leafCount,bytes32 dataHash,bytes32 factorSet,uint32 setId)"
)
LEAF_TYPES = ("bytes32", "address", "uint64", "uint128", "uint256", "uint8", "bytes32")
HISTORY_TYPES = ("bytes32", "uint64", "uint64", "int128")

VERSION = 1


@dataclass(frozen=True)
class NodeState:
    """A node as it enters an epoch or a round: wallet and first hour on chain, and live FINAL reports by hour (at least one).

    In an epoch, reports of months before the first hour are what later months are scored against; nothing else.
    """

    node: str
    wallet: str
    reports: tuple[LiveReport, ...]
    first_hour: int = 0


@dataclass(frozen=True)
class Leaf(TreeLeaf):
    """What a claim shows to the contract: everything a node was ever attested, cumulatively."""

    TYPES = LEAF_TYPES

    node: str
    wallet: str
    through_hour: int
    cum_ug: int
    cum_tuner: int
    level: int
    history_root: str


@dataclass(frozen=True)
class BundleLeaf:
    """A leaf with what validators compare from epoch to epoch: its highest cumulative µg, its reports and their scores."""

    leaf: Leaf
    high_ug: int
    reports: tuple[str, ...]
    scores_bp: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "node": self.leaf.node,
            "wallet": self.leaf.wallet,
            "through_hour": self.leaf.through_hour,
            "cum_ug": str(self.leaf.cum_ug),
            "cum_tuner": str(self.leaf.cum_tuner),
            "level": self.leaf.level,
            "history_root": self.leaf.history_root,
            "high_ug": str(self.high_ug),
            "reports": list(self.reports),
            "scores_bp": list(self.scores_bp),
        }

    @classmethod
    def from_json(cls, value: object) -> BundleLeaf:
        names = (
            *("node", "wallet", "through_hour", "cum_ug", "cum_tuner", "level", "history_root"),
            *("high_ug", "reports", "scores_bp"),
        )
        fields = Fields(value, names, what="leaf")
        leaf = Leaf(
            node=fields.bytes32("node"),
            wallet=fields.address("wallet"),
            through_hour=fields.number("through_hour"),
            cum_ug=fields.quantity("cum_ug", bits=128),
            cum_tuner=fields.quantity("cum_tuner", bits=256),
            level=fields.number("level", bits=8),
            history_root=fields.bytes32("history_root"),
        )
        return cls(leaf, fields.quantity("high_ug", bits=128), fields.hashes("reports"), fields.numbers("scores_bp", bits=16))


@dataclass(frozen=True)
class Bundle(Published):
    """The public part of an epoch: leaves by node id, each with its reports' hashes by hour."""

    chain_id: int
    registry: str
    epoch: int
    factor_set: str
    engine: str
    set_id: int
    terms: Schedule
    leaves: tuple[BundleLeaf, ...]

    def __post_init__(self) -> None:
        nodes = [entry.leaf.node for entry in self.leaves]
        if not nodes or nodes != sorted(set(nodes)):
            raise ProofError("a bundle's leaves stand by node id, each node once, at least one.", code="bundle.order")

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "chain_id": self.chain_id,
            "registry": self.registry,
            "epoch": self.epoch,
            "factor_set": self.factor_set,
            "engine": self.engine,
            "set_id": self.set_id,
            "terms": [terms.to_json() for terms in self.terms],
            "leaves": [entry.to_json() for entry in self.leaves],
        }

    @classmethod
    def from_bytes(cls, data: bytes) -> Bundle:
        """A bundle from its published bytes; raises ProofError for any other spelling."""
        return cls.from_json(read_canonical(data, what="bundle"))

    @classmethod
    def from_json(cls, value: object) -> Bundle:
        names = ("version", "chain_id", "registry", "epoch", "factor_set", "engine", "set_id", "terms", "leaves")
        fields = Fields(value, names, what="bundle")
        if fields.number("version") != VERSION:
            raise ProofError(f"bundle version {fields.raw('version')}, this program knows {VERSION}.", code="bundle.version")
        leaves = fields.raw("leaves")
        if not isinstance(leaves, list):
            raise ProofError("bundle.leaves is not a list.", code="json.shape")
        return cls(
            chain_id=fields.number("chain_id"),
            registry=fields.address("registry"),
            epoch=fields.number("epoch"),
            factor_set=fields.bytes32("factor_set"),
            engine=fields.bytes32("engine"),
            set_id=fields.number("set_id", bits=32),
            terms=read_schedule(fields.raw("terms")),
            leaves=tuple(BundleLeaf.from_json(leaf) for leaf in leaves),
        )

    @cached_property
    def tree(self) -> StandardTree:
        """The tree over the leaves, in the bundle's order."""
        return StandardTree([entry.leaf.values() for entry in self.leaves], LEAF_TYPES)

    def entry(self, node: str) -> BundleLeaf | None:
        """The node's leaf, or None."""
        return self._by_node.get(node)

    def proof(self, node: str) -> list[str]:
        """The Merkle proof of the node's leaf; raises ProofError for a node that is not in the epoch."""
        for index, entry in enumerate(self.leaves):
            if entry.leaf.node == node:
                return self.tree.proof(index)
        raise ProofError(f"node {node} is not in epoch {self.epoch}.", code="bundle.no_node")

    @cached_property
    def _by_node(self) -> dict[str, BundleLeaf]:
        return {entry.leaf.node: entry for entry in self.leaves}


@dataclass(frozen=True)
class EpochHeader(SignedStruct):
    """What validators sign and the contract stores; the domain's contract is PoCE."""

    STRUCT = HEADER_STRUCT

    epoch: int
    root: str
    through_hour: int
    total_ug: int
    ceiling_ug: int
    total_tuner: int
    leaf_count: int
    data_hash: str
    factor_set: str
    set_id: int


def header_of(bundle: Bundle) -> EpochHeader:
    """The header that follows from a bundle, entirely."""
    return EpochHeader(
        epoch=bundle.epoch,
        root=bundle.tree.root,
        through_hour=max(entry.leaf.through_hour for entry in bundle.leaves),
        total_ug=sum(entry.leaf.cum_ug for entry in bundle.leaves),
        ceiling_ug=sum(entry.high_ug for entry in bundle.leaves),
        total_tuner=sum(entry.leaf.cum_tuner for entry in bundle.leaves),
        leaf_count=len(bundle.leaves),
        data_hash=bundle.data_hash,
        factor_set=bundle.factor_set,
        set_id=bundle.set_id,
    )


def history_root(reports: Sequence[LiveReport]) -> str:
    """The root over a node's live FINAL reports by hour."""
    rows = [(report.report_hash, report.hour_from, report.hour_through, report.ug) for report in reports]
    return StandardTree(rows, HISTORY_TYPES).root


def build_bundle(
    previous: Bundle | None,
    nodes: Sequence[NodeState],
    *,
    chain_id: int,
    registry: str,
    factor_set: str,
    engine: str,
    set_id: int,
    terms: Schedule = GENESIS_TERMS,
) -> tuple[Bundle, EpochHeader]:
    """The bundle after `previous` (None: the first epoch) over the nodes' live FINAL reports, and its header.

    Every node of the previous bundle has to be there again, with every range it had: what was attested once can be
    replaced, never left out. `through_hour`, `high_ug` and so the ceiling never fall. `terms` say what a score is worth.
    """
    states = {state.node: state for state in nodes}
    if len(states) != len(nodes):
        raise ProofError("a node is given twice.", code="bundle.order")
    gone = [entry.leaf.node for entry in previous.leaves if entry.leaf.node not in states] if previous else []
    if gone:
        raise ProofError(f"nodes of epoch {previous.epoch if previous else 0} are missing: {gone[0]} …", code="bundle.node_gone")
    leaves = tuple(_leaf(states[node], previous.entry(node) if previous else None, terms) for node in sorted(states))
    bundle = Bundle(
        chain_id=chain_id,
        registry=registry,
        epoch=previous.epoch + 1 if previous else 1,
        factor_set=factor_set,
        engine=engine,
        set_id=set_id,
        terms=terms,
        leaves=leaves,
    )
    return bundle, header_of(bundle)


def _leaf(state: NodeState, before: BundleLeaf | None, terms: Schedule) -> BundleLeaf:
    reports = state.reports
    counted = tuple(report for report in reports if report.hour_from >= state.first_hour)
    if not counted:
        raise ProofError(f"node {state.node} has no FINAL report from its first hour on.", code="bundle.no_report")
    for left, right in pairwise(reports):
        if left.hour_through >= right.hour_from:
            raise ProofError(
                f"node {state.node}: reports overlap or are out of order at hour {right.hour_from}.", code="bundle.overlap"
            )
    cum_ug = max(0, sum(report.ug for report in counted))
    found = scores(reports, terms)
    leaf = Leaf(
        node=state.node,
        wallet=state.wallet,
        through_hour=max(reports[-1].hour_through, before.leaf.through_hour if before else 0),
        cum_ug=cum_ug,
        cum_tuner=cumulative_tuner(score for score in found if score.hour_from >= state.first_hour),
        level=min(report.level for report in counted),
        history_root=history_root(counted),
    )
    return BundleLeaf(
        leaf=leaf,
        high_ug=max(cum_ug, before.high_ug if before else 0),
        reports=tuple(report.report_hash for report in reports),
        scores_bp=tuple(score.score_bp for score in found),
    )
