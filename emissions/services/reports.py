"""From ledger months to signed reports: only what changed, and never a figure that its own lines do not give again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import sha256

from django.db.models import Q, QuerySet, Sum

from accounts import keys as account_keys
from accounts.selectors import current_organization
from cloudtuner import clock
from cloudtuner.errors import CloudTunerError, ConfigurationError, ProofError
from cloudtuner.tenancy import current_schema
from emissions.engine.estimate import ENGINE_ID
from emissions.engine.recompute import recompute
from emissions.engine.work import coverage_bp, weigh
from emissions.grid.catalog import load_factor_set
from emissions.models import LedgerDay, LedgerHour, ReportedMonth
from emissions.poce import keys
from emissions.poce.canonical import jcs
from emissions.poce.eip712 import Domain
from emissions.poce.hexes import to_hex
from emissions.poce.lines import StrippedLines
from emissions.poce.report import Level, NodeReport, State, build_report, is_too_old, month_range
from emissions.register.domain import report_domain
from emissions.register.jobs import Job, job_done, job_keep, job_later, job_put_off_on_error, job_take
from emissions.register.models import NodeBinding, ReportCommitment, WaitingJob
from emissions.register.selectors import BoundNode
from emissions.register.selectors import nodes as bound_nodes
from emissions.register.services import ReportRefused, report_commit
from emissions.register.waking import wake_network
from emissions.selectors.months import Month, months
from emissions.selectors.nodes import account_nodes
from emissions.store import default_store

logger = logging.getLogger(__name__)
_WAIT_FOR_CHAIN_S = 5.0
UNKNOWN = "unknown"


@dataclass(frozen=True)
class _Signer:
    """The organisation's report key, opened for one run of the chain worker."""

    key: bytes
    domain: Domain


def reports_build() -> int:
    """Builds, signs and commits the report of every month whose bills changed; returns how many were committed.

    Runs in the chain worker only: it opens the organisation's report key. Running it twice commits nothing twice.
    While the contracts are not deployed there is nothing to sign for, and the job waits.
    """
    job = job_take(kind=WaitingJob.Kind.REPORTS, schema=current_schema())
    if job is None:
        return 0
    try:
        domain = report_domain()
    except ConfigurationError as error:
        job_later(job, seconds=_WAIT_FOR_CHAIN_S, error=str(error), counts=False)
        return 0
    with job_put_off_on_error(job):
        committed, next_end = _build_all(job, domain)
    if committed:
        wake_network()
    if next_end is None:
        job_done(job)
    else:
        # Nothing but time makes these final: look again when the first of them ends.
        seconds = (clock.hour_start(next_end + 1) - clock.now()).total_seconds()
        job_later(job, seconds=max(1.0, seconds), counts=False)
    return committed


def _build_all(job: Job, domain: Domain) -> tuple[int, int | None]:
    """How many reports were committed, and the last hour of the first month that only waits for its end."""
    organization = current_organization()
    signer = _Signer(account_keys.open_key(organization.uuid, "report"), domain)
    bound = {node.node: node for node in bound_nodes(organization=organization.uuid)}
    committed = 0
    ends: list[int] = []
    for month, node in _with_nodes(months(), bound):
        job_keep(job)
        committed += _month_build(month, node, signer)
        if month.state() is not State.FINAL and not month.lines_without_invoice:
            ends.append(month.hour_through)
    return committed, min(ends, default=None)


def _with_nodes(found: list[Month], bound: dict[str, BoundNode]) -> list[tuple[Month, BoundNode]]:
    """The months that the platform signs for, with their node: those from its first hour on, and twelve before it."""
    ids = account_nodes()
    pairs = [(month, bound.get(ids[month.provider, month.account])) for month in found]
    return [(month, node) for month, node in pairs if node is not None and node.hosted and _is_due(month, node)]


def _is_due(month: Month, node: BoundNode) -> bool:
    return not is_too_old(month_range(month.hour_through, node.first_hour)[0], node.first_hour)


def _month_build(month: Month, node: BoundNode, signer: _Signer) -> int:
    hour_from, hour_through = month_range(month.hour_through, node.first_hour)
    coverage = _coverage_bp(month, hour_from)
    inputs = _inputs(month, hour_from, signer.domain, coverage)
    row = ReportedMonth.objects.filter(provider=month.provider, account=month.account, hour_through=hour_through).first()
    if row is not None and row.inputs == inputs:
        return 0
    told = {
        "node": node.node,
        "hour_from": hour_from,
        "inputs": inputs,
        "built_at": clock.now(),
        "problem_code": "",
        "problem": "",
    }
    count = 0
    try:
        report_hash, count = _report(month, node.node, hour_from, signer, coverage)
        told["report_hash"] = report_hash
    except ReportRefused as error:
        if error.code == "report.seq":
            raise
        told |= {"problem_code": error.code, "problem": str(error)}
    except CloudTunerError as error:
        if error.retryable:
            raise
        told |= {"problem_code": error.code, "problem": str(error)}
    if told["problem_code"]:
        logger.error("report not built: %s", told["problem"], extra={"node": node.node, "code": told["problem_code"]})
    ReportedMonth.objects.update_or_create(
        provider=month.provider, account=month.account, hour_through=hour_through, defaults=told
    )
    return count


