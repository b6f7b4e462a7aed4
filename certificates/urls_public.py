"""The public verify page, on the base host."""

from __future__ import annotations

from django.urls import path

from certificates.views import verify

app_name = "verify"

urlpatterns = [
    path("verify/", verify.start, name="start"),
    path("verify/<slug:certificate_id>", verify.certificate, name="certificate"),
]
