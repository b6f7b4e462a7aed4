"""How does a view become a page? One renderer that tells templates what the visitor may do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.permissions import ALL


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Renders an organisation's page; `can.bill_upload` and its like say what the visitor's role allows."""
    membership = getattr(request, "membership", None)
    can = {name.replace(".", "_"): membership is not None and membership.allows(name) for name in ALL}
    response = render(request, template, {"can": can, **context}, status=status)
    # A page of figures must not come back from a cache after log-out.
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def is_fragment(request: HttpRequest) -> bool:
    """Whether only the part that changes was asked for, by the polling of an open page."""
    return request.headers.get("HX-Request") == "true" and "X-Drawer" not in request.headers
