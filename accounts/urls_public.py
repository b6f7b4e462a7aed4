"""The public pages and the way to an organisation, on the base host."""

from __future__ import annotations

from django.urls import path

from accounts.views import organisations, public

app_name = "public"

urlpatterns = [
    path("", public.landing, name="landing"),
    path("who-sees-what/", public.who_sees_what, name="who_sees_what"),
    path("sources/", public.sources, name="sources"),
    path("organisations/", organisations.organisations, name="organisations"),
    path("organisations/new/", organisations.organisation_new, name="organisation_new"),
    path("invitations/<str:token>/", organisations.invitation, name="invitation"),
]
