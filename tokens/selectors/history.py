"""What lay before each node's first hour: how much of its last twelve months was found, and how far it was paid by airdrop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cloudtuner.clock import hour_start
from emissions.poce.airdrop import Named
from emissions.poce.report import State, is_too_old
from emissions.register.models import NodeBinding, ReportCommitment
from tokens.models import Lot
from tokens.network import holding, reading, rounds
from tokens.network.models import ChainEvent, ChainTx, HeldNode
from tokens.selectors.own import own_nodes
from tokens.series import HourSeries

MONTHS = 12


@dataclass(frozen=True)
class HistoryRow:
    """One node's history. `months` of MONTHS have a FINAL report; `ug` is what they hold, or what was paid for them.

    `state`: "no months yet", "waiting for a round", "waiting for validators", "left out of rounds", "in its window", "being
    paid", "refused", "paid". `reason` says why it is left out or refused, and is empty elsewhere. `round` and `deadline` are
    those of the newest round that named hours of the node, if one did; `claimable` while its leaf waits to be paid, by
    whoever sends the claim.
    """

    node: str
    months: int
    ug: int
    paid_ug: int
    state: str
    reason: str
    round: int | None
    deadline: datetime | None
    claimable: bool
    tx_hashes: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """All nodes of the organisation. `months` are those in which at least one node has a FINAL report."""

    months: int
    ug: int
    paid_ug: int
    rows: tuple[HistoryRow, ...]

    @property
    def of(self) -> int:
        """How many months can be paid at most."""
        return MONTHS

    @property
    def tx_hashes(self) -> tuple[str, ...]:
        """The transactions that pushed it, each once."""
        return tuple(dict.fromkeys(tx_hash for row in self.rows for tx_hash in row.tx_hashes))


def history() -> History | None:
    """What was found and paid of the months before the nodes' first hours; None when no bill of them was read."""
    nodes = own_nodes()
    reports: dict[str, list[ReportCommitment]] = {}
    for report in ReportCommitment.objects.filter(node__in=nodes, state=State.FINAL).select_related("node").order_by("seq"):
        if report.hour_through < report.node.first_hour and not is_too_old(report.hour_from, report.node.first_hour):
            reports.setdefault(report.node.node, []).append(report)
    if not reports:
        return None
    lots, unpaid = list(Lot.objects.filter(on_chain=True, round__isnull=False)), rounds.unpaid_rounds(final=True)
    known, standing, held = rounds.named(), rounds.standing_rounds(), holding.reasons(HeldNode.Track.ROUND)
    rows = []
    for node, found in sorted(reports.items()):
        waiting = [posted for posted in unpaid if posted.list.entry(node) and _is_unpaid(node, posted.number, lots)]
        left = unnamed({report.hour_from: report for report in found}.values(), known)
        rows.append(_row(node, found, left, [lot for lot in lots if lot.node == node], waiting, standing, held.get(node, "")))
    months = {hour_start(report.hour_from) for found in reports.values() for report in found}
    return History(len(months), sum(row.ug for row in rows), sum(row.paid_ug for row in rows), tuple(rows))


def _is_unpaid(node: str, number: int, lots: Iterable[Lot]) -> bool:
    return not any((lot.node, lot.round) == (node, number) for lot in lots)


def _row(
    node: str,
    reports: Sequence[ReportCommitment],
    left: Sequence[ReportCommitment],
    lots: Sequence[Lot],
    waiting: Sequence[rounds.PostedRound],
    standing: Mapping[int, ChainEvent],
    held: str,
) -> HistoryRow:
    """`left` are reports that no round named, `waiting` the rounds whose leaf of the node is not paid, `held` why the next
    round leaves the node out.
    """
    paid_ug = sum(lot.ug for lot in lots)
    leaves = [entry.leaf for posted in waiting if (entry := posted.list.entry(node))]
    newest = max([lot.round or 0 for lot in lots] + [posted.number for posted in waiting], default=0)
    event = standing.get(newest)
    state, reason = _state(node, waiting[-1] if waiting else None, left=bool(left), held=held)
    return HistoryRow(
        node=node,
        months=len({report.hour_from for report in reports}),
        ug=paid_ug + sum(leaf.ug for leaf in leaves) + sum(report.ug for report in left),
        paid_ug=paid_ug,
        state=state,
        reason=reason,
        round=newest or None,
        deadline=datetime.fromtimestamp(int(event.args["deadline"]), UTC) if event else None,
        claimable=any(posted.is_open(reading.head_timestamp()) for posted in waiting),
        tx_hashes=tuple(lot.tx_hash for lot in lots),
    )


def _state(node: str, posted: rounds.PostedRound | None, *, left: bool, held: str) -> tuple[str, str]:
    """How a node's history stands, and why it does not go on where it does not."""
    if posted is not None:
        if reading.head_timestamp() < posted.open_at:
            return "in its window", ""
        sent = ChainTx.objects.filter(kind="airdrop", payload__round=posted.number).exclude(state__in=("final", "failed"))
        refused = sent.filter(payload__nodes=[node]).exclude(error="").first()
        if refused is not None:
            return "refused", refused.error
        return ("being paid" if sent.exists() else "in its window"), ""
    if left and held:
        return "left out of rounds", held
    if left:
        return ("waiting for validators" if rounds.pending_round() is not None else "waiting for a round"), ""
    return "paid", ""


def unnamed(reports: Iterable[ReportCommitment], named: Mapping[str, Named]) -> list[ReportCommitment]:
    """The FINAL ones of these reports that end before their node's first hour and that no airdrop round named."""
    found = []
    for report in reports:
        if report.state == State.FINAL and report.hour_through < report.node.first_hour:
            known = named.get(report.node.node)
            if known is None or report.hour_from > known.hour_through or report.hour_through < known.hour_from:
                found.append(report)
    return found


def unpaid_leaves(nodes: Iterable[NodeBinding]) -> list[HourSeries]:
    """The hours of the leaves of these nodes in rounds on chain that were not paid, final payments only."""
    mine = {binding.node for binding in nodes}
    paid = set(Lot.objects.filter(on_chain=True, round__isnull=False).values_list("node", "round"))
    return [
        HourSeries(reading.hours_of(entry.reports))
        for posted in rounds.unpaid_rounds(final=True)
        for entry in posted.list.entries
        if entry.leaf.node in mine and (entry.leaf.node, posted.number) not in paid
    ]
