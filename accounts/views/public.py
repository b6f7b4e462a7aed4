"""What anybody sees on the base host before there is an organisation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.selectors import organizations_of


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What this is. Somebody logged in goes on to where their work is."""
    if isinstance(request.user, User):
        return redirect("public:organisations" if organizations_of(request.user) else "public:organisation_new")
    return render(request, "public/landing.html")


@require_safe
def who_sees_what(request: HttpRequest) -> HttpResponse:
    """What leaves an organisation, and to whom."""
    return render(request, "public/who_sees_what.html")


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    """Where factors come from and what the figures cannot say."""
    return render(request, "public/sources.html")
