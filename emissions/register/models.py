"""Which node belongs to which organisation, what each node reported, and which work waits.

Public rows only: hashes, totals and ids. An account's own id stays in its tenant's schema; the node id is a keyed
function of it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

HASH = 66  # "0x" and 64 hex digits
ADDRESS = 42


class NodeBinding(models.Model):
    """One usage account of one organisation: the row that makes an account serve one tenant only.

    `first_hour` is set once: epochs pay hours from it on, airdrop rounds those of the twelve months before it. `seq` and
    `prev` are the head of the node's chain of reports and move only together with a new ReportCommitment, under a row lock.
    """

    node = models.CharField(max_length=HASH, unique=True)
    organization = models.UUIDField(db_index=True)
    provider = models.CharField(max_length=16)
    first_hour = models.BigIntegerField()
    key = models.CharField(max_length=ADDRESS)
    wallet = models.CharField(max_length=ADDRESS)
    hosted = models.BooleanField(default=True, db_default=True, help_text="The platform signs its reports.")
    seq = models.BigIntegerField(default=0, db_default=0)
    prev = models.CharField(max_length=HASH, default="0x" + "0" * 64)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(node__regex=r"^0x[0-9a-f]{64}$"), name="node_is_bytes32"),
            models.CheckConstraint(condition=Q(provider__in=["aws", "azure", "gcp", "oci"]), name="node_provider_known"),
            models.CheckConstraint(condition=Q(first_hour__gte=0), name="node_first_hour_not_negative"),
            models.CheckConstraint(condition=Q(seq__gte=0), name="node_seq_not_negative"),
        ]

    def __str__(self) -> str:
        return self.node


class ReportCommitment(models.Model):
    """One accepted NodeReport, as it was signed. Rows are only added: a newer report for the same hours has a higher `seq`.

    (node, seq) and report_hash are unique, so a report is counted once however often it is posted.
    """

    report_hash = models.CharField(max_length=HASH, unique=True)
    node = models.ForeignKey(NodeBinding, on_delete=models.PROTECT, related_name="reports")
    seq = models.BigIntegerField()
    hour_from = models.BigIntegerField()
    hour_through = models.BigIntegerField()
    state = models.SmallIntegerField(help_text="0 PROVISIONAL, 1 SETTLED, 2 FINAL")
    level = models.SmallIntegerField(help_text="0 A0, 1 A1h, 2 A1c, 3 A2, 4 A3, 5 A4, 6 A5")
    usage_root = models.CharField(max_length=HASH)
    line_count = models.BigIntegerField()
    energy_uwh = models.BigIntegerField()
    operational_ug = models.BigIntegerField()
    embodied_ug = models.BigIntegerField()
    work_uwh = models.BigIntegerField(help_text="Energy at reference consumption: the work of the efficiency score.")
    scored_ug = models.BigIntegerField(help_text="Operational µg on the score's basis.")
    coverage_bp = models.IntegerField(help_text="Share of energy-bearing spend with a model, in basis points.")
    hours_root = models.CharField(max_length=HASH)
    factor_set = models.CharField(max_length=HASH)
    engine = models.CharField(max_length=HASH)
    bill_digest = models.CharField(max_length=HASH)
    prev = models.CharField(max_length=HASH)
    report = models.JSONField(help_text="The report as signed (docs/protocol.md §4).")
    signature = models.CharField(max_length=132)
    lines_digest = models.CharField(max_length=64, help_text="sha256 of the stripped lines in the content store.")
    hours = models.JSONField(help_text="[[hour, µg], …] ascending: the values under hours_root.")
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["node_id", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["node", "seq"], name="report_seq_once_per_node"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="report_seq_from_one"),
            models.CheckConstraint(condition=Q(hour_through__gte=F("hour_from")), name="report_hours_in_order"),
            models.CheckConstraint(condition=Q(state__in=[0, 1, 2]), name="report_state_known"),
            models.CheckConstraint(condition=Q(level__range=(0, 6)), name="report_level_known"),
            models.CheckConstraint(condition=Q(line_count__gte=0), name="report_lines_not_negative"),
        ]
        indexes = [models.Index(fields=["node", "hour_from", "hour_through", "-seq"], name="report_live")]

    def __str__(self) -> str:
        return self.report_hash

    @property
    def ug(self) -> int:
        """What the report counts: operational + embodied."""
        return self.operational_ug + self.embodied_ug


class PublishedTerms(models.Model):
    """Terms of rewards as the chain has them, for months from an hour on. Written by the sealer; rows never change."""

    from_hour = models.BigIntegerField(primary_key=True)
    units_per_ug = models.BigIntegerField(help_text="TUNER base units of a microgram at score 1.")
    avoided_weight_bp = models.BigIntegerField(help_text="The weight of avoided micrograms, in basis points.")
    score_floor_bp = models.IntegerField(help_text="The lowest score, in basis points.")

    def __str__(self) -> str:
        return f"from hour {self.from_hour}"


class WaitingJob(models.Model):
    """Work that a tenant waits for. PostgreSQL is the truth and the queue only a wake-up: losing the broker loses nothing.

    A runner takes a row by writing `taken_until`, which it keeps ahead while it lives, and deletes it when done.
    """

    class Kind(models.TextChoices):
        """Which task answers for the row."""

        INGEST = "ingest"
        REPORTS = "reports"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    schema = models.CharField(max_length=63)
    reference = models.CharField(max_length=64, default="", blank=True)
    attempts = models.IntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(db_index=True)
    taken_until = models.DateTimeField(null=True, blank=True)
    version = models.BigIntegerField(
        default=0, db_default=0, help_text="Raised by every wish; a runner deletes only what it served."
    )
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "schema", "reference"], name="job_waits_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.schema} {self.reference}".strip()
