"""Which months of which accounts were reported, and from what."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ReportedMonth(models.Model):
    """The last report of one account's calendar month, or why there is none. `inputs` names everything it was built from.

    A month whose inputs did not change is not built again.
    """

    provider = models.CharField(max_length=16)
    account = models.CharField(max_length=128)
    node = models.CharField(max_length=66)
    hour_from = models.BigIntegerField(help_text="First hour of the month, cut to the node's first hour.")
    hour_through = models.BigIntegerField(help_text="Last hour of the month, included.")
    inputs = models.CharField(max_length=64)
    report_hash = models.CharField(max_length=66, default="", blank=True)
    problem_code = models.CharField(max_length=64, default="", blank=True)
    problem = models.TextField(default="", blank=True)
    built_at = models.DateTimeField()

    class Meta:
        ordering = ["hour_from", "account"]
        constraints = [
            models.UniqueConstraint(fields=["provider", "account", "hour_through"], name="reported_month_once"),
            models.CheckConstraint(condition=Q(hour_through__gte=F("hour_from")), name="reported_month_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.hour_from}"
