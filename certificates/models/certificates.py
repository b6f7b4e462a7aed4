"""A certificate as its organisation holds it: what it says, where its file is, how far it came."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    """From the retirement's finality to the sealed file, and out of force again. The file of an issued one never changes."""

    QUEUED = "QUEUED", "Being made"
    ISSUED = "ISSUED", "Valid"
    FAILED = "FAILED", "Could not be made yet"
    REVOKED = "REVOKED", "Revoked"
    SUPERSEDED = "SUPERSEDED", "Superseded"


LIVE = (State.QUEUED, State.FAILED, State.ISSUED)


class Certificate(models.Model):
    """One edition: one retirement's claim and one receipt of it. At most one of a retirement is live.

    `payload` holds the facts of the receipt that the file prints beside the claim; the file itself is in the
    content-addressed store under `pdf_sha256`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    retirement = models.UUIDField(db_index=True)
    certificate_id = models.CharField(max_length=64, db_index=True)
    edition = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    reason = models.CharField(max_length=64, blank=True)
    certificate_class = models.CharField(max_length=1)
    level = models.CharField(max_length=4)
    holder = models.CharField(max_length=200)
    beneficiary = models.CharField(max_length=200)
    label = models.CharField(max_length=120)
    hour_from = models.BigIntegerField()
    hour_through = models.BigIntegerField()
    quantity_ug = models.BigIntegerField()
    claim_hash = models.CharField(max_length=66)
    block_hash = models.CharField(max_length=66)
    payload = models.JSONField(default=dict)
    language = models.CharField(max_length=8, default="en")
    pdf_sha256 = models.CharField(max_length=66, blank=True)
    unsealed_sha256 = models.CharField(max_length=66, blank=True)
    pdf_bytes = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, help_text="Not before, after an attempt that failed.")
    error_code = models.CharField(max_length=80, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["retirement"], condition=Q(state__in=LIVE), name="certificate_one_live_of_retirement"
            ),
            models.UniqueConstraint(fields=["certificate_id", "edition"], name="own_certificate_edition_once"),
            models.CheckConstraint(
                condition=~Q(state__in=("ISSUED", "REVOKED", "SUPERSEDED")) | Q(pdf_sha256__gt="", issued_at__isnull=False),
                name="certificate_issued_has_file",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("REVOKED", "SUPERSEDED")) | Q(reason__gt="", withdrawn_at__isnull=False),
                name="certificate_withdrawn_has_reason",
            ),
            models.CheckConstraint(condition=Q(quantity_ug__gt=0), name="own_certificate_positive"),
        ]
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.certificate_id}, edition {self.edition} ({self.state})"
