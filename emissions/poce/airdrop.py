"""What an airdrop round attests: a leaf per node for hours before its first hour, and the round that validators sign.

An hour of a node belongs to the airdrop or to epochs: the leaves here are over reports that end before the node's first
hour, those of an epoch count reports that begin at it or later. `build_round` is the only maker of lists, as
`build_bundle` is of bundles: the service seals with it, validators build the same list again and compare the bytes.
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
from .epoch import NodeState, history_root
from .fields import Fields
from .live import LiveReport
from .merkle import StandardTree, TreeLeaf
from .multiproof import Multiproof, multiproof, rows_in_tree_order
from .published import Published
from .report import MAX_RETRO_HOURS

ROUND_STRUCT = (
    "AirdropRound(uint32 round,bytes32 root,uint128 totalUg,uint32 leafCount,bytes32 dataHash,bytes32 factorSet,uint32 setId)"
)
RETRO_LEAF_TYPES = ("bytes32", "address", "uint64", "uint64", "uint128", "uint8", "bytes32")

VERSION = 1

_LEAF_NAMES = ("node", "wallet", "hour_from", "hour_through", "ug", "level", "history_root", "reports")
_NAMED_NAMES = ("node", "hour_from", "hour_through")
_LIST_NAMES = ("version", "chain_id", "registry", "round", "factor_set", "engine", "set_id", "leaves", "named")


@dataclass(frozen=True)
class RetroLeaf(TreeLeaf):
    """A node's hours before its first hour, both ends included, and what they emitted; fields as the contract's.

    The hours of a node's leaves touch each other; those of missing months between hold nothing.
    """

    TYPES = RETRO_LEAF_TYPES

    node: str
    wallet: str
    hour_from: int
    hour_through: int
    ug: int
    level: int
    history_root: str

    def cap_ug(self, hour_cap_ug: int) -> int:
        """The most that these hours may have under a node's cap of an hour; the contract pays no leaf above it."""
        return hour_cap_ug * (self.hour_through - self.hour_from + 1)


@dataclass(frozen=True)
class RetroEntry:
    """A leaf with the hashes of the reports that it sums up, by hour."""

    leaf: RetroLeaf
    reports: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        told = {name: getattr(self.leaf, name) for name in _LEAF_NAMES[:-1]}
        return {**told, "ug": str(self.leaf.ug), "reports": list(self.reports)}

    @classmethod
    def of(cls, fields: Fields) -> RetroEntry:
        leaf = RetroLeaf(
            node=fields.bytes32("node"),
            wallet=fields.address("wallet"),
            hour_from=fields.number("hour_from"),
            hour_through=fields.number("hour_through"),
            ug=fields.quantity("ug", bits=128),
            level=fields.number("level", bits=8),
            history_root=fields.bytes32("history_root"),
        )
        return cls(leaf, fields.hashes("reports"))


@dataclass(frozen=True)
class Named:
    """The range of a node's hours that rounds named so far; what lies within is never named again, paid or not."""

    node: str
    hour_from: int
    hour_through: int


@dataclass(frozen=True)
class AirdropRound(SignedStruct):
    """What validators sign of a round; the domain's contract is CarbonAirdrop."""

    STRUCT = ROUND_STRUCT

    round: int
    root: str
    total_ug: int
    leaf_count: int
    data_hash: str
    factor_set: str
    set_id: int


@dataclass(frozen=True)
class AirdropList(Published):
    """The leaves of one round by node id, and what earlier rounds named of every node.

    Raises ProofError `airdrop.order` unless each node stands once, in order, at least one leaf.
    """

    chain_id: int
    registry: str
    round: int
    factor_set: str
    engine: str
    set_id: int
    entries: tuple[RetroEntry, ...]
    named: tuple[Named, ...] = ()

    def __post_init__(self) -> None:
        nodes = [entry.leaf.node for entry in self.entries]
        before = [named.node for named in self.named]
        if not nodes or nodes != sorted(set(nodes)) or before != sorted(set(before)):
            raise ProofError("the leaves stand by node id, each node once, at least one.", code="airdrop.order")

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "chain_id": self.chain_id,
            "registry": self.registry,
            "round": self.round,
            "factor_set": self.factor_set,
            "engine": self.engine,
            "set_id": self.set_id,
            "leaves": [entry.to_json() for entry in self.entries],
            "named": [{name: getattr(named, name) for name in _NAMED_NAMES} for named in self.named],
        }

    @classmethod
    def from_bytes(cls, data: bytes) -> AirdropList:
        """A list from its published bytes; raises ProofError for any other spelling."""
        fields = Fields(read_canonical(data, what="airdrop list"), _LIST_NAMES, what="airdrop list")
        if fields.number("version") != VERSION:
            raise ProofError(f"list version {fields.raw('version')}, this program knows {VERSION}.", code="airdrop.version")
        return cls(
            chain_id=fields.number("chain_id"),
            registry=fields.address("registry"),
            round=fields.number("round", bits=32),
            factor_set=fields.bytes32("factor_set"),
            engine=fields.bytes32("engine"),
            set_id=fields.number("set_id", bits=32),
            entries=tuple(RetroEntry.of(entry) for entry in fields.parts("leaves", _LEAF_NAMES)),
            named=tuple(
                Named(each.bytes32("node"), each.number("hour_from"), each.number("hour_through"))
                for each in fields.parts("named", _NAMED_NAMES)
            ),
        )

    @property
    def leaves(self) -> tuple[RetroLeaf, ...]:
        return tuple(entry.leaf for entry in self.entries)

    @cached_property
    def tree(self) -> StandardTree:
        return StandardTree([entry.leaf.values() for entry in self.entries], RETRO_LEAF_TYPES)

    @property
    def header(self) -> AirdropRound:
        """What validators sign of these leaves."""
        return AirdropRound(
            round=self.round,
            root=self.tree.root,
            total_ug=sum(entry.leaf.ug for entry in self.entries),
            leaf_count=len(self.entries),
            data_hash=self.data_hash,
            factor_set=self.factor_set,
            set_id=self.set_id,
        )

    @cached_property
    def _places(self) -> dict[str, int]:
        return {entry.leaf.node: place for place, entry in enumerate(self.entries)}

    def entry(self, node: str) -> RetroEntry | None:
        """The node's leaf, or None."""
        place = self._places.get(node)
        return None if place is None else self.entries[place]

    def proof(self, node: str) -> list[str]:
        """The proof of a node's leaf; raises ProofError for a node that is not in the round."""
        if node not in self._places:
            raise ProofError(f"node {node} is not in round {self.round}.", code="airdrop.no_node")
        return self.tree.proof(self._places[node])

    def batches(self, size: int) -> list[Multiproof]:
        """The whole list in batches of neighbours, each with its proof."""
        rows = rows_in_tree_order(self.tree)
        return [multiproof(self.tree, rows[start : start + size]) for start in range(0, len(rows), size)]

    @cached_property
    def named_after(self) -> dict[str, Named]:
        """By node, what this round and all before it named."""
        found = {named.node: named for named in self.named}
        for leaf in self.leaves:
            old = found.get(leaf.node)
            first, last = (old.hour_from, old.hour_through) if old else (leaf.hour_from, leaf.hour_through)
            found[leaf.node] = Named(leaf.node, min(first, leaf.hour_from), max(last, leaf.hour_through))
        return dict(sorted(found.items()))


