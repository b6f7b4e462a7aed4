"""Writing the audit log, and finding out whether somebody changed it behind our back."""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import Any
from uuid import UUID

import rfc8785
from django.db import transaction

from accounts.models import AuditEntry, Organization, User
from accounts.models.audit import PLATFORM
from cloudtuner import clock, locks

GENESIS = "0" * 64


def record(
    *, organization: Organization | None, actor: User | None, action: str, target: str = "", details: dict[str, Any] | None = None
) -> AuditEntry:
    """Appends an act to the organisation's chain (the platform's when there is none), in the caller's transaction.

    The head is read under a lock: two processes that both believed they had it would fork the chain.
    """
    chain = organization.uuid if organization else PLATFORM
    with transaction.atomic():
        locks.acquire(f"audit:{chain}")
        head = AuditEntry.objects.filter(organization_uuid=chain).order_by("-seq").first()
        entry = AuditEntry(
            organization_uuid=chain,
            seq=head.seq + 1 if head else 1,
            at=clock.now(),
            actor_uuid=actor.uuid if actor else None,
            actor_email=actor.email if actor else "",
            action=action,
            target=target,
            details=details or {},
            prev_hash=head.entry_hash if head else GENESIS,
        )
        entry.entry_hash = entry_hash(entry)
        entry.save(force_insert=True)
    return entry


def entry_hash(entry: AuditEntry) -> str:
    """sha256 of the JCS of everything the entry says, the hash before it included."""
    said = {
        "organization": str(entry.organization_uuid),
        "seq": str(entry.seq),
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": str(entry.actor_uuid) if entry.actor_uuid else "",
        "actor_email": entry.actor_email,
        "action": entry.action,
        "target": entry.target,
        "details": entry.details,
        "prev": entry.prev_hash,
    }
    return hashlib.sha256(rfc8785.dumps(said)).hexdigest()


def verify_chain(chain: UUID) -> int | None:
    """The first place where the chain does not hold, or None when it does from its beginning to its head."""
    before = GENESIS
    for place, entry in enumerate(AuditEntry.objects.filter(organization_uuid=chain).order_by("seq").iterator(), start=1):
        if entry.seq != place or entry.prev_hash != before or entry.entry_hash != entry_hash(entry):
            return place
        before = entry.entry_hash
    return None
