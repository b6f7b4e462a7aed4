"""How far can the figures be trusted? Spend by quality, usage without a model, months with holes, lines left out."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.permissions import LEDGER_VIEW
from accounts.views.page import page
from cloudtuner.periods import period_of, periods_between
from emissions.selectors import ledger_span
from emissions.selectors.completeness import CLOSED, AccountMonths, MonthState, completeness, unfinished
from emissions.selectors.coverage import coverage, lines_of_versions, unknown_services
from emissions.selectors.figures import LedgerFilters

# A wider or longer table says less than the list of what is missing.
MATRIX_ACCOUNTS, MATRIX_MONTHS = 40, 14
MOST_GAPS = 200
QUALITY_SENTENCES: dict[str, str | Promise] = {
    "measured": _("The power of this type was measured by a third party."),
    "estimated": _("Modelled from published figures of this very thing."),
    "proxy": _("Something like it stands in, by name."),
    "unknown": _("No model: valued by what it cost, within its service. Never claimable."),
}
COUNTS: dict[str, str | Promise] = {
    "lines": _("Lines read"),
    "with_energy": _("With energy"),
    "unknown": _("of them valued by cost"),
    "without_energy": _("Without energy: tax, fee, credit"),
    "duplicates": _("Duplicates, counted once"),
    "quarantined": _("Quarantined"),
}


@require_safe
@permission_required(LEDGER_VIEW)
def coverage_page(request: HttpRequest) -> HttpResponse:
    """The coverage and completeness of a period; what is missing stands first."""
    first, last = ledger_span()
    offered = periods_between(first, last)
    period = period_of(request.GET.get("period", ""), offered)
    if period is None or first is None:
        return page(request, "emissions/coverage.html", {"period": None})
    filters = LedgerFilters(hour_from=period.hour_from, hour_through=period.hour_through)
    accounts = completeness(period.hour_from, period.hour_through)
    open_months = unfinished(accounts)
    lines = lines_of_versions(period.hour_from, period.hour_through)
    currencies = coverage(filters)
    context: dict[str, Any] = {
        "period": period,
        "periods": offered,
        "currencies": currencies,
        "sentences": QUALITY_SENTENCES,
        "unknown": unknown_services(filters),
        "gaps": open_months[:MOST_GAPS],
        "more_gaps": max(0, len(open_months) - MOST_GAPS),
        "missing": sum(month.state == "missing" for month in open_months),
        "closed": sum(month.state in CLOSED for account in accounts for month in account.months),
        "with_gaps": sum(month.state == "gaps" for account in accounts for month in account.months),
        "all_months": sum(len(account.months) for account in accounts),
        "matrix": _matrix(accounts),
        "counts": [(label, lines.counts[name]) for name, label in COUNTS.items() if name in lines.counts],
        "quarantined_total": lines.counts.get("quarantined", 0),
        "reasons": lines.reasons,
        "quarantined": lines.quarantined,
    }
    return page(request, "emissions/coverage.html", context)


def _matrix(accounts: tuple[AccountMonths, ...]) -> dict[str, Any]:
    """Accounts by months, where that fits a page; a month outside an account's life is empty."""
    names = sorted({month.month for account in accounts for month in account.months})
    if not accounts or len(accounts) > MATRIX_ACCOUNTS or len(names) > MATRIX_MONTHS:
        return {}
    rows = []
    for account in accounts:
        there: dict[str, MonthState] = {month.month: month for month in account.months}
        rows.append({"account": account.account, "provider": account.provider, "cells": [there.get(name) for name in names]})
    return {"months": names, "rows": rows}
