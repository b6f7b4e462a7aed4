"""The platform's admin: staff only, on its own host, logged in where everybody logs in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.sites import UnfoldAdminSite

from cloudtuner.origins import base_url, is_our_url, login_url


class PlatformAdminSite(UnfoldAdminSite):  # type: ignore[misc] # the library is untyped
    """Answers on the admin host only. Shared tables, read mostly; an organisation's rows are not here at all."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff, and with a second factor where the settings ask for one."""
        user = request.user
        if not (user.is_authenticated and user.is_active and user.is_staff):
            return False
        if settings.ADMIN_REQUIRES_MFA:
            from allauth.mfa.utils import is_mfa_enabled  # needs the app registry

            return bool(is_mfa_enabled(user))
        return True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sends the visitor to the one log-in page, from where the way back leads here again.

        Someone who is in goes on to the page that was asked for; someone who may not see the admin goes home.
        """
        if self.has_permission(request):
            wanted = request.GET.get("next", "")
            return HttpResponseRedirect(wanted if is_our_url(wanted) else reverse("admin:index"))
        if request.user.is_authenticated:
            return HttpResponseRedirect(base_url("/"))
        return HttpResponseRedirect(login_url(request))
