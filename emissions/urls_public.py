"""Factors and methodology on the public host, for whoever wants to check."""

from __future__ import annotations

from django.urls import path
from django.views.decorators.http import require_safe

from emissions.views import documents, factors

app_name = "method"

urlpatterns = [
    path("factors/", require_safe(factors.explorer), name="factors"),
    path("factors/row/", require_safe(factors.factor_row), name="factor_row"),
    path("factors/diff/", require_safe(factors.factors_diff), name="factors_diff"),
    path("docs/<slug:name>/", require_safe(documents.document), name="document"),
]
