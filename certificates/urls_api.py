"""Machine addresses of an organisation's certificates, under /api/v1/."""

from __future__ import annotations

from django.urls import path

from certificates.api import CertificateDetailView, CertificateListView, CertificatePdfView

app_name = "api_certificates"

urlpatterns = [
    path("certificates", CertificateListView.as_view(), name="list"),
    path("certificates/<str:certificate_id>", CertificateDetailView.as_view(), name="detail"),
    path("certificates/<str:certificate_id>/pdf", CertificatePdfView.as_view(), name="pdf"),
]
