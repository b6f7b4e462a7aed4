"""Keys for machines: shown once, hashed at rest, bound to one organisation and to the permissions they name."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import ApiKey, Organization, User
from accounts.permissions import ALL
from cloudtuner import clock
from cloudtuner.errors import ServiceError


def secret_digest(secret: str) -> str:
    """What is kept of a key's secret. It has 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def api_key_create(
    *, actor: User, organization: Organization, name: str, scopes: Collection[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Makes a key; returns it and its secret (`ct_…`), which is not kept. Raises ServiceError for an unknown scope."""
    unknown = sorted(set(scopes) - ALL)
    if unknown or not scopes:
        raise ServiceError(f"Unknown permissions: {', '.join(unknown) or 'none given'}.", code="api_key.scopes", where="scopes")
    if not name.strip():
        raise ServiceError("Give the key a name that says who uses it.", code="api_key.name", where="name")
    secret = "ct_" + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        organization=organization, name=name.strip()[:100], prefix=secret[:9], digest=secret_digest(secret),
        scopes=sorted(scopes), created_by_email=actor.email, expires_at=expires_at,
    )  # fmt: skip
    audit.record(
        organization=organization, actor=actor, action="api_key.created", target=key.prefix, details={"scopes": key.scopes}
    )
    return key, secret


@transaction.atomic
def api_key_revoke(*, actor: User, organization: Organization, key_uuid: str) -> None:
    """Ends a key at once. Raises ServiceError when it is not live."""
    changed = ApiKey.objects.filter(organization=organization, uuid=key_uuid, revoked_at=None).update(revoked_at=clock.now())
    if not changed:
        raise ServiceError("This key is not live.", code="api_key.not_live")
    audit.record(organization=organization, actor=actor, action="api_key.revoked", target=str(key_uuid))
