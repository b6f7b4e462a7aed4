"""Whether one report is true: signed by its node, over these lines, and worth what it says when computed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cloudtuner.errors import FactorError, ProofError
from emissions.engine.identity import ENGINE_ID
from emissions.engine.recompute import recompute
from emissions.engine.work import weigh
from emissions.grid.catalog import FactorSet, load_factor_set
from emissions.poce.eip712 import Domain
from emissions.poce.fields import Fields
from emissions.poce.hexes import from_hex
from emissions.poce.keys import recover
from emissions.poce.lines import StrippedLines
from emissions.poce.live import LiveReport
from emissions.poce.report import Level, NodeReport, State, is_too_old, month_range, report_faults
from tokens.chain.contracts import NodeRecord

from .store import Store
from .verdict import Fault, faults_of

FetchReport = Callable[[str], Any]


@dataclass(frozen=True)
class ReportRules:
    """What every report of the epoch is held against, read at one block. `now_hour` is the block's hour."""

    domain: Domain
    now_hour: int
    factor_set_at: Callable[[int], str]


def verified_reports(
    node: str,
    record: NodeRecord,
    wanted: Sequence[str],
    *,
    attested: Sequence[str] = (),
    rules: ReportRules,
    fetch_report: FetchReport,
    store: Store,
) -> tuple[dict[str, LiveReport], list[Fault]]:
    """The node's reports by hash, each fetched and checked once only, and what is wrong with the others."""
    hashes = dict.fromkeys([*wanted, *attested])
    known = store.verified(node, hashes)
    faults: list[Fault] = []
    for report_hash in hashes:
        if report_hash not in known:
            live, wrong = check_report(
                fetch_report(report_hash),
                report_hash=report_hash,
                node=node,
                record=record,
                attested=report_hash in attested,
                rules=rules,
            )
            faults += wrong
            if live is not None and not wrong:
                store.remember(node, live)
                known[report_hash] = live
    return known, faults


def check_report(
    package: Any, *, report_hash: str, node: str, record: NodeRecord, attested: bool, rules: ReportRules
) -> tuple[LiveReport | None, list[Fault]]:
    """The report as an epoch counts it, and what is wrong with it.

    `attested`: a quorum stood behind it in an earlier epoch. Then the node's key may have changed since, and the engine
    and factor set may be older than ours: it is recomputed if we can, and its key is not asked again.
    """
    try:
        fields = Fields(package, ("report", "signature", "lines"), what="report package")
        report = NodeReport.from_json(fields.raw("report"))
        if report.report_hash(rules.domain) != report_hash:
            raise ProofError("the host sent another report than the bundle names.", code="report.hash")
        lines = StrippedLines.from_json(fields.raw("lines"))
        signature = from_hex(fields.raw("signature"), length=65, field="signature")
        signer = recover(report.digest(rules.domain), signature)
        month = month_range(report.hour_through, record.first_hour)
    except ProofError as error:
        return None, [Fault(error.code, report_hash, error.message)]
    own_range = (report.hour_from, report.hour_through)
    told = [
        (report.node == node, "report.node", f"it is of node {report.node}"),
        (attested or signer == record.key, "report.signature", f"signed by {signer}, the node's key is {record.key}"),
        (report.state == State.FINAL, "report.not_final", f"state {report.state} does not count"),
        (report.level == Level.A0, "report.level", f"level {report.level} without evidence for it"),
        (own_range == month, "report.range", f"{own_range} is not a month of the node"),
        (not is_too_old(report.hour_from, record.first_hour), "report.too_old", "more than twelve months before the first hour"),
        (report.hour_through < rules.now_hour, "report.month_open", "its month has not ended"),
        (attested or report.engine == ENGINE_ID, "report.engine", f"engine {report.engine} is not ours"),
        (attested or report.factor_set == rules.factor_set_at(report.hour_from), "report.factor_set", "not the set of its hours"),
    ]
    faults = faults_of(told, where=report_hash)
    if not faults:  # lines of hours that do not exist cannot be valued
        faults = _recomputed(report, lines, report_hash=report_hash, attested=attested)
    return LiveReport.of(report, report_hash), faults


def _recomputed(report: NodeReport, lines: StrippedLines, *, report_hash: str, attested: bool) -> list[Fault]:
    """What our own figures say against the report's."""
    factors = _known_set(report.factor_set)
    if factors is None or report.engine != ENGINE_ID:
        return [] if attested else [Fault("report.unknown_method", report_hash, "this validator cannot compute its method")]
    try:
        if lines != lines.between(report.hour_from, report.hour_through):
            return [Fault("report.hours", report_hash, "it has lines of other months")]
        wrong = report_faults(report, lines, recompute(lines, factors), weigh(lines, factors))
    except (ProofError, FactorError) as error:
        return [Fault("report.not_computable", report_hash, str(error))]
    return [Fault(code, report_hash, "differs from what its lines give") for code in wrong]


def _known_set(factor_set: str) -> FactorSet | None:
    try:
        return load_factor_set(factor_set)
    except FactorError:
        return None
