"""Binding nodes to organisations, and taking reports in: the only writers of the public register."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from cloudtuner import clock
from cloudtuner.errors import CloudTunerError, ServiceError
from emissions.engine.estimate import ENGINE_ID
from emissions.engine.recompute import recompute
from emissions.engine.work import weigh
from emissions.grid.catalog import shipped_set
from emissions.poce import keys
from emissions.poce.eip712 import Domain
from emissions.poce.hexes import from_hex, to_hex
from emissions.poce.lines import StrippedLines
from emissions.poce.report import Level, NodeReport, State, is_too_old, month_range, report_faults
from emissions.register.domain import report_domain
from emissions.register.models import NodeBinding, ReportCommitment
from emissions.register.waking import wake_network
from emissions.store import default_store

# What a BIGINT column holds: nine million tonnes in one month of one account.
_LARGEST = 2**63


class ReportRefused(ServiceError):
    """A posted report cannot be accepted; `code` says why, and nothing was written."""

    code = "report.refused"


class NodeTaken(ServiceError):
    """A usage account belongs to another organisation already."""

    code = "node.taken"

    def __init__(self, nodes: Sequence[str]) -> None:
        super().__init__("bound to another organisation", hint="One usage account serves one organisation.")
        self.nodes = tuple(nodes)


def nodes_bind(
    *, organization: uuid.UUID, provider: str, nodes: Sequence[str], first_hour: int, key: str, wallet: str, hosted: bool = True
) -> None:
    """Binds nodes at first sight; those bound to this organisation already stay as they are.

    Raises NodeTaken naming those that are bound to another organisation; then none is bound.
    """
    with transaction.atomic():
        # In one order, so that two bills with the same accounts wait for each other instead of deadlocking.
        wanted = sorted(set(nodes))
        NodeBinding.objects.bulk_create(
            [
                NodeBinding(
                    node=node,
                    organization=organization,
                    provider=provider,
                    first_hour=first_hour,
                    key=key,
                    wallet=wallet,
                    hosted=hosted,
                )
                for node in wanted
            ],
            ignore_conflicts=True,
        )
        taken = NodeBinding.objects.filter(node__in=wanted).exclude(organization=organization)
        if refused := list(taken.order_by("node").values_list("node", flat=True)):
            raise NodeTaken(refused)


def report_commit(
    *, report: NodeReport, signature: bytes, lines: StrippedLines, hours: Sequence[tuple[int, int]], domain: Domain
) -> ReportCommitment:
    """Writes a report that was checked, and moves the head of the node's chain with it.

    Posting the same report again returns the row there is. Raises ReportRefused (`report.seq`) when the node's chain has
    moved on: build the report again on the new head.
    """
    report_hash = report.report_hash(domain)
    store = default_store()
    lines_digest = store.put_bytes(lines.to_bytes())
    with transaction.atomic():
        binding = NodeBinding.objects.select_for_update().filter(node=report.node).first()
        if binding is None:
            raise ReportRefused(f"node {report.node} is not registered here.", code="report.node_unknown")
        if there := ReportCommitment.objects.filter(report_hash=report_hash).first():
            return there
        if (report.seq, report.prev) != (binding.seq + 1, binding.prev):
            raise ReportRefused(
                f"seq {report.seq} after {report.prev[:10]}… does not follow seq {binding.seq}, {binding.prev[:10]}….",
                code="report.seq",
                hint=f"Sign it again with seq {binding.seq + 1} and prev {binding.prev}.",
            )
        row = ReportCommitment.objects.create(
            report_hash=report_hash,
            node=binding,
            seq=report.seq,
            hour_from=report.hour_from,
            hour_through=report.hour_through,
            state=report.state,
            level=report.level,
            usage_root=report.usage_root,
            line_count=report.line_count,
            energy_uwh=report.energy_uwh,
            operational_ug=report.operational_ug,
            embodied_ug=report.embodied_ug,
            work_uwh=report.work_uwh,
            scored_ug=report.scored_ug,
            coverage_bp=report.coverage_bp,
            hours_root=report.hours_root,
            factor_set=report.factor_set,
            engine=report.engine,
            bill_digest=report.bill_digest,
            prev=report.prev,
            report=report.to_json(),
            signature=to_hex(signature),
            lines_digest=lines_digest,
            hours=[[hour, str(ug)] for hour, ug in hours],
        )
        binding.seq, binding.prev = report.seq, report_hash
        binding.save(update_fields=["seq", "prev"])
        return row


def report_accept(*, report: Any, signature: Any, lines: Any) -> str:
    """Takes in a report that a node posted, as JSON values, and returns its hash.

    The signature is checked before anything is computed, and every figure is computed again before anything is
    written. Raises ReportRefused or ProofError, with a code per reason.
    """
    told = NodeReport.from_json(report)
    binding = NodeBinding.objects.filter(node=told.node).first()
    if binding is None:
        raise ReportRefused(
            f"node {told.node} is not registered here.",
            code="report.node_unknown",
            hint="Enrol the account first, with this node's key.",
        )
    if binding.hosted:
        raise ReportRefused(
            "the platform signs for this node.", code="report.hosted", hint="Enrol it with a key of your own first."
        )
    domain = report_domain()
    raw = from_hex(signature, length=65, field="signature")
    if keys.recover(told.digest(domain), raw) != binding.key:
        raise ReportRefused(
            f"not signed by the key {binding.key} for chain {domain.chain_id}.",
            code="report.signature_mismatch",
            hint="Sign with the key the node was enrolled with.",
        )
    _check_claims(told, first_hour=binding.first_hour)
    stripped = StrippedLines.from_json(lines)
    try:
        factor_set = shipped_set(told.factor_set)
    except CloudTunerError as error:
        raise ReportRefused(str(error), code="report.factor_set") from error
    again = recompute(stripped, factor_set)
    if faults := report_faults(told, stripped, again, weigh(stripped, factor_set)):
        raise ReportRefused(
            f"the report does not follow from its lines: {', '.join(faults)}.",
            code=faults[0],
            hint="Estimate the bill again and sign anew.",
        )
    row = report_commit(report=told, signature=raw, lines=stripped, hours=again.hours, domain=domain)
    wake_network()
    return row.report_hash


def _check_claims(report: NodeReport, *, first_hour: int) -> None:
    """Refuses what a report says of itself and what no line could prove: its range, its month's end, level and engine."""
    if (report.hour_from, report.hour_through) != month_range(report.hour_through, first_hour):
        raise ReportRefused(
            f"{report.hour_from} … {report.hour_through} is not a calendar month cut to first hour {first_hour}.",
            code="report.range",
        )
    if is_too_old(report.hour_from, first_hour):
        raise ReportRefused(
            f"hours from {report.hour_from} on lie more than twelve months before first hour {first_hour}; nothing pays them.",
            code="report.too_old",
            hint="Report the twelve months before the first hour, and what follows.",
        )
    if report.state != State.PROVISIONAL and clock.hour_of(clock.now()) <= report.hour_through:
        raise ReportRefused("the month has not ended.", code="report.month_open", hint="Report it as PROVISIONAL until then.")
    if report.level != Level.A0:
        raise ReportRefused(
            f"level {report.level} needs evidence that this release does not take.",
            code="report.level",
            hint="Report level 0 (A0).",
        )
    if report.engine != ENGINE_ID:
        raise ReportRefused(
            f"engine {report.engine[:10]}… is not {ENGINE_ID[:10]}….", code="report.engine", hint="Update the node."
        )
    amounts = (report.energy_uwh, report.operational_ug, report.embodied_ug, report.work_uwh, report.scored_ug)
    if max(map(abs, amounts)) >= _LARGEST:
        raise ReportRefused("an amount is larger than any account's month can be.", code="report.amount")
