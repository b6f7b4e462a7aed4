"""Keys for programs that call the API: made here, shown once, revoked here. Owners only."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required
from accounts.forms import ApiKeyForm
from accounts.permissions import ORGANIZATION_MANAGE
from accounts.selectors import api_keys
from accounts.services.api_keys import api_key_create, api_key_revoke
from accounts.views.page import done, form_refused, page
from cloudtuner import clock
from cloudtuner.errors import ServiceError


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(ORGANIZATION_MANAGE)
def keys(request: HttpRequest) -> HttpResponse:
    """The organisation's keys. A secret is shown once, on the answer to its making."""
    form = ApiKeyForm(request.POST if request.method == "POST" else None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        try:
            _key, secret = api_key_create(
                actor=request.user,  # type: ignore[arg-type]
                organization=request.tenant,  # type: ignore[attr-defined]
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=clock.now() + timedelta(days=days) if days else None,
            )
        except ServiceError as error:
            form_refused(form, error)
        else:
            form = ApiKeyForm()
    found = [(key, key.is_live()) for key in api_keys(request.tenant)]  # type: ignore[attr-defined]
    return page(request, "accounts/api_keys.html", {"keys": found, "form": form, "secret": secret})


@require_POST
@permission_required(ORGANIZATION_MANAGE)
def revoke(request: HttpRequest, key_uuid: uuid.UUID) -> HttpResponse:
    """Ends a key at once."""
    revoked = partial(api_key_revoke, actor=request.user, organization=request.tenant, key_uuid=str(key_uuid))  # type: ignore[arg-type, attr-defined]
    return done(request, revoked, _("The key was revoked: it opens nothing any more."), "accounts:api_keys")
