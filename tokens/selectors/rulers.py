"""What can be retired: each node's hours with what was claimed and taken of them."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Sum

from tokens.models import Lot, LotAllocation
from tokens.network import reading
from tokens.selectors.own import own_nodes
from tokens.series import HourSeries, Interval, NodeRuler


def claimed_by_node() -> dict[str, int]:
    """µg in lots that stand on chain, by node."""
    rows = Lot.objects.filter(on_chain=True).values("node").annotate(ug=Sum("ug"))
    return {row["node"]: row["ug"] for row in rows}


BURNED = ("mined", "final")


def taken_by_node(*, burned: bool = False) -> dict[str, list[Interval]]:
    """The positions that retirements took, by node; `burned`: only of those that are on chain already."""
    taken: dict[str, list[Interval]] = defaultdict(list)
    parts = LotAllocation.objects.filter(released=False)
    if burned:
        parts = parts.filter(retirement__state__in=BURNED)
    for node, low, ug in parts.values_list("lot__node", "from_ug", "ug"):
        taken[node].append((low, low + ug))
    return taken


def rulers(posted: reading.PostedEpoch | None = None) -> list[NodeRuler]:
    """One ruler a node that was attested: the hours are those of the newest epoch on chain, so that a restatement
    counts from the moment validators agreed to it.
    """
    newest = posted or reading.newest_posted()
    claimed, taken = claimed_by_node(), taken_by_node()
    found = []
    for binding in own_nodes():
        entry = reading.leaf_of(newest, binding.node)
        if entry is not None:
            series = HourSeries(reading.hours_of(entry.reports))
            found.append(NodeRuler(binding.node, series, claimed.get(binding.node, 0), tuple(taken.get(binding.node, ()))))
    return found
