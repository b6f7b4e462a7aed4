"""What can be retired: each node's hours with what was claimed and taken of them."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Sum

from emissions.poce.airdrop import RetroEntry
from tokens.models import Lot, LotAllocation
from tokens.network import reading, rounds
from tokens.selectors.own import own_nodes
from tokens.series import HourSeries, Interval, NodeRuler, Track


def claimed_by_node() -> dict[str, int]:
    """µg in lots that epochs paid and that stand on chain, by node."""
    rows = Lot.objects.filter(on_chain=True, round=None).values("node").annotate(ug=Sum("ug"))
    return {row["node"]: row["ug"] for row in rows}


BURNED = ("mined", "final")


def taken_by_track(*, burned: bool = False) -> dict[Track, list[Interval]]:
    """The positions that retirements took, by track; `burned`: only of those that are on chain already."""
    taken: dict[Track, list[Interval]] = defaultdict(list)
    parts = LotAllocation.objects.filter(released=False)
    if burned:
        parts = parts.filter(retirement__state__in=BURNED)
    for node, number, low, ug in parts.values_list("lot__node", "lot__round", "from_ug", "ug"):
        taken[node, number or 0].append((low, low + ug))
    return taken


def rulers(posted: reading.PostedEpoch | None = None) -> list[NodeRuler]:
    """One ruler a node that was attested: the hours are those of the newest epoch on chain, so that a restatement
    counts from the moment validators agreed to it. And one for each payment of an airdrop round, whose hours never change.
    """
    newest = posted or reading.newest_posted()
    claimed, taken = claimed_by_node(), taken_by_track()
    found = history_rulers(taken)
    for binding in own_nodes():
        entry = reading.leaf_of(newest, binding.node)
        if entry is not None:
            series = HourSeries(reading.hours_of(entry.reports, from_hour=binding.first_hour))
            found.append(NodeRuler(binding.node, series, claimed.get(binding.node, 0), tuple(taken.get((binding.node, 0), ()))))
    return found


def history_rulers(taken: dict[Track, list[Interval]]) -> list[NodeRuler]:
    """A ruler for each lot that an airdrop round paid, over the hours of its leaf."""
    found = []
    for lot in Lot.objects.filter(on_chain=True, round__isnull=False):
        entry = leaf_of_round(lot)
        if entry is not None:
            series, number = HourSeries(reading.hours_of(entry.reports)), lot.round or 0
            found.append(NodeRuler(lot.node, series, lot.ug, tuple(taken.get((lot.node, number), ())), number))
    return found


def leaf_of_round(lot: Lot) -> RetroEntry | None:
    """The leaf behind a lot that an airdrop round paid."""
    row = rounds.sealed(lot.round) if lot.round is not None else None
    return rounds.list_of(row).entry(lot.node) if row else None
