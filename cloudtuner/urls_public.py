"""What answers on the base host and on 127.0.0.1: public pages, log-in, and what machines ask for."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
]
