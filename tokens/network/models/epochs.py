"""What validators are asked to attest, and who did."""

from __future__ import annotations

from django.db import models


class Epoch(models.Model):
    """A sealed candidate: header and public bundle, never changed afterwards.

    Whether it was posted, is final or paid out is read from ChainEvent rows, so that a reorganisation cannot leave a
    stale answer here.
    """

    chain_id = models.BigIntegerField()
    number = models.BigIntegerField()
    header = models.JSONField(help_text="EpochHeader as JSON, quantities as decimal strings.")
    digest = models.CharField(max_length=66, help_text="EIP-712 digest that validators sign.")
    bundle = models.BinaryField(help_text="The public bundle's exact bytes.")
    sealed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "number"], name="epoch_once")]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"epoch {self.number}"


class Vote(models.Model):
    """One validator's signature over an epoch's header. One a signer."""

    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="votes")
    signer = models.CharField(max_length=42)
    signature = models.CharField(max_length=132)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["epoch", "signer"], name="vote_one_per_signer")]
        ordering = ["signer"]

    def __str__(self) -> str:
        return f"{self.signer} on epoch {self.epoch_id}"
