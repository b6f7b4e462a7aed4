"""What can be claimed of each account and month, and in words why the rest cannot."""

from __future__ import annotations

from collections import defaultdict

from cloudtuner import clock
from cloudtuner.clock import hour_start
from emissions.models import ReportedMonth
from emissions.poce.report import State, is_too_old
from emissions.register.selectors import CommittedReport, live_final_reports
from emissions.selectors.figures import Claimability, ClaimMonth, LedgerFilters, NodeInfo
from emissions.selectors.months import Month, months
from emissions.selectors.nodes import nodes
from emissions.selectors.slicing import cells_sql, rows

UNKNOWN = "unknown"


def claimability(filters: LedgerFilters | None = None) -> Claimability:
    """Every month of every account, oldest first; `filters` narrows by account and by hours.

    Claimable = the micrograms of the node's live FINAL reports, so its sum is what validators attest.
    """
    wanted = filters or LedgerFilters()
    known = {(node.provider, node.account): node for node in nodes()}
    held = _held()
    live = live_final_reports(node.node for node in known.values())
    reported = {(row.provider, row.account, row.hour_through): row for row in ReportedMonth.objects.all()}
    found = []
    for month in months(wanted.accounts or None):
        node = known.get((month.provider, month.account))
        if node is None or not _within(month, wanted):
            continue
        final = next((report for report in live.get(node.node, ()) if report.report.hour_through == month.hour_through), None)
        row = reported.get((month.provider, month.account, month.hour_through))
        found.append(_month(month, node, held[month.provider, month.account, month.hour_from], final, row))
    found.sort(key=lambda told: (told.hour_from, told.account))
    return Claimability(
        months=tuple(found),
        ledger_ug=sum(told.ledger_ug for told in found),
        claimable_ug=sum(told.claimable_ug for told in found),
        by_cost_ug=sum(told.by_cost_ug for told in found),
        waiting_ug=sum(told.waiting_ug for told in found),
    )


def ready_ug(filters: LedgerFilters | None = None) -> int:
    """What FINAL reports hold: Σ claimable."""
    return claimability(filters).claimable_ug


def _within(month: Month, filters: LedgerFilters) -> bool:
    after = filters.hour_from is None or month.hour_through >= filters.hour_from
    return after and (filters.hour_through is None or month.hour_from <= filters.hour_through)


def _held() -> dict[tuple[str, str, int], tuple[int, int]]:
    """(provider, account, first hour of the month) → µg in the ledger that validators can recompute, and by-cost µg."""
    held: dict[tuple[str, str, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    found = rows(
        "SELECT provider, account, hour, "  # noqa: S608
        "COALESCE(SUM(operational_ug + embodied_ug) FILTER (WHERE quality <> %s), 0)::bigint, "
        "COALESCE(SUM(operational_ug + embodied_ug) FILTER (WHERE quality = %s), 0)::bigint "
        f"FROM {cells_sql(LedgerFilters())} GROUP BY 1, 2, 3",
        [UNKNOWN, UNKNOWN],
    )
    for provider, account, month, checkable, by_cost in found:
        held[provider, account, int(month)] = (checkable, by_cost)
    return held


def _month(
    month: Month, node: NodeInfo, held: tuple[int, int], final: CommittedReport | None, row: ReportedMonth | None
) -> ClaimMonth:
    checkable, by_cost = held
    claimable = final.report.ug if final else 0
    waiting = checkable - claimable
    state, code, reason = _why(month, node, waiting=waiting, by_cost=by_cost, final=final, row=row)
    return ClaimMonth(
        node=node.node,
        provider=month.provider,
        account=month.account,
        month=hour_start(month.hour_from).strftime("%Y-%m"),
        hour_from=month.hour_from,
        hour_through=month.hour_through,
        state=state,
        ledger_ug=checkable + by_cost,
        claimable_ug=claimable,
        by_cost_ug=by_cost,
        waiting_ug=waiting,
        lines=sum(source.row.lines for source in month.sources if source.row),
        lines_without_invoice=month.lines_without_invoice,
        reason_code=code,
        reason=reason,
        report_hash=final.report_hash if final else (row.report_hash if row else ""),
        seq=final.report.seq if final else 0,
    )


def _why(
    month: Month, node: NodeInfo, *, waiting: int, by_cost: int, final: CommittedReport | None, row: ReportedMonth | None
) -> tuple[str, str, str]:
    """State, code and sentence of what keeps the month, or a part of it, from being claimable."""
    if is_too_old(month.hour_from, node.first_hour):
        first = clock.hour_text(node.first_hour)
        text = f"The account was enrolled from {first}; hours more than twelve months before that never count."
        return "before_enrolment", "month.before_enrolment", text
    closed = month.state() is State.FINAL
    if not closed:
        state = "final" if final and not waiting else "provisional"
        if month.lines_without_invoice:
            total = sum(source.row.lines for source in month.sources if source.row)
            text = (
                f"{month.lines_without_invoice} of {total} lines have no invoice id yet. "
                "Upload the bill again once the provider has issued the invoice."
            )
            return state, "month.no_invoice", text
        return state, "month.open", f"The month ends on {clock.hour_text(month.hour_through + 1)}."
    if row is not None and row.problem_code:
        return "waiting", row.problem_code, row.problem
    if waiting and month.hour_from < node.first_hour <= month.hour_through:
        text = f"Hours before {clock.hour_text(node.first_hour)}, when the account was enrolled, never count."
        return ("final" if final else "waiting"), "month.before_enrolment", text
    if waiting:
        if not node.hosted:
            return "waiting", "month.own_node", "Your own node signs this account's reports; this one has not arrived yet."
        return ("final" if final else "waiting"), "month.reporting", "The report of the newest figures is being signed."
    if by_cost:
        return (
            "final",
            "month.by_cost",
            "The part estimated by cost cannot be recomputed by validators, so it is never claimable.",
        )
    return (
        ("final", "", "")
        if final
        else ("nothing", "month.nothing", "No usage of this month emits anything that can be reported.")
    )
