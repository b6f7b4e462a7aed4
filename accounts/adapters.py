"""How allauth behaves here: where people land after log-in, and which links they may follow back."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.models import Organization, User
from accounts.selectors import organizations_of
from cloudtuner.origins import base_url, is_our_url, organization_url


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # the library is untyped
    """Log-in happens on the base host, work on the organisation's: a person of one organisation lands right in it."""

    def is_safe_url(self, url: str | None) -> bool:
        """Our own hosts are safe to go back to, nothing else."""
        return bool(url) and is_our_url(str(url))

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """The one organisation's host, else the base host, where there is a choice or a beginning."""
        return home_of(request.user) if isinstance(request.user, User) else base_url("/")

    get_signup_redirect_url = get_login_redirect_url


def home_of(user: User) -> str:
    """Where a person's work is."""
    organizations: list[Organization] = organizations_of(user)
    if len(organizations) == 1 and organizations[0].slug:
        return organization_url(organizations[0].slug)
    return base_url("/")
