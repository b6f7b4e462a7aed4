"""What was uploaded, which bills it held, and what each version of a bill says."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Upload(models.Model):
    """Files that one person handed in together. They become one version per (payer, export, period)."""

    class State(models.TextChoices):
        """Where the upload stands."""

        PENDING = "pending"
        READING = "reading"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    actor = models.UUIDField()
    actor_name = models.CharField(max_length=320, help_text="As it was then: people leave, rows stay.")
    error_code = models.CharField(max_length=64, default="", blank=True)
    error = models.TextField(default="", blank=True)
    notes = models.JSONField(default=list, help_text="[{code, text}]: what was recognised as already there.")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["pending", "reading", "done", "failed"]), name="upload_state_known")
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M} UTC, {self.actor_name}"


class Bill(models.Model):
    """A provider's bill to a payer for one billing period, as one export delivers it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    provider = models.CharField(max_length=16)
    payer = models.CharField(max_length=128)
    export = models.CharField(max_length=256)
    period_from = models.BigIntegerField(help_text="First hour of the billing period.")
    period_through = models.BigIntegerField(help_text="Last hour of the billing period, included.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-period_from", "payer", "export"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "payer", "export", "period_from"], name="bill_once_per_period"),
            models.CheckConstraint(condition=Q(period_through__gte=F("period_from")), name="bill_period_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.payer} {self.export}"


class BillVersion(models.Model):
    """One delivery of a bill. At most one version of a bill is CONFIRMED; its figures are the ledger's."""

    class State(models.TextChoices):
        """Where the version stands."""

        PENDING = "pending"
        READING = "reading"
        REVIEW = "review"
        CONFIRMED = "confirmed"
        REPLACED = "replaced"
        FAILED = "failed"
        DISCARDED = "discarded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="versions")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField(help_text="1, 2, 3 … per bill.")
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    format = models.CharField(max_length=32)
    bill_digest = models.CharField(max_length=66)
    engine = models.CharField(max_length=66)
    factor_set = models.CharField(max_length=66)
    hours_digest = models.CharField(
        max_length=64, default="", blank=True, help_text="sha256 of the estimated hours (Parquet) in the store."
    )
    currency = models.CharField(max_length=8, default="", db_default="", blank=True, help_text="What its costs are counted in.")
    counts = models.JSONField(default=dict, help_text="lines, with_energy, without_energy, unknown, duplicates, quarantined.")
    coverage_ppm = models.IntegerField(null=True, blank=True, help_text="Known share of energy-bearing spend, in millionths.")
    diff = models.JSONField(default=list, help_text="[{account, old_ug, new_ug, old_days, new_days}] as shown for confirmation.")
    flags = models.JSONField(default=list, help_text="[{code, account, text}]: what needs a person's eye.")
    error_code = models.CharField(max_length=64, default="", blank=True)
    error = models.TextField(default="", blank=True)
    confirmed_by = models.CharField(max_length=320, default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "number"], name="version_number_once"),
            models.UniqueConstraint(fields=["bill", "upload"], name="version_once_per_upload"),
            models.UniqueConstraint(fields=["bill"], condition=Q(state="confirmed"), name="version_confirmed_once_per_bill"),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "reading", "review", "confirmed", "replaced", "failed", "discarded"]),
                name="version_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill} v{self.number}"


class UploadFile(models.Model):
    """One file of an upload; its bytes are in the content store under `digest`.

    A file with lines of several bills is of no version itself: each bill has a file that was `cut_from` it.
    """

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="files")
    cut_from = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE, related_name="cuts")
    version = models.ForeignKey(BillVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="files")
    position = models.IntegerField()
    name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "digest"], name="upload_file_once"),
            models.UniqueConstraint(fields=["upload", "position"], name="upload_file_position_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Progress(models.Model):
    """How far the reading of an upload is. One row, written about twice a second, apart from the rows that matter."""

    upload = models.OneToOneField(Upload, primary_key=True, on_delete=models.CASCADE, related_name="progress")
    phase = models.CharField(max_length=32, default="queued")
    bill_number = models.IntegerField(default=0, help_text="Which bill of the upload is being read, from 1.")
    bills = models.IntegerField(default=0)
    steps_done = models.IntegerField(default=0, help_text="Files read, or steps of the phase taken.")
    steps_total = models.IntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    rows_total = models.BigIntegerField(null=True, blank=True)
    rows_per_s = models.BigIntegerField(default=0)
    remaining_s = models.IntegerField(null=True, blank=True)
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.phase} {self.rows_read}"


class BillAccount(models.Model):
    """What one version says of one usage account. Its stripped lines are in the content store."""

    version = models.ForeignKey(BillVersion, on_delete=models.CASCADE, related_name="accounts")
    account = models.CharField(max_length=128)
    hour_from = models.BigIntegerField()
    hour_through = models.BigIntegerField()
    lines = models.BigIntegerField()
    lines_without_invoice = models.BigIntegerField()
    quarantined = models.BigIntegerField(default=0)
    ug = models.BigIntegerField(help_text="What validators can recompute; by-cost figures left out.")
    by_cost_ug = models.BigIntegerField(help_text="Estimated by cost: in the ledger, in no report.")
    energy_uwh = models.BigIntegerField()
    days = models.JSONField(help_text="Days (hour // 24) with lines, ascending.")
    stripped_digest = models.CharField(max_length=64)

    class Meta:
        ordering = ["account"]
        constraints = [
            models.UniqueConstraint(fields=["version", "account"], name="bill_account_once"),
            models.CheckConstraint(condition=Q(hour_through__gte=F("hour_from")), name="bill_account_hours_in_order"),
        ]

    def __str__(self) -> str:
        return self.account


class QuarantinedLine(models.Model):
    """A line that could not be valued. Counted and shown, never claimable."""

    version = models.ForeignKey(BillVersion, on_delete=models.CASCADE, related_name="quarantined")
    file = models.CharField(max_length=255)
    line = models.BigIntegerField()
    code = models.CharField(max_length=64)
    message = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.code}"
