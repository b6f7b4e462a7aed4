"""How are kilograms retired? One sheet, one confirmation, a timeline; a second member approves where there are two."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required
from accounts.permissions import CLAIM_VIEW, RETIRE_APPROVE, RETIRE_PREPARE
from accounts.views.page import is_fragment, page
from cloudtuner.errors import ServiceError
from cloudtuner.periods import NamedPeriod, period_of, periods_between
from emissions.selectors import nodes
from emissions.selectors.dashboard import ledger_span
from tokens import selectors
from tokens.forms import RetireForm, draw_token
from tokens.selectors import RetirementDetail
from tokens.services.retiring import retirement_approve, retirement_cancel, retirement_confirm, retirement_prepare
from tokens.views.staleness import needs_chain, stale_text

# In this order; what comes after "confirmed" the chain worker does.
STEPS = ("draft", "approved", "confirmed", "signed", "sent", "mined", "final")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(RETIRE_PREPARE)
@needs_chain
def retire(request: HttpRequest) -> HttpResponse:
    """The sheet, filled in already; sending it retires, or asks for approval where a second person is needed."""
    first, last = ledger_span()
    offered = periods_between(first, last)
    period = period_of(request.GET.get("period", ""), offered)
    if period is None:
        return page(request, "tokens/retire.html", {"retirable": _nothing(), "periods": [], "period": None})
    found = selectors.retirable(selectors.Period(period.label, period.hour_from, period.hour_through))
    states = selectors.kilogram_states(found.period)
    context: dict[str, Any] = {
        "period": period,
        "periods": offered,
        "stale": stale_text(),
        "coming_ug": states.ready_ug + states.settling_ug,
    }
    if request.method == "POST":
        form = RetireForm(request.POST)
        if form.is_valid():
            try:
                return _retire(request, period, form.cleaned_data)
            except ServiceError as error:
                context["problem"] = error
                found = selectors.retirable(selectors.Period(period.label, period.hour_from, period.hour_through))
    else:
        form = RetireForm(
            initial={
                "beneficiary_name": request.tenant.legal_name,  # type: ignore[attr-defined]
                "amount_ug": found.ug,
                "client_token": draw_token(),
            }
        )
    status = 400 if request.method == "POST" else 200
    return page(request, "tokens/retire.html", {**context, "retirable": found, "form": form}, status=status)


def _nothing() -> dict[str, Any]:
    return {"ug": 0, "period": {"label": ""}, "reason": _("The ledger is empty. Bring in a bill first.")}


def _retire(request: HttpRequest, period: NamedPeriod, sheet: dict[str, Any]) -> HttpResponse:
    made = retirement_prepare(
        actor=request.user,  # type: ignore[arg-type]
        hour_from=period.hour_from,
        hour_through=period.hour_through,
        label=period.label,
        ug=sheet["amount_ug"],
        beneficiary_name=sheet["beneficiary_name"],
        purpose=sheet["purpose"],
        client_token=sheet["client_token"],
    )
    # Alone, and allowed to approve: the sheet was the confirmation.
    alone = selectors.approval_needed() == "single-person"
    if alone and request.membership.allows(RETIRE_APPROVE):  # type: ignore[attr-defined]
        retirement_confirm(actor=request.user, retirement_id=made.id)  # type: ignore[arg-type]
    return redirect("tokens:retirement", made.id)


@require_safe
@permission_required(CLAIM_VIEW)
@needs_chain
def retirements(request: HttpRequest) -> HttpResponse:
    """Every retirement, newest first."""
    return page(request, "tokens/retirements.html", {"retirements": selectors.retirements()})


@require_safe
@permission_required(CLAIM_VIEW)
@needs_chain
def retirement(request: HttpRequest, retirement_id: uuid.UUID) -> HttpResponse:
    """One retirement and its timeline; polled every second until the certificate is there."""
    try:
        detail = selectors.retirement(retirement_id)
    except ServiceError as error:
        raise Http404 from error
    ready = bool(detail.certified_block_hash) and detail.certified_block_hash == detail.final_block_hash
    context = {
        "detail": detail,
        "accounts": {info.node: info.account for info in nodes()},
        "steps": _timeline(detail, ready=ready),
        "certificate_ready": ready,
        "running": detail.row.state not in {"draft", "approved", "failed", "cancelled"} and not ready,
    }
    return page(request, "tokens/retirement_body.html" if is_fragment(request) else "tokens/retirement.html", context)


def _timeline(detail: RetirementDetail, *, ready: bool) -> list[dict[str, Any]]:
    """What happened, then what is to come; the first of those is what happens now."""
    labels = {
        "draft": _("Prepared"),
        "approved": _("Approved"),
        "confirmed": _("Claim registered"),
        "signed": _("Signed"),
        "sent": _("Sent"),
        "mined": _("In a block"),
        "final": _("Final"),
    }
    past = [
        {
            "label": labels.get(step.state, step.label),
            "state": "failed" if step.state == "failed" else "done",
            "at": step.at,
            "detail": step.note or step.who,
            "tx_hash": step.tx_hash,
        }
        for step in detail.timeline
    ]
    if detail.row.state in {"failed", "cancelled"}:
        return past
    reached = STEPS.index(detail.row.state) if detail.row.state in STEPS else STEPS.index("confirmed")
    coming: list[dict[str, Any]] = [{"label": labels[name], "state": "todo"} for name in STEPS[reached + 1 :]]
    if detail.row.state == "mined" and detail.confirmations is not None:
        counted = _("%(done)s of %(all)s confirmations") % {"done": detail.confirmations, "all": detail.confirmations_needed}
        # Without a number to wait for it is final when the chain says so.
        coming[0]["detail"] = counted if detail.confirmations_needed else _("when the chain calls its block final")
    coming.append({"label": _("Certificate ready"), "state": "done" if ready else "todo"})
    waiting = next((step for step in coming if step["state"] == "todo"), None)
    if waiting is not None and detail.row.state not in {"draft", "approved"}:
        waiting["state"] = "now"
    return [*past, *coming]


@require_safe
@permission_required(CLAIM_VIEW)
@needs_chain
def approvals(request: HttpRequest) -> HttpResponse:
    """What waits for another member's word."""
    context = {"waiting": selectors.retirements_awaiting_approval(), "two_person": selectors.approval_needed() == "two-person"}
    return page(request, "tokens/approvals.html", context)


