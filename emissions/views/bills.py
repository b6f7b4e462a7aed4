"""How does a bill come in? Import, live progress, versions with their difference, confirm or discard."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required
from accounts.permissions import BILL_CONFIRM, BILL_UPLOAD, BILL_VIEW
from accounts.views.page import is_fragment, page
from cloudtuner.clock import hour_start
from cloudtuner.errors import ServiceError
from emissions.forms import BillForm
from emissions.selectors import bill_version, quarantined_lines, uploads
from emissions.selectors import bills as bills_of
from emissions.selectors import upload as upload_detail
from emissions.selectors.figures import BillSummary, UploadDetail
from emissions.services import bill_upload, bill_version_confirm, bill_version_discard
from emissions.views.formats import format_title, offered
from emissions.views.sample import sample_bill

RUNNING = ("pending", "reading")


def _phases() -> dict[str, str]:
    """The reader's words for what it does, as people say them; a word that is not here is shown as it is."""
    return {
        "queued": _("waiting for a worker"),
        "recognising": _("recognising the format"),
        "read": _("reading the files"),
        "sort": _("sorting the lines into bills"),
        "value": _("estimating every line"),
        "store": _("keeping the lines"),
        "rows": _("estimating every line"),
        "saving": _("writing the ledger"),
    }


@require_safe
@permission_required(BILL_VIEW)
def bills(request: HttpRequest) -> HttpResponse:
    """All bills with their versions, and what is being read now."""
    payers: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for bill in bills_of():
        for place, version in enumerate(bill.versions):
            row = {"first": place == 0, "month": hour_start(bill.period_from).strftime("%Y-%m"), "version": version}
            payers.setdefault((bill.provider, bill.payer, bill.export), []).append(row)
    told = [
        {"provider": provider, "payer": payer, "format": format_title(provider, export), "rows": rows}
        for (provider, payer, export), rows in payers.items()
    ]
    return page(request, "emissions/bills.html", {"payers": told, "uploads": uploads(5)})


def _period(bill: BillSummary) -> str:
    return hour_start(bill.period_from).strftime("%Y-%m UTC")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(BILL_UPLOAD)
def bill_import(request: HttpRequest) -> HttpResponse:
    """Takes files in; reading goes on elsewhere."""
    form = BillForm(request.POST, request.FILES) if request.method == "POST" else BillForm()
    if request.method == "POST" and form.is_valid():
        try:
            return _begin(request, form.cleaned_data["files"])
        except ServiceError as error:
            return page(request, "emissions/bill_import.html", {"form": form, "problem": error, "formats": offered()}, status=400)
    context = {"form": form, "formats": offered()}
    return page(request, "emissions/bill_import.html", context, status=400 if form.errors else 200)


@require_POST
@permission_required(BILL_UPLOAD)
def bill_sample(request: HttpRequest) -> HttpResponse:
    """The same with the generated sample bill."""
    return _begin(request, [sample_bill(request.tenant.uuid)])  # type: ignore[attr-defined]


def _begin(request: HttpRequest, files: list[Any]) -> HttpResponse:
    made = bill_upload(actor=request.user, files=files)  # type: ignore[arg-type]
    return redirect("emissions:upload", made.id)


