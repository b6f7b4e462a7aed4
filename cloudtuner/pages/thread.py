"""Where does a figure come from, and where did it go? From certificate and block down to bill line and factor."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.permissions import CERTIFICATE_VIEW, CLAIM_VIEW, LEDGER_VIEW
from accounts.views.page import page
from certificates import selectors as certificates
from cloudtuner.clock import hour_text
from cloudtuner.errors import CloudTunerError, ServiceError
from cloudtuner.units import kg_text
from emissions.engine.trace import LineTrace
from emissions.selectors import claimability, ledger_totals, nodes
from emissions.selectors.figures import LedgerFilters
from emissions.selectors.lines import RowLines, row_lines
from tokens import selectors as tokens

LIMIT = 200


@require_safe
@permission_required(LEDGER_VIEW)
def hour_thread(request: HttpRequest) -> HttpResponse:
    """A ledger row: upward to report, claim and retirement; downward to its lines, computed again."""
    account, hour = request.GET.get("account", ""), request.GET.get("hour", "")
    if not account or not hour.isdecimal() or len(hour) > 9:
        raise Http404
    chosen = {name: request.GET.get(name, "") for name in ("region", "service", "category", "quality", "basis")}
    at = int(hour)
    amount = ledger_totals(
        LedgerFilters(
            hour_from=at,
            hour_through=at,
            accounts=(account,),
            regions=_one(chosen["region"]),
            services=_one(chosen["service"]),
            categories=_one(chosen["category"]),
            qualities=_one(chosen["quality"]),
            bases=_one(chosen["basis"]),
        )
    )
    context: dict[str, Any] = {
        "account": account,
        "hour": at,
        **chosen,
        "amount": amount,
        "upward": _upward(request, account, at),
        **_downward(account, at, chosen, amount.ug),
    }
    return page(request, "pages/thread.html", context)


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _downward(account: str, hour: int, chosen: dict[str, str], ug: int) -> dict[str, Any]:
    try:
        bills = row_lines(
            account=account,
            hour=hour,
            region=chosen["region"] or None,
            service=chosen["service"] or None,
            category=chosen["category"] or None,
            limit=LIMIT,
        )
    except ServiceError as error:
        raise Http404 from error
    except CloudTunerError as error:
        return {"bills": [], "problem": str(error), "equals": None}
    told: list[dict[str, Any]] = [{"bill": bill, "lines": _lines(bill, chosen)} for bill in bills]
    whole = sum(line.figures.ug for entry in told for line in entry["lines"])
    cut = any(bill.truncated for bill in bills)
    return {"bills": told, "truncated": cut, "limit": LIMIT, "equals": None if cut else whole == ug}


def _lines(bill: RowLines, chosen: dict[str, str]) -> list[LineTrace]:
    return [
        line
        for line in bill.lines
        if (not chosen["quality"] or line.quality == chosen["quality"]) and (not chosen["basis"] or line.basis == chosen["basis"])
    ]


def _upward(request: HttpRequest, account: str, hour: int) -> list[dict[str, str]]:
    """Retirements and claims that hold the hour, and the report it was in; nothing that the role may not see."""
    node = next((info for info in nodes() if info.account == account), None)
    if node is None:
        return []
    steps: list[dict[str, str]] = []
    if request.membership.allows(CLAIM_VIEW):  # type: ignore[attr-defined]
        steps = _retired(node.node, hour)
    month = next(
        (row for row in claimability(LedgerFilters(accounts=(account,))).months if row.hour_from <= hour <= row.hour_through),
        None,
    )
    if month is not None and month.report_hash:
        text = _("month %(month)s, report %(seq)s, %(state)s") % {"month": month.month, "seq": month.seq, "state": month.state}
        steps.append({"title": _("Reported"), "text": text, "hash": month.report_hash})
    elif month is not None:
        steps.append({"title": _("Reported"), "text": month.reason or _("not yet")})
    return steps


def _retired(node: str, hour: int) -> list[dict[str, str]]:
    steps = []
    for row, part in tokens.retirements_of_hour(node, hour):
        href = reverse("tokens:retirement", args=[row.id])
        text = f"{row.certificate_id} · {kg_text(row.ug)} · {row.state_label}"
        steps.append({"title": _("Retired"), "text": text, "href": href, "hash": row.tx_hash})
        paid_by = _("retroactive round %(n)s") % {"n": part.round} if part.round else _("epoch %(epoch)s") % {"epoch": part.epoch}
        steps.append({"title": _("Claimed"), "text": paid_by, "hash": part.claim_tx})
    return steps


@require_safe
@permission_required(CERTIFICATE_VIEW)
def certificate_thread(request: HttpRequest, certificate_id: str) -> HttpResponse:
    """A certificate: its retirement, lots, epochs and the ledger hours that they name."""
    try:
        found = certificates.certificate(certificate_id)
        detail = tokens.retirement(found.row.retirement)
    except ServiceError as error:
        raise Http404 from error
    accounts = {info.node: info.account for info in nodes()}
    lots = [
        {
            "part": part,
            "account": accounts.get(part.node, ""),
            "href": f"{reverse('emissions:ledger')}?{urlencode({'account': accounts[part.node], 'sort': 'hour'})}"
            if part.node in accounts
            else "",
            "hours": f"{hour_text(part.hour_from)} – {hour_text(part.hour_through)}",
        }
        for part in detail.allocations
    ]
    return page(
        request, "pages/certificate_thread.html", {"certificate": found.row, "detail": found, "retirement": detail, "lots": lots}
    )
