"""How the API knows its caller: a key of the host's organisation, or a member's session."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import ApiKey, User
from accounts.permissions import ALL
from accounts.selectors import membership_of
from accounts.services.api_keys import secret_digest
from cloudtuner import clock

# A key's last use is worth a write once a minute, not once a request.
USE_NOTED_EVERY = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer ct_…`. A key opens only the host of its own organisation; elsewhere it is unknown."""

    keyword = b"bearer"

    def authenticate(self, request: Request) -> tuple[Any, ApiKey] | None:
        """The key as `request.auth`, with nobody as `request.user`. Raises AuthenticationFailed."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != self.keyword:
            return None
        organization = getattr(request._request, "tenant", None)
        key = (
            ApiKey.objects.filter(digest=secret_digest(words[1].decode("latin-1")), organization=organization).first()
            if (len(words) == 2 and organization is not None)
            else None
        )
        if key is None or not key.is_live():
            raise AuthenticationFailed("The API key is not known here.", code="api_key.unknown")
        now = clock.now()
        if key.last_used_at is None or now - key.last_used_at > USE_NOTED_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class Denied(BasePermission):
    """The default of every endpoint: nobody. An endpoint says what it needs with `needs("…")`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return False


def needs(permission: str | None) -> type[BasePermission]:
    """A permission class: the caller's key or role must hold the permission (`None`: any member, any key).

    A session of somebody who is no member gets 404, as on the pages.
    """
    if permission is not None and permission not in ALL:
        raise ValueError(f"{permission!r} is no permission; the list is accounts.permissions.ALL")

    class Needs(BasePermission):
        required_permission = permission or "member"

        def has_permission(self, request: Request, view: Any) -> bool:
            if isinstance(request.auth, ApiKey):
                return permission is None or request.auth.allows(permission)
            if not isinstance(request.user, User):
                return False
            organization = getattr(request._request, "tenant", None)
            membership = membership_of(request.user, organization) if organization is not None else None
            if membership is None:
                raise NotFound
            request._request.membership = membership  # type: ignore[attr-defined]
            return permission is None or membership.allows(permission)

    return Needs
