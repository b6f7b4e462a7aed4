"""How are the figures made, and what do the words mean? The product's documents as pages, inside and outside."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.safestring import mark_safe

from accounts.views.page import page
from cloudtuner import documents
from emissions.engine.identity import ENGINE_ID
from emissions.grid.catalog import load_factor_set
from emissions.views.factors import shell


def document(request: HttpRequest, name: str) -> HttpResponse:
    """A document with its sections; the methodology says which engine and factor set it speaks of."""
    found = documents.document(name)
    if found is None:
        raise Http404
    body = mark_safe(found.html)  # noqa: S308 - rendered without raw HTML from a file that ships with us
    context = {**shell(request), "document": found, "body": body}
    if name == "methodology":
        context |= {"engine": ENGINE_ID, "factor_set": load_factor_set()}
    return page(request, "emissions/document.html", context)