def _inputs(month: Month, hour_from: int, domain: Domain, coverage: int) -> str:
    """A digest of everything that the month's report follows from.

    Stripped lines hold no cost, so `coverage`, the one figure of a report that follows from it, is named beside them.
    """
    value = {
        "sources": [[source.row.stripped_digest if source.row else "", source.version.factor_set] for source in month.sources],
        "state": month.state().value,
        "hour_from": hour_from,
        "coverage_bp": coverage,
        "engine": ENGINE_ID,
        "domain": [domain.chain_id, domain.verifying_contract],
    }
    return sha256(jcs(value)).hexdigest()


def _report(month: Month, node: str, hour_from: int, signer: _Signer, coverage: int) -> tuple[str, int]:
    """The hash of the month's report and 1, or of the one there is and 0 when it says the same already."""
    lines = _lines(month, hour_from)
    sets = {source.version.factor_set for source in month.sources}
    if len(sets) > 1:
        raise ProofError(
            "the month's bills were estimated with different factor sets.", code="report.factor_sets", hint="Upload them again."
        )
    factor_set = load_factor_set(sets.pop())
    again = recompute(lines, factor_set)
    _compare_with_ledger(month, hour_from, again.operational_ug + again.embodied_ug)
    binding = NodeBinding.objects.get(node=node)
    report = build_report(
        node=node,
        seq=binding.seq + 1,
        prev=binding.prev,
        hour_from=hour_from,
        hour_through=month.hour_through,
        state=month.state().value,
        level=Level.A0.value,
        lines=lines,
        recomputed=again,
        work=weigh(lines, factor_set),
        coverage_bp=coverage,
        factor_set_id=factor_set.id,
        engine_id=ENGINE_ID,
        bill_digest=_bill_digest(month),
    )
    before = binding.reports.filter(hour_from=hour_from, hour_through=month.hour_through).order_by("-seq").first()
    if before is None and not len(lines):
        return "", 0
    if before is not None and _same(before, report):
        return before.report_hash, 0
    signature = keys.sign(signer.key, report.digest(signer.domain))
    row = report_commit(report=report, signature=signature, lines=lines, hours=again.hours, domain=signer.domain)
    logger.info("report signed", extra={"node": node, "report": row.report_hash, "state": report.state, "count": len(lines)})
    return row.report_hash, 1


def _lines(month: Month, hour_from: int) -> StrippedLines:
    store = default_store()
    parts = [
        StrippedLines.from_bytes(store.read(source.row.stripped_digest)).between(hour_from, month.hour_through)
        for source in month.sources
        if source.row is not None
    ]
    if len(parts) == 1:
        return parts[0]
    return StrippedLines.collect((hour, part.rate_keys[key], quantity) for part in parts for hour, key, quantity in part.lines)


def _ledger(month: Month, hour_from: int) -> QuerySet[LedgerDay] | QuerySet[LedgerHour]:
    """The ledger's rows of the month from an hour on: by day where that hour begins one."""
    of = {"series__provider": month.provider, "series__account": month.account}
    where = of | {"hour__range": (hour_from, month.hour_through)}
    return LedgerDay.objects.filter(**where) if hour_from % 24 == 0 else LedgerHour.objects.filter(**where)


def _coverage_bp(month: Month, hour_from: int) -> int:
    """How much of what the month cost has a model."""
    unknown = Sum("cost_micro", filter=Q(series__quality=UNKNOWN))
    costs = _ledger(month, hour_from).aggregate(every=Sum("cost_micro"), unknown=unknown)
    every = int(costs["every"] or 0)
    return coverage_bp(every - int(costs["unknown"] or 0), every)


def _compare_with_ledger(month: Month, hour_from: int, ug: int) -> None:
    """Raises ProofError unless the lines give what the ledger holds: a certificate must tie to both."""
    rows = _ledger(month, hour_from).exclude(series__quality=UNKNOWN)
    held = rows.aggregate(ug=Sum("operational_ug") + Sum("embodied_ug"))["ug"]
    if int(held or 0) != ug:
        raise ProofError(
            f"the ledger holds {int(held or 0)} µg, the lines give {ug} µg.",
            code="report.ledger_mismatch",
            hint="Upload the bill again: it was estimated by another version of the engine.",
        )


def _same(before: ReportCommitment, report: NodeReport) -> bool:
    """Whether a new report would say what the last one of the same hours says."""
    last = NodeReport.from_json(before.report)
    return all(
        getattr(last, name) == getattr(report, name)
        for name in (
            "state",
            "level",
            "usage_root",
            "line_count",
            "operational_ug",
            "embodied_ug",
            "energy_uwh",
            "work_uwh",
            "scored_ug",
            "coverage_bp",
            "hours_root",
            "factor_set",
            "engine",
        )
    )


def _bill_digest(month: Month) -> str:
    """The digest of the version behind the month; of all their digests where several versions are."""
    digests = sorted({source.version.bill_digest for source in month.sources})
    return digests[0] if len(digests) == 1 else to_hex(sha256(jcs(digests)).digest())