@require_POST
@permission_required(RETIRE_APPROVE)
@needs_chain
def approve(request: HttpRequest, retirement_id: uuid.UUID) -> HttpResponse:
    """Approves what another member prepared, and sends it off."""
    try:
        retirement_approve(actor=request.user, retirement_id=retirement_id)  # type: ignore[arg-type]
        retirement_confirm(actor=request.user, retirement_id=retirement_id)  # type: ignore[arg-type]
    except ServiceError as error:
        messages.error(request, str(error))
        return redirect("tokens:approvals")
    return redirect("tokens:retirement", retirement_id)


@require_POST
@permission_required(RETIRE_APPROVE)
@needs_chain
def confirm(request: HttpRequest, retirement_id: uuid.UUID) -> HttpResponse:
    """Sends an approved retirement off."""
    try:
        retirement_confirm(actor=request.user, retirement_id=retirement_id)  # type: ignore[arg-type]
    except ServiceError as error:
        messages.error(request, str(error))
    return redirect("tokens:retirement", retirement_id)


@require_POST
@permission_required(CLAIM_VIEW)
def cancel(request: HttpRequest, retirement_id: uuid.UUID) -> HttpResponse:
    """Withdraws or declines a retirement that was not sent yet. Two permissions allow it; the service asks for one of them."""
    try:
        retirement_cancel(actor=request.user, retirement_id=retirement_id)  # type: ignore[arg-type]
        messages.success(request, _("Withdrawn. Nothing was retired."))
    except ServiceError as error:
        messages.error(request, str(error))
    return redirect("tokens:approvals")