@require_safe
@permission_required(BILL_UPLOAD)
def upload(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponse:
    """How far the reading is; polled every second, and complete without a script."""
    detail = upload_detail(upload_id)
    if detail is None:
        raise Http404
    where, todo = _place(detail)
    states = [version.state for _bill, version in detail.versions]
    waiting = [version for _bill, version in detail.versions if version.state == "review"]
    context = {
        "upload": detail,
        "running": detail.state in RUNNING,
        "phase": _phases().get(detail.progress.phase, detail.progress.phase) if detail.progress else "",
        "waiting": len(waiting),
        "first_waiting": waiting[0].id if waiting else None,
        "unremarked": sum(not version.flags for version in waiting),
        "failed": states.count("failed"),
        "total": {
            "ug": sum(version.ug for _bill, version in detail.versions if version.state != "failed"),
            "lines": sum(version.lines for _bill, version in detail.versions),
            "quarantined": sum(version.quarantined for _bill, version in detail.versions),
        },
        "where": where,
        "todo": todo,
        "notes": [note for note in detail.notes if note.code != "bill.unchanged"],
        "refusals": _refusals(detail),
        "unchanged": [note for note in detail.notes if note.code == "bill.unchanged"],
        "read": [
            {
                "bill": bill,
                "version": version,
                "format": format_title(bill.provider, bill.export),
                "period": _period(bill),
                "quarantined": quarantined_lines(version.id) if version.quarantined else (),
            }
            for bill, version in detail.versions
        ],
    }
    return page(request, "emissions/upload_progress.html" if is_fragment(request) else "emissions/upload.html", context)


@require_POST
@permission_required(BILL_CONFIRM)
def confirm_upload(request: HttpRequest, upload_id: uuid.UUID) -> HttpResponse:
    """Posts every version of an upload that waits and has no remark, oldest bill first."""
    detail = upload_detail(upload_id)
    if detail is None:
        raise Http404
    done = 0
    for _bill, version in detail.versions:
        if version.state != "review" or version.flags:
            continue
        try:
            bill_version_confirm(actor=request.user, version_id=version.id)  # type: ignore[arg-type]
            done += 1
        except ServiceError as error:
            messages.error(request, f"{_period(_bill)}: {error}")
    if done:
        told = ngettext("%d bill confirmed. The ledger follows it now.", "%d bills confirmed. The ledger follows them now.", done)
        messages.success(request, told % done)
    return redirect("emissions:upload", upload_id)


def _refusals(detail: UploadDetail) -> list[dict[str, Any]]:
    """Why bills were refused, each reason once, with the bills that it is about."""
    found: dict[str, list[str]] = {}
    for bill, version in detail.versions:
        if version.error:
            found.setdefault(version.error, []).append(f"{bill.provider.upper()} {_period(bill)}")
    return [
        {"error": error, "bills": bills[0] if len(bills) == 1 else f"{bills[0]} – {bills[-1]}", "count": len(bills)}
        for error, bills in found.items()
    ]


def _place(detail: UploadDetail) -> tuple[str, str]:
    """File and line out of "file: line 3: …", as errors of bills are written; empty when the text names none."""
    found = re.match(r"(?P<where>[^:]+(?::\s*line \d+)?):\s", detail.error)
    where = found["where"] if found and any(file.name in found["where"] for file in detail.files) else ""
    # Only a file that could not be read gets better by another download; other refusals say themselves what to do.
    unreadable = detail.state == "failed" and detail.error_code.startswith("bill.")
    return where, _("Download the file again from your provider, or choose another one.") if unreadable else ""


@require_safe
@permission_required(BILL_VIEW)
def version(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """What a version says, what confirming it would change, and what could not be valued."""
    detail = bill_version(version_id)
    if detail is None:
        raise Http404
    labels = {
        "lines": _("Lines"),
        "with_energy": _("with energy"),
        "without_energy": _("without energy (tax, fee, credit)"),
        "unknown": _("of unknown quality"),
        "duplicates": _("duplicates, counted once"),
        "quarantined": _("quarantined"),
    }
    counts = [(label, detail.counts[name]) for name, label in labels.items() if name in detail.counts]
    title = f"{detail.provider.upper()} · {hour_start(detail.period_from):%Y-%m} UTC · v{detail.number}"
    context = {"version": detail, "counts": counts, "title": title, "format": format_title(detail.provider, detail.format)}
    return page(request, "emissions/bill_version.html", context)


@require_POST
@permission_required(BILL_CONFIRM)
def confirm(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Posts a version to the ledger."""
    try:
        bill_version_confirm(actor=request.user, version_id=version_id)  # type: ignore[arg-type]
        messages.success(request, _("Confirmed. The ledger follows this version now."))
    except ServiceError as error:
        messages.error(request, str(error))
    return redirect("emissions:bill_version", version_id)


@require_POST
@permission_required(BILL_CONFIRM)
def discard(request: HttpRequest, version_id: uuid.UUID) -> HttpResponse:
    """Puts a version away; the ledger stays."""
    try:
        bill_version_discard(actor=request.user, version_id=version_id)  # type: ignore[arg-type]
        messages.success(request, _("Discarded. The ledger stays as it was."))
    except ServiceError as error:
        messages.error(request, str(error))
    return redirect("emissions:bill_version", version_id)
