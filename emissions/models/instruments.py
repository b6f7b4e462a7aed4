"""What the market says of the power: instruments that the organisation recorded, and their reversals."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class MarketInstrument(models.Model):
    """A contract for energy with its own emission factor, as somebody recorded it; append-only.

    It bears on market-based figures alone. A mistake is corrected by a reversal and a new entry.
    """

    class Kind(models.TextChoices):
        """What sort of instrument it is."""

        REC = "rec", "Renewable energy certificate (REC)"
        I_REC = "i_rec", "International REC (I-REC)"
        GO = "go", "Guarantee of origin (GO)"
        PPA = "ppa", "Power purchase agreement (PPA)"
        SUPPLIER = "supplier", "Supplier's own factor"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    energy_uwh = models.BigIntegerField(help_text="Micro-watt-hours; 1 MWh is 10^12.")
    factor_kg_per_kwh = models.DecimalField(max_digits=18, decimal_places=9)
    hour_from = models.BigIntegerField(help_text="First hour of the first calendar month (UTC) that it answers for.")
    hour_through = models.BigIntegerField(help_text="Last hour of the last one, included.")
    accounts = models.JSONField(default=list, blank=True, help_text="Usage accounts that it is for; empty: all.")
    regions = models.JSONField(default=list, blank=True, help_text="Regions that it is for; empty: all.")
    registry = models.CharField(max_length=128, blank=True, default="")
    serials = models.CharField(max_length=512, blank=True, default="")
    note = models.CharField(max_length=512, blank=True, default="")
    evidence_name = models.CharField(max_length=255)
    evidence_digest = models.CharField(max_length=64, help_text="sha256 of the file in the content store.")
    evidence_size = models.BigIntegerField()
    recorded_by = models.UUIDField()
    recorded_by_name = models.CharField(max_length=320)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["recorded_at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(energy_uwh__gt=0), name="instrument_energy_positive"),
            models.CheckConstraint(condition=Q(factor_kg_per_kwh__gte=0), name="instrument_factor_not_negative"),
            models.CheckConstraint(condition=Q(hour_through__gte=F("hour_from")), name="instrument_hours_in_order"),
            models.CheckConstraint(condition=Q(kind__in=["rec", "i_rec", "go", "ppa", "supplier"]), name="instrument_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class InstrumentReversal(models.Model):
    """That an instrument counts no more, and why; append-only, at most one per instrument."""

    instrument = models.OneToOneField(MarketInstrument, on_delete=models.PROTECT, related_name="reversal")
    reason = models.CharField(max_length=512)
    reversed_by = models.UUIDField()
    reversed_by_name = models.CharField(max_length=320)
    reversed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"reversal of {self.instrument_id}"
