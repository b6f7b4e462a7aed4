"""Which claims were registered before their burn. The text stays with the organisation; only its hash is here."""

from __future__ import annotations

from django.db import models


class RegisteredClaim(models.Model):
    """A claim's hash, registered before the burn that names it. Only such burns get a certificate."""

    claim_hash = models.CharField(max_length=66, unique=True)
    certificate_id = models.CharField(max_length=64, unique=True)
    year = models.IntegerField()
    number = models.IntegerField(help_text="Counts the claims of a year, over all organisations.")
    organization = models.UUIDField(db_index=True)
    retirement = models.UUIDField(unique=True)
    account = models.CharField(max_length=42)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["year", "number"], name="claim_number_once_a_year")]

    def __str__(self) -> str:
        return self.certificate_id
