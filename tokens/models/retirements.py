"""What was retired, by whom, how far it came."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class RetirementState(models.TextChoices):
    """From the sheet to finality. Only FINAL gets a certificate."""

    DRAFT = "draft", "Prepared"
    APPROVED = "approved", "Approved"
    CONFIRMED = "confirmed", "Confirmed"
    SIGNED = "signed", "Signed"
    SENT = "sent", "Sent"
    MINED = "mined", "Mined"
    FINAL = "final", "Final"
    REORGED = "reorged", "Block reorganised, sending again"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Retirement(models.Model):
    """One retirement. Its claim is fixed and registered before the burn; the event that carries its hash proves it.

    `final_block_hash` is what the certificate was issued on: when a deep reorganisation takes that block away it is
    emptied and `reorgs` raised, which is how certificates learn to revoke and to issue anew.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client_token = models.CharField(max_length=64, unique=True, help_text="From the sheet: a second click finds the first.")
    state = models.CharField(max_length=10, choices=RetirementState.choices, default=RetirementState.DRAFT, db_index=True)
    hour_from = models.BigIntegerField()
    hour_through = models.BigIntegerField()
    label = models.CharField(max_length=120)
    ug = models.BigIntegerField()
    beneficiary_name = models.CharField(max_length=200)
    beneficiary_address = models.CharField(max_length=42)
    purpose = models.CharField(max_length=500, blank=True)
    certificate_id = models.CharField(max_length=64, unique=True, null=True, help_text="Given with the claim.")
    account = models.CharField(max_length=42, blank=True, help_text="The wallet whose kilograms are burned.")
    claim = models.BinaryField(default=b"", help_text="The claim's JCS bytes; fixed at confirmation.")
    claim_hash = models.CharField(max_length=66, blank=True)
    prepared_by = models.UUIDField()
    prepared_by_email = models.CharField(max_length=254)
    approved_by = models.UUIDField(null=True)
    approved_by_email = models.CharField(max_length=254, blank=True)
    approval = models.CharField(
        max_length=16, blank=True, choices=[("two-person", "two-person"), ("single-person", "single-person")]
    )
    confirmed_by = models.UUIDField(null=True)
    confirmed_by_email = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    chain_id = models.BigIntegerField(null=True)
    tx_hash = models.CharField(max_length=66, blank=True)
    block_hash = models.CharField(max_length=66, blank=True)
    block_number = models.BigIntegerField(null=True)
    log_index = models.IntegerField(null=True)
    chain_retirement_id = models.DecimalField(max_digits=78, decimal_places=0, null=True, help_text="`id` of the Retired event.")
    final_block_hash = models.CharField(max_length=66, blank=True)
    certified_block_hash = models.CharField(max_length=66, blank=True, help_text="Block of the newest certificate.")
    reorgs = models.IntegerField(default=0, help_text="How often a block was lost after it was final.")
    error_code = models.CharField(max_length=80, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ug__gt=0), name="retirement_positive"),
            models.CheckConstraint(condition=Q(hour_from__lte=F("hour_through")), name="retirement_period_ordered"),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "cancelled")) | Q(approved_by__isnull=False, approval__gt=""),
                name="retirement_approved",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "approved", "cancelled")) | Q(claim_hash__gt=""),
                name="retirement_claim_before_burn",
            ),
            models.CheckConstraint(
                condition=~Q(approval="two-person") | ~Q(approved_by=F("prepared_by")), name="retirement_two_people_differ"
            ),
            models.CheckConstraint(
                condition=~Q(state="final") | Q(final_block_hash__gt="", log_index__isnull=False),
                name="retirement_final_has_receipt",
            ),
        ]
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"retirement {self.id} of {self.ug} µg ({self.state})"


class RetirementStep(models.Model):
    """A state and when it came; the timeline. Append-only."""

    retirement = models.ForeignKey(Retirement, on_delete=models.PROTECT, related_name="steps")
    state = models.CharField(max_length=10, choices=RetirementState.choices)
    at = models.DateTimeField()
    who = models.CharField(max_length=254, blank=True)
    tx_hash = models.CharField(max_length=66, blank=True)
    block_number = models.BigIntegerField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.state} at {self.at:%Y-%m-%d %H:%M}"
