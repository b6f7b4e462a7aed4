"""How does a view become a page? One renderer that tells templates what the visitor may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from accounts.permissions import ALL
from cloudtuner.errors import ServiceError


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


def form_refused(form: Form, error: ServiceError) -> None:
    """Shows what a service refused at the field that it names, else above the form."""
    form.add_error(error.where if error.where in form.fields else None, f"{error.message} {error.hint}".strip())


def done(request: HttpRequest, deed: Callable[[], object], said: str, page_name: str) -> HttpResponse:
    """Does what a button asks for and goes back to its page, which says that it was done, or why it was not."""
    try:
        deed()
    except ServiceError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect(page_name)
