"""What was done, by whom: a log that only grows, each entry holding the hash of the one before it."""

from __future__ import annotations

import uuid

from django.db import models

PLATFORM = uuid.UUID(int=0)


class AuditEntry(models.Model):
    """One act in one organisation's chain (`PLATFORM` for the platform's own).

    PostgreSQL refuses to change or remove an entry; `accounts.audit.verify_chain` finds what a superuser changed.
    The organisation is an id, not a key: the log outlives what it tells of.
    """

    organization_uuid = models.UUIDField()
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor_uuid = models.UUIDField(null=True)
    actor_email = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64)
    entry_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        constraints = [
            models.UniqueConstraint(fields=["organization_uuid", "seq"], name="audit_entry_place_in_chain"),
            models.UniqueConstraint(fields=["organization_uuid", "prev_hash"], name="audit_chain_does_not_fork"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.target}"
