"""What answers on the base host and on 127.0.0.1: public pages, log-in, and what machines ask for."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls_public")),
    path("", include("certificates.urls_register")),
    path("", include("certificates.urls_public")),
    path("", include("tokens.urls_public")),
    path("", include("emissions.urls_public")),
    path("accounts/", include("allauth.urls")),
    path("poce/v1/", include("emissions.register.urls")),
    path("poce/v1/", include("tokens.urls_poce")),
]
