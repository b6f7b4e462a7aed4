"""What answers on an organisation's host: its pages and its API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("accounts.urls_api")),
]
