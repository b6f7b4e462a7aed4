"""Which keys are held for an organisation, sealed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models.organization import Organization
from cloudtuner import clock


class OrganizationKey(models.Model):
    """A secp256k1 key sealed with AES-256-GCM under the master key; only the address is readable.

    The seal covers organisation, purpose and address, so that a sealed key moved to another row does not open.
    """

    class Purpose(models.TextChoices):
        """What the key signs."""

        REPORT = "report"
        WALLET = "wallet"

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="keys")
    purpose = models.CharField(max_length=6, choices=Purpose.choices)
    address = models.CharField(max_length=42, unique=True)
    nonce = models.BinaryField(max_length=12)
    sealed = models.BinaryField(max_length=64)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "purpose"], condition=Q(retired_at=None), name="one_live_key_per_purpose"
            ),
            models.CheckConstraint(name="key_address_is_hex", condition=Q(address__regex=r"^0x[0-9a-fA-F]{40}$")),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.address}"
