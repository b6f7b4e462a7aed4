"""Writing the public register: a new edition, a withdrawn one. Nothing is ever edited or removed."""

from __future__ import annotations

from typing import Any

from certificates.register.models import CertificateIndex, Status
from cloudtuner import clock
from cloudtuner.errors import ServiceError


def edition_add(*, certificate_id: str, **facts: Any) -> CertificateIndex:
    """Adds a valid edition in the caller's transaction; earlier editions that were withdrawn name it as their follower."""
    now = clock.now()
    before = CertificateIndex.objects.select_for_update().filter(certificate_id=certificate_id)
    number = max((one.edition for one in before), default=0) + 1
    added = CertificateIndex.objects.create(certificate_id=certificate_id, edition=number, issued_at=now, changed_at=now, **facts)
    CertificateIndex.objects.filter(certificate_id=certificate_id, superseded_by=None).exclude(pk=added.pk).update(
        superseded_by=number, changed_at=now
    )
    return added


def edition_withdraw(*, pdf_sha256: str, status: Status, reason: str) -> CertificateIndex:
    """Takes a valid edition out of force, with its reason. Calling again changes nothing."""
    found = CertificateIndex.objects.select_for_update().filter(pdf_sha256=pdf_sha256).first()
    if found is None:
        raise ServiceError("the register does not know this file", code="certificate.unknown", where=pdf_sha256)
    if found.status == Status.VALID:
        found.status, found.reason, found.changed_at = status, reason, clock.now()
        found.save(update_fields=["status", "reason", "changed_at"])
    return found
