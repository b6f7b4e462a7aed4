"""What can be retired: each node's hours with what was claimed and taken of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Sum

from emissions.poce.airdrop import AirdropList, RetroEntry
from emissions.register.models import ReportCommitment
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
    told = [(binding, reading.leaf_of(newest, binding.node)) for binding in own_nodes()]
    attested = [(binding, entry) for binding, entry in told if entry is not None]
    series = series_of([(entry.reports, binding.first_hour) for binding, entry in attested])
    return history_rulers(taken) + [
        NodeRuler(binding.node, hours, claimed.get(binding.node, 0), tuple(taken.get((binding.node, 0), ())))
        for (binding, _), hours in zip(attested, series, strict=True)
    ]


def history_rulers(taken: dict[Track, list[Interval]]) -> list[NodeRuler]:
    """A ruler for each lot that an airdrop round paid, over the hours of its leaf."""
    lots = list(Lot.objects.filter(on_chain=True, round__isnull=False))
    lists = {number: _list_of(number) for number in {lot.round for lot in lots}}
    entries = [(lot, paid.entry(lot.node)) for lot in lots if (paid := lists[lot.round]) is not None]
    paid_for = [(lot, entry) for lot, entry in entries if entry is not None]
    series = series_of([(entry.reports, 0) for _, entry in paid_for])
    return [
        NodeRuler(lot.node, hours, lot.ug, tuple(taken.get((lot.node, lot.round or 0), ())), lot.round or 0)
        for (lot, _), hours in zip(paid_for, series, strict=True)
    ]


def series_of(leaves: Sequence[tuple[Sequence[str], int]]) -> list[HourSeries]:
    """The hours under the reports of each leaf that begin at an hour or later, in one query for all leaves."""
    wanted = {report for reports, _ in leaves for report in reports}
    rows = ReportCommitment.objects.filter(report_hash__in=wanted).values_list("report_hash", "hour_from", "hours")
    told = {report: (hour_from, hours) for report, hour_from, hours in rows.order_by()}
    return [
        HourSeries(
            tuple(
                sorted(
                    (int(hour), int(ug))
                    for report in reports
                    if report in told and told[report][0] >= from_hour
                    for hour, ug in told[report][1]
                )
            )
        )
        for reports, from_hour in leaves
    ]


def _list_of(number: int | None) -> AirdropList | None:
    row = rounds.sealed(number) if number is not None else None
    return rounds.list_of(row) if row else None


def leaf_of_round(lot: Lot) -> RetroEntry | None:
    """The leaf behind a lot that an airdrop round paid."""
    paid = _list_of(lot.round)
    return paid.entry(lot.node) if paid else None
