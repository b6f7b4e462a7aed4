"""Reads: what pages, exports and other apps ask of the ledger, its bills and its reports."""

from emissions.selectors.bills import bill_version, bills, quarantined_lines, upload, uploads, versions_in_review
from emissions.selectors.claimability import claimability, ready_ug
from emissions.selectors.dashboard import dashboard, ledger_span
from emissions.selectors.export import ledger_csv, ledger_parquet
from emissions.selectors.ledger import ledger_choices, ledger_page, ledger_totals
from emissions.selectors.lines import row_lines
from emissions.selectors.nodes import account_nodes, nodes
from emissions.selectors.rhythm import stand_for_days, times_of

__all__ = [
    "account_nodes",
    "bill_version",
    "bills",
    "claimability",
    "dashboard",
    "ledger_choices",
    "ledger_csv",
    "ledger_page",
    "ledger_parquet",
    "ledger_span",
    "ledger_totals",
    "nodes",
    "quarantined_lines",
    "ready_ug",
    "row_lines",
    "stand_for_days",
    "times_of",
    "upload",
    "uploads",
    "versions_in_review",
]
