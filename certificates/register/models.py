"""The public register: which certificates exist, and what each is worth today."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Status(models.TextChoices):
    """What an edition is worth. Only VALID ones count; the others stay, with their reason."""

    VALID = "valid", "Valid"
    SUPERSEDED = "superseded", "Superseded"
    REVOKED = "revoked", "Revoked"


class CertificateIndex(models.Model):
    """One sealed file. A certificate has one identifier for ever; each file issued under it is an edition.

    A second edition exists when the first one's block was reorganised away and the same retirement was mined again:
    claim and identifier stay, the receipt is another. At most one edition of a certificate, and at most one certificate
    of a retirement, is valid. Nothing here names the holder.
    """

    certificate_id = models.CharField(max_length=64, db_index=True)
    edition = models.PositiveIntegerField()
    organization = models.UUIDField(db_index=True)
    retirement = models.UUIDField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.VALID)
    reason = models.CharField(max_length=64, blank=True)
    superseded_by = models.PositiveIntegerField(null=True, help_text="The edition that took its place.")
    certificate_class = models.CharField(max_length=1)
    level = models.CharField(max_length=4)
    quantity_ug = models.BigIntegerField()
    claim_hash = models.CharField(max_length=66, db_index=True)
    pdf_sha256 = models.CharField(max_length=66, unique=True)
    chain_id = models.BigIntegerField()
    retirement_id = models.DecimalField(max_digits=78, decimal_places=0, help_text="`id` of the Retired event.")
    block_hash = models.CharField(max_length=66)
    block_number = models.BigIntegerField()
    tx_hash = models.CharField(max_length=66)
    log_index = models.IntegerField(help_text="Within the receipt.")
    issued_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "certificate"
        constraints = [
            models.UniqueConstraint(fields=["certificate_id", "edition"], name="certificate_edition_once"),
            models.UniqueConstraint(fields=["certificate_id"], condition=Q(status="valid"), name="certificate_one_valid_edition"),
            models.UniqueConstraint(
                fields=["retirement"], condition=Q(status="valid"), name="certificate_one_valid_of_retirement"
            ),
            models.UniqueConstraint(
                fields=["chain_id", "block_hash", "log_index", "tx_hash"],
                condition=Q(status="valid"),
                name="certificate_one_valid_of_event",
            ),
            models.CheckConstraint(
                condition=Q(status="valid", reason="", superseded_by=None) | (~Q(status="valid") & Q(reason__gt="")),
                name="certificate_status_has_reason",
            ),
            models.CheckConstraint(condition=Q(quantity_ug__gt=0, edition__gte=1), name="certificate_positive"),
        ]
        indexes = [models.Index(fields=["status", "chain_id", "block_number"], name="certificate_status_block")]
        ordering = ["certificate_id", "edition"]

    def __str__(self) -> str:
        return f"{self.certificate_id}, edition {self.edition} ({self.status})"
