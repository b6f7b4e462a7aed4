"""What is known of nodes and their reports, from public rows only."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from emissions.poce.canonical import jcs
from emissions.poce.report import NodeReport, State
from emissions.register.models import NodeBinding, ReportCommitment
from emissions.store import default_store


@dataclass(frozen=True)
class BoundNode:
    """A node as others see it: never the account behind it."""

    node: str
    organization: uuid.UUID
    provider: str
    first_hour: int
    key: str
    wallet: str
    hosted: bool
    seq: int
    prev: str

    def to_json(self) -> dict[str, Any]:
        """The answer to `GET /poce/v1/nodes/{node}` (docs/protocol.md §7)."""
        return {
            "node": self.node,
            "seq": self.seq,
            "prev": self.prev,
            "first_hour": self.first_hour,
            "key": self.key,
            "wallet": self.wallet,
        }


@dataclass(frozen=True)
class CommittedReport:
    """An accepted report with the hours under its root."""

    id: int
    report_hash: str
    report: NodeReport
    signature: str
    hours: tuple[tuple[int, int], ...]
    received_at: datetime


def _bound(row: NodeBinding) -> BoundNode:
    return BoundNode(row.node, row.organization, row.provider, row.first_hour, row.key, row.wallet, row.hosted, row.seq, row.prev)


def _committed(row: ReportCommitment) -> CommittedReport:
    hours = tuple((int(hour), int(ug)) for hour, ug in row.hours)
    return CommittedReport(row.pk, row.report_hash, NodeReport.from_json(row.report), row.signature, hours, row.received_at)


def node(node_id: str) -> BoundNode | None:
    """The binding of a node, or None."""
    row = NodeBinding.objects.filter(node=node_id).first()
    return _bound(row) if row else None


def nodes(*, organization: uuid.UUID | None = None) -> tuple[BoundNode, ...]:
    """All bindings, or one organisation's, in the order they were made."""
    rows = NodeBinding.objects.order_by("pk")
    return tuple(_bound(row) for row in (rows if organization is None else rows.filter(organization=organization)))


def live_final_reports(node_ids: Iterable[str] | None = None) -> dict[str, tuple[CommittedReport, ...]]:
    """Per node its live FINAL reports by hour: of each range the one with the highest seq."""
    rows = ReportCommitment.objects.filter(state=State.FINAL.value).select_related("node")
    if node_ids is not None:
        rows = rows.filter(node__node__in=list(node_ids))
    rows = rows.order_by("node_id", "hour_from", "hour_through", "-seq").distinct("node_id", "hour_from", "hour_through")
    found: dict[str, list[CommittedReport]] = {}
    for row in rows:
        found.setdefault(row.node.node, []).append(_committed(row))
    return {node_id: tuple(reports) for node_id, reports in found.items()}


def report(report_hash: str) -> CommittedReport | None:
    """An accepted report by its hash, or None."""
    row = ReportCommitment.objects.filter(report_hash=report_hash).first()
    return _committed(row) if row else None


def reports(node_id: str) -> tuple[CommittedReport, ...]:
    """All reports of a node by seq."""
    return tuple(_committed(row) for row in ReportCommitment.objects.filter(node__node=node_id).order_by("seq"))


def report_body(report_hash: str) -> bytes | None:
    """The body of `GET /poce/v1/reports/{hash}` (JCS): lines, report, signature; None when there is no such report.

    For active validators only: the caller checks the signed request. The stored lines are JCS already, so that a
    million of them are copied, not read and written again.
    """
    row = ReportCommitment.objects.filter(report_hash=report_hash).first()
    if row is None:
        return None
    lines = default_store().read(row.lines_digest)
    return b'{"lines":' + lines + b',"report":' + jcs(row.report) + b',"signature":' + jcs(row.signature) + b"}"
