"""What does a tired person need to see first? The total, where its kilograms stand, and what waits for them."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.models import Membership
from accounts.permissions import BILL_CONFIRM, BILL_UPLOAD, CLAIM_VIEW, LEDGER_VIEW, RETIRE_APPROVE, RETIRE_PREPARE
from accounts.views.page import page
from cloudtuner.errors import ConfigurationError
from cloudtuner.pages.hours import times_of_month
from cloudtuner.periods import NamedPeriod, period_of, periods_between
from cloudtuner.templatetags.marks import series_colours
from cloudtuner.units import decimal_text, kg_text, quantise
from emissions.selectors import claimability, dashboard, ledger_span, uploads, versions_in_review
from emissions.selectors.figures import Dashboard, LedgerFilters
from emissions.selectors.market import market_based
from tokens import selectors as tokens
from tokens.views.staleness import stale_text

MAX_SERIES = 7


@require_safe
@permission_required(None)
def overview(request: HttpRequest) -> HttpResponse:
    """The dashboard of a period; members who may not see the ledger are sent to what they may do."""
    membership: Membership = request.membership  # type: ignore[attr-defined]
    if not membership.allows(LEDGER_VIEW):
        return redirect("emissions:bill_import" if membership.allows(BILL_UPLOAD) else "accounts:organisation")
    first, last = ledger_span()
    offered = periods_between(first, last)
    period = period_of(request.GET.get("period", ""), offered)
    if period is None:
        empty = {"figures": {"first_hour": None}, "periods": [], "steps": [_("Account"), _("Organisation"), _("First bill")]}
        return page(request, "pages/overview.html", empty)
    figures = dashboard(period.hour_from, period.hour_through)
    context: dict[str, Any] = {
        "period": period,
        "periods": offered,
        "figures": figures,
        "hours_missing": max(0, figures.hours_expected - figures.hours_present),
        "chart": _chart(figures),
        "times": times_of_month(period, figures),
        "market": market_based(period.hour_from, period.hour_through),
        "change": _change(period, figures),
        "needs": _needs(membership),
        **_kilograms(period, membership),
    }
    return page(request, "pages/overview.html", context)


def _chart(figures: Dashboard) -> dict[str, Any]:
    """Months as rows, services as columns, the smallest services together as the last one."""
    services = [share.label for share in figures.by_service]
    shown = services if len(services) <= MAX_SERIES else services[: MAX_SERIES - 1]
    others = _("other services")
    cells: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for cell in figures.by_month:
        cells[cell.month][cell.service if cell.service in shown else others] += cell.ug
    names = shown if shown == services else [*shown, others]
    colours = series_colours(names)
    return {
        "series": [{"name": name, "colour": colours[name]} for name in names],
        "rows": [
            {"month": month, "values": [row[name] for name in names], "total": sum(row.values())}
            for month, row in sorted(cells.items())
        ],
    }


def _change(period: NamedPeriod, figures: Dashboard) -> str:
    """Against the year before, where that one is in the ledger; a year that still runs against as many hours of it."""
    if not period.key.startswith("fy-"):
        return ""
    before = period_of(f"fy-{int(period.key[3:]) - 1}", [])
    first, last = figures.first_hour, figures.last_hour
    if before is None or first is None or last is None or first > before.hour_from:
        return ""
    runs = last < period.hour_through
    through = before.hour_from + last - period.hour_from if runs else before.hour_through
    old = dashboard(before.hour_from, through).total.ug
    if old <= 0:
        return ""
    told = _("the same time of %(year)s") % {"year": before.label} if runs else before.label
    return f"{_percent(figures.total.ug - old, old)} {_('against')} {told}."


def _percent(part: int, whole: int) -> str:
    """A signed share with one decimal, halves away from zero.

    >>> _percent(-1, 10_000), _percent(-15, 10_000), _percent(123, 1000)
    ('0.0 %', '−0.2 %', '+12.3 %')
    """
    text = decimal_text(quantise(Fraction(part * 1000, whole)), scale=1, places=1)
    return f"{'+' if part > 0 and text != '0.0' else ''}{text.replace('-', '−')} %"


def _kilograms(period: NamedPeriod, membership: Membership) -> dict[str, Any]:
    if not membership.allows(CLAIM_VIEW):
        return {}
    try:
        found = tokens.kilogram_states(tokens.Period(period.label, period.hour_from, period.hour_through))
        retirable = membership.allows(RETIRE_PREPARE) and found.in_wallet_ug > 0
        stale = stale_text()
    except ConfigurationError:
        return {"stale": _("No chain is connected. The ledger does not need one; claims and retirements do.")}
    states = [
        ("retired", _("Retired"), found.retired_ug),
        ("wallet", _("In wallet"), found.in_wallet_ug),
        ("ready", _("Ready"), found.ready_ug),
        ("settling", _("Settling"), found.settling_ug),
        ("provisional", _("Provisional"), found.provisional_ug),
    ]
    held = claimability(LedgerFilters(hour_from=period.hour_from, hour_through=period.hour_through))
    return {
        "states": [{"key": key, "label": label, "ug": ug} for key, label, ug in states],
        "deficit_ug": found.deficit_ug,
        "by_cost_ug": held.by_cost_ug,
        "waiting": [row for row in held.months if row.reason_code],
        "retirable": retirable,
        "stale": stale,
    }


def _needs(membership: Membership) -> list[dict[str, str]]:
    """What waits for this member's hand, most pressing first."""
    needs = []
    if membership.allows(BILL_CONFIRM):
        for bill, version in versions_in_review():
            text = _("Version %(number)s of bill %(bill)s differs from the ledger: compare and confirm.")
            told = text % {"number": version.number, "bill": f"{bill.provider.upper()} {bill.payer}"}
            needs.append({"text": told, "href": reverse("emissions:bill_version", args=[version.id])})
    if membership.allows(RETIRE_APPROVE):
        for row in tokens.retirements_awaiting_approval():
            told = _("%(who)s prepared a retirement of %(kg)s: approve or decline.") % {
                "who": row.prepared_by_email,
                "kg": kg_text(row.ug),
            }
            needs.append({"text": told, "href": reverse("tokens:approvals")})
    if membership.allows(BILL_UPLOAD):
        failed = [upload for upload in uploads(5) if upload.state == "failed"]
        if failed:
            told = ngettext("An upload could not be read.", "%(count)s uploads could not be read.", len(failed)) % {
                "count": len(failed)
            }
            needs.append({"text": told, "href": reverse("emissions:upload", args=[failed[0].id])})
    return needs
