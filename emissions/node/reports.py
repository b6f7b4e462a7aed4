"""Which reports a bill asks for: one per node and month whose content differs from the last one signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.compute as pc

from cloudtuner import clock
from cloudtuner.clock import hour_of
from emissions.engine.estimate import Estimate, estimate
from emissions.engine.identity import ENGINE_ID
from emissions.engine.recompute import recompute
from emissions.engine.results import sums_by
from emissions.engine.work import coverage_bp, weigh
from emissions.grid.catalog import FactorSet
from emissions.poce.eip712 import Domain
from emissions.poce.hexes import ZERO_32
from emissions.poce.keys import sign
from emissions.poce.lines import StrippedLines
from emissions.poce.report import Level, NodeReport, State, build_report, is_too_old, month_range

from .spool import SignedReport, Spool, SpooledReport


@dataclass(frozen=True)
class Node:
    """One usage account that this agent answers for, and the head of its chain of reports as the network has it."""

    account: str
    node: str
    first_hour: int
    seq: int = 0
    prev: str = ZERO_32


def report_bill(
    bill: Path, nodes: Mapping[str, Node], *, spool: Spool, key: bytes, domain: Domain, factor_set: FactorSet
) -> list[SpooledReport]:
    """Estimates one bill (a file or a folder) and spools the signed reports that it asks for, by account and month.

    `nodes` by account id; other accounts of the bill are left alone. The caller holds the spool's lock.
    """
    with estimate([bill], factor_set=factor_set) as figures:
        return [
            item
            for account in sorted(summary.account for summary in figures.accounts)
            if account in nodes
            for item in _report_node(figures, nodes[account], spool=spool, key=key, domain=domain, factor_set=factor_set)
        ]


def _report_node(
    figures: Estimate, node: Node, *, spool: Spool, key: bytes, domain: Domain, factor_set: FactorSet
) -> list[SpooledReport]:
    before = [item.read().report for item in spool.reports(node.node)]
    added = []
    for report, lines in _months(figures, node, factor_set):
        if _is_known(report, [known for known in before if _range(known) == _range(report)]):
            continue
        seq, prev = _head(node, before, domain)
        chained = replace(report, seq=seq + 1, prev=prev)
        added.append(spool.add(SignedReport(chained, sign(key, chained.digest(domain)), lines)))
        before.append(chained)
    return added


def _months(figures: Estimate, node: Node, factor_set: FactorSet) -> Iterator[tuple[NodeReport, StrippedLines]]:
    """A report per month of the account's hours in this bill, not yet placed in the chain; none of months too old to count."""
    summary = next(summary for summary in figures.accounts if summary.account == node.account)
    stripped = figures.stripped(node.account)
    hour = max(summary.hour_from, 0)
    while hour <= summary.hour_through:
        start, end = month_range(hour, node.first_hour)
        hour = end + 1
        if is_too_old(start, node.first_hour):
            continue
        lines = stripped.between(start, end)
        settled = end < hour_of(clock.now()) and summary.lines_without_invoice == 0
        report = build_report(
            node=node.node,
            seq=0,
            prev=ZERO_32,
            hour_from=start,
            hour_through=end,
            state=State.FINAL if settled else State.PROVISIONAL,
            level=Level.A0,
            lines=lines,
            recomputed=recompute(lines, factor_set),
            work=weigh(lines, factor_set),
            coverage_bp=_coverage_bp(figures, node.account, start, end),
            factor_set_id=factor_set.id,
            engine_id=ENGINE_ID,
            bill_digest=figures.bill.bill_digest,
        )
        yield report, lines


def _coverage_bp(figures: Estimate, account: str, hour_from: int, hour_through: int) -> int:
    """How much of what the account's month cost has a model, from the bill's hourly rows."""
    hours = figures.hours
    hours = hours.filter((pc.field("account") == account) & (pc.field("hour") >= hour_from) & (pc.field("hour") <= hour_through))
    costs = {row["quality"]: row["cost_micro"] for row in sums_by(hours, ["quality"], ["cost_micro"])}
    total = sum(costs.values())
    return coverage_bp(total - costs.get("unknown", 0), total)


def _head(node: Node, before: list[NodeReport], domain: Domain) -> tuple[int, str]:
    """The seq and hash that the next report follows: the spool's, unless the network is further."""
    if before and before[-1].seq >= node.seq:
        return before[-1].seq, before[-1].report_hash(domain)
    return node.seq, node.prev


def _range(report: NodeReport) -> tuple[int, int]:
    return report.hour_from, report.hour_through


def _is_known(report: NodeReport, before: list[NodeReport]) -> bool:
    """Whether the reports of the same range said this already, so that a repeated run adds nothing.

    A redelivery of the same lines says what the last report said. The very delivery of an earlier report is a command
    that was run again, not a bill that went back. A month without energy is no news unless it was reported before.
    """
    if not before:
        return not report.line_count
    unchained = [replace(known, seq=report.seq, prev=report.prev) for known in before]
    return report in unchained or replace(unchained[-1], bill_digest=report.bill_digest) == report
