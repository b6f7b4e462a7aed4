"""What does the market say of the power? Instruments, what they cover, and both views of the emissions side by side."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required
from accounts.permissions import INSTRUMENT_RECORD, LEDGER_VIEW
from accounts.views.page import page
from cloudtuner.clock import month_hours
from cloudtuner.errors import CloudTunerError, ServiceError
from cloudtuner.periods import period_of, periods_between
from emissions.forms import InstrumentForm
from emissions.selectors import ledger_choices, ledger_span
from emissions.selectors.market import instrument, instruments, market_based
from emissions.services.instruments import NewInstrument, instrument_record, instrument_reverse
from emissions.store import default_store


@require_safe
@permission_required(LEDGER_VIEW)
def instruments_page(request: HttpRequest) -> HttpResponse:
    """Both views of a period by month, and every instrument with what it covers."""
    offered = periods_between(*ledger_span())
    period = period_of(request.GET.get("period", ""), offered)
    both = market_based(period.hour_from, period.hour_through) if period else None
    context = {"period": period, "periods": offered, "both": both, "instruments": instruments()}
    return page(request, "emissions/instruments.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(INSTRUMENT_RECORD)
def instrument_new(request: HttpRequest) -> HttpResponse:
    """Takes an instrument with its evidence."""
    offered = ledger_choices()
    months = [(each.key, each.label) for each in periods_between(offered.first_hour, offered.last_hour) if each.key[:2] != "fy"]
    choices = {"accounts": offered.accounts, "regions": offered.regions}
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = InstrumentForm(*given, months=sorted(months), choices=choices)
    problem: ServiceError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            instrument_record(actor=request.user, told=_told(form.cleaned_data), evidence=form.cleaned_data["evidence"])  # type: ignore[arg-type]
            messages.success(
                request, _("Recorded. Market-based figures follow it from now on; location-based ones do not change.")
            )
            return redirect("emissions:instruments")
        except ServiceError as error:
            problem = error
    context = {"form": form, "problem": problem, "months": months}
    return page(request, "emissions/instrument_new.html", context, status=400 if problem or form.errors else 200)


def _told(given: dict[str, Any]) -> NewInstrument:
    first, last = ([int(part) for part in given[name].split("-")] for name in ("month_from", "month_through"))
    return NewInstrument(
        kind=given["kind"],
        mwh=given["mwh"],
        factor_kg_per_kwh=given["factor"],
        hour_from=month_hours(*first)[0],
        hour_through=month_hours(*last)[1],
        **{name: given[name] for name in ("accounts", "regions", "registry", "serials", "note")},
    )


@require_POST
@permission_required(INSTRUMENT_RECORD)
def reverse_instrument(request: HttpRequest, instrument_id: uuid.UUID) -> HttpResponse:
    """Takes an instrument back; it stays in the list."""
    try:
        instrument_reverse(actor=request.user, instrument_id=instrument_id, reason=request.POST.get("reason", ""))  # type: ignore[arg-type]
        messages.success(request, _("Reversed. The entry stays visible and counts no more."))
    except ServiceError as error:
        messages.error(request, str(error))
    return redirect("emissions:instruments")


@require_safe
@permission_required(LEDGER_VIEW)
def evidence(request: HttpRequest, instrument_id: uuid.UUID) -> HttpResponseBase:
    """The evidence of an instrument, as it was handed in, never shown by the browser itself."""
    found = instrument(instrument_id)
    if found is None:
        raise Http404
    try:
        path = default_store().path(found.evidence_digest)
    except CloudTunerError as error:
        raise Http404 from error
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=found.evidence_name, content_type="application/octet-stream"
    )
    response["Cache-Control"] = "no-store"
    response["Content-Security-Policy"] = "sandbox"
    return response