def build_round(
    previous: AirdropList | None,
    nodes: Sequence[NodeState],
    *,
    chain_id: int,
    registry: str,
    factor_set: str,
    engine: str,
    set_id: int,
) -> AirdropList:
    """The list after `previous` (None: the first round) over these reports of these nodes, all before their first hours.

    Raises ProofError: `airdrop.order` for a node given twice, `airdrop.hours` for hours that reach the first hour or lie
    more than twelve months before it, `airdrop.named` for hours within what rounds named, `airdrop.overlap` for reports
    that overlap, `airdrop.nothing` for a node without reports or micrograms.
    """
    named = previous.named_after if previous else {}
    return AirdropList(
        chain_id=chain_id,
        registry=registry,
        round=previous.round + 1 if previous else 1,
        factor_set=factor_set,
        engine=engine,
        set_id=set_id,
        entries=tuple(entry_of(state, named.get(state.node)) for state in sorted(nodes, key=lambda state: state.node)),
        named=tuple(named.values()),
    )


def entry_of(state: NodeState, named: Named | None) -> RetroEntry:
    """A node's leaf after what rounds named of it. Raises ProofError as `build_round` does."""
    reports, first = state.reports, state.first_hour
    ug = sum(report.ug for report in reports)
    if not reports or ug <= 0:
        raise ProofError(f"node {state.node} has nothing to pay.", code="airdrop.nothing")
    if any(left.hour_through >= right.hour_from for left, right in pairwise(reports)):
        raise ProofError(f"node {state.node}: reports overlap or are out of order.", code="airdrop.overlap")
    begin, through = reports[0].hour_from, reports[-1].hour_through
    if not 0 < begin <= through < first <= begin + MAX_RETRO_HOURS:
        raise ProofError(
            f"node {state.node}: hours {begin} to {through} are not within twelve months before its first hour {first}.",
            code="airdrop.hours",
        )
    if named is not None:
        # The contract pays what touches what was paid, so missing months between are given up with the leaf.
        if begin > named.hour_through:
            begin = named.hour_through + 1
        elif through < named.hour_from:
            through = named.hour_from - 1
        else:
            raise ProofError(
                f"node {state.node}: rounds named its hours {named.hour_from} to {named.hour_through} already.",
                code="airdrop.named",
            )
    level = min(report.level for report in reports)
    leaf = RetroLeaf(state.node, state.wallet, begin, through, ug, level, history_root(reports))
    return RetroEntry(leaf, tuple(report.report_hash for report in reports))


def next_run(
    reports: Sequence[LiveReport], *, first_hour: int, named: Named | None, over_gaps: bool = False
) -> tuple[LiveReport, ...]:
    """Which of a node's live FINAL reports its next leaf may take; empty when none.

    What is named is one range for each node, so a month left out within it could never be paid: a leaf takes months
    without a gap, the longest such run at first, then what touches it, later hours before earlier ones. `over_gaps` gives
    missing months up and takes all there is on one side.
    """
    left = [report for report in reports if report.hour_through < first_hour and report.hour_from + MAX_RETRO_HOURS >= first_hour]
    if named is None:
        runs = [left] if over_gaps else _runs(left)
        longest = max((len(run) for run in runs), default=0)
        return tuple(next((run for run in reversed(runs) if len(run) == longest), []))
    after = [report for report in left if report.hour_from > named.hour_through]
    before = [report for report in left if report.hour_through < named.hour_from]
    if not over_gaps:
        after = next((run for run in _runs(after) if run[0].hour_from == named.hour_through + 1), [])
        before = next((run for run in _runs(before) if run[-1].hour_through == named.hour_from - 1), [])
    return tuple(after or before)


def _runs(reports: Sequence[LiveReport]) -> list[list[LiveReport]]:
    """The reports, which stand by hour, cut where hours are missing between two."""
    runs: list[list[LiveReport]] = []
    for report in reports:
        if runs and runs[-1][-1].hour_through + 1 == report.hour_from:
            runs[-1].append(report)
        else:
            runs.append([report])
    return runs
