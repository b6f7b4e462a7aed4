"""Taking a certificate out of force. Its file stays what it is; the register says what it is worth."""

from __future__ import annotations

import uuid

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.selectors import current_organization
from certificates.models import Certificate, State
from certificates.register.models import Status
from certificates.register.services import edition_withdraw
from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import current_schema

REORGED = "reorged"


def lock_key(retirement: uuid.UUID) -> str:
    """The lock under which the certificates of a retirement change."""
    return f"certificate:{current_schema()}:{retirement}"


def certificate_revoke(*, certificate_id: uuid.UUID | str, reason: str, actor: User | None = None) -> Certificate:
    """Revokes an issued certificate, here and in the public register. Calling again changes nothing.

    Raises ServiceError `certificate.unknown`, `certificate.not_issued`, `certificate.reason_missing`.
    """
    if not reason.strip():
        raise ServiceError("a revocation needs a reason", code="certificate.reason_missing", hint="Say why in a word or two.")
    with transaction.atomic():
        found = Certificate.objects.filter(pk=certificate_id).first()
        if found is None:
            raise ServiceError("there is no such certificate", code="certificate.unknown", hint="Open it from the list.")
        locks.acquire(lock_key(found.retirement))
        found.refresh_from_db()
        if found.state in (State.REVOKED, State.SUPERSEDED):
            return found
        if found.state != State.ISSUED:
            raise ServiceError("only an issued certificate can be revoked", code="certificate.not_issued", where=str(found))
        return withdraw(found, reason=reason.strip(), actor=actor)


def withdraw(certificate: Certificate, *, reason: str, actor: User | None = None) -> Certificate:
    """Revokes inside the caller's transaction, which holds the retirement's lock."""
    certificate.state, certificate.reason, certificate.withdrawn_at = State.REVOKED, reason[:64], clock.now()
    certificate.save(update_fields=["state", "reason", "withdrawn_at"])
    edition_withdraw(pdf_sha256=certificate.pdf_sha256, status=Status.REVOKED, reason=reason[:64])
    audit.record(
        organization=current_organization(),
        actor=actor,
        action="certificate.revoke",
        target=certificate.certificate_id,
        details={"edition": str(certificate.edition), "reason": reason[:64]},
    )
    return certificate
