"""The pages of certificates, on an organisation's host."""

from __future__ import annotations

from django.urls import path

from certificates.views import gallery

app_name = "certificates"

urlpatterns = [
    path("certificates/", gallery.gallery, name="gallery"),
    path("certificates/<slug:certificate_id>/", gallery.detail, name="detail"),
    path("certificates/<slug:certificate_id>/pdf", gallery.pdf, name="pdf"),
]
