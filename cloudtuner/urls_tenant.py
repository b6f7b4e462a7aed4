"""What answers on an organisation's host: its pages and its API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("cloudtuner.pages.urls")),
    path("", include("emissions.urls")),
    path("", include("tokens.urls")),
    path("", include("certificates.urls")),
    path("", include("accounts.urls")),
    path("api/v1/", include("accounts.urls_api")),
    path("api/v1/", include("certificates.urls_api")),
]
