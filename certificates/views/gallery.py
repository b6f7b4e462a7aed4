"""Which certificates does an organisation hold, and where are their files?"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access import permission_required
from accounts.permissions import CERTIFICATE_DOWNLOAD, CERTIFICATE_VIEW
from accounts.views.page import page
from certificates import selectors
from cloudtuner.errors import ServiceError


@require_safe
@permission_required(CERTIFICATE_VIEW)
def gallery(request: HttpRequest) -> HttpResponse:
    """All certificates, newest first; narrowed by state."""
    state = request.GET.get("state", "")
    every = selectors.certificates()
    states = sorted({(row.state, row.state_label) for row in every})
    shown = [row for row in every if not state or row.state == state]
    return page(
        request, "certificates/gallery.html", {"certificates": shown, "states": states, "state": state, "any": bool(every)}
    )


@require_safe
@permission_required(CERTIFICATE_VIEW)
def detail(request: HttpRequest, certificate_id: str) -> HttpResponse:
    """One certificate with its receipt and editions."""
    try:
        found = selectors.certificate(certificate_id)
    except ServiceError as error:
        raise Http404 from error
    return page(request, "certificates/detail.html", {"detail": found, "certificate": found.row})


@require_safe
@permission_required(CERTIFICATE_DOWNLOAD)
def pdf(request: HttpRequest, certificate_id: str) -> HttpResponse:
    """The sealed file."""
    try:
        name, data = selectors.certificate_pdf(certificate_id)
    except ServiceError as error:
        raise Http404 from error
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
