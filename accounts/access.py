"""Who may see a page: the membership is looked up on every request, and the role's permissions decide.

Somebody who is no member gets the same 404 as for a page that does not exist: that an organisation is there is none of
their business. A member whose role does not suffice gets a 403 that says so.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect

from accounts.models import Membership
from accounts.permissions import ALL, DEEDS, PERMISSIONS, Role
from accounts.selectors import membership_of
from cloudtuner.origins import login_url

P = ParamSpec("P")
Request = TypeVar("Request", bound=HttpRequest)


def permission_required(
    permission: str | None,
) -> Callable[[Callable[Concatenate[Any, P], HttpResponseBase]], Callable[Concatenate[Any, P], HttpResponseBase]]:
    """Guards a view on an organisation's host; sets `request.membership`. `None` asks for membership alone.

    Without log-in: to the log-in page and back. The permission is kept on the view as `required_permission`, where an
    architecture test looks for it: a view of an organisation without this guard fails the suite.
    """
    if permission is not None and permission not in ALL:
        raise ValueError(f"{permission!r} is no permission; the list is accounts.permissions.ALL")

    def guard(view: Callable[Concatenate[Any, P], HttpResponseBase]) -> Callable[Concatenate[Any, P], HttpResponseBase]:
        @functools.wraps(view)
        def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return HttpResponseRedirect(login_url(request))
            request.membership = require_membership(request)
            if permission is not None and not request.membership.allows(permission):
                raise PermissionDenied(_refusal(request.membership, permission))
            return view(request, *args, **kwargs)

        guarded.required_permission = permission or "member"  # type: ignore[attr-defined]
        return guarded

    return guard


def _refusal(membership: Membership, permission: str) -> str:
    """What a member is told: what the role leaves out, in words, and whom it is given to."""
    others = ", ".join(role.label for role in Role if permission in PERMISSIONS[role])
    return f"Your role ({membership.get_role_display()}) does not include {DEEDS[permission]}. These roles do: {others}."


def require_membership(request: HttpRequest) -> Membership:
    """The visitor's membership in the host's organisation. Raises Http404 when there is none that counts now."""
    organization = getattr(request, "tenant", None)
    membership = membership_of(request.user, organization) if organization is not None else None
    if membership is None:
        raise Http404
    return membership
