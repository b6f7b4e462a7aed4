"""What validators are asked to attest, and who did."""

from __future__ import annotations

from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast


class Sealed(models.Model):
    """What validators are asked to sign, made for one version of their set; never changed afterwards."""

    chain_id = models.BigIntegerField()
    number = models.BigIntegerField()
    header = models.JSONField(help_text="What is signed, as JSON, quantities as decimal strings.")
    digest = models.CharField(max_length=66, help_text="EIP-712 digest that validators sign.")
    sealed_at = models.DateTimeField()
    set_id = models.GeneratedField(
        expression=Cast(KeyTextTransform("set_id", "header"), models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="The validator set that is asked; the header says it.",
    )

    class Meta:
        abstract = True


class SealedVote(models.Model):
    """One validator's signature over what was sealed."""

    signer = models.CharField(max_length=42)
    signature = models.CharField(max_length=132)
    received_at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["signer"]


class Epoch(Sealed):
    """One round of an epoch: header and public bundle as sealed for one validator set, never changed afterwards.

    When the set changes before a round was posted, or a round is vetoed, the same number is sealed again for the new set;
    the old round stays with its votes, and `reading.sealed` says which one counts. Whether it was posted, is final or paid
    out is read from ChainEvent rows, so that a reorganisation cannot leave a stale answer here.
    """

    bundle = models.BinaryField(help_text="The public bundle's exact bytes.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "number", "set_id"], name="epoch_once_a_set")]
        ordering = ["number", "set_id"]

    def __str__(self) -> str:
        return f"epoch {self.number} for set {self.set_id}"


class Vote(SealedVote):
    """One validator's signature over an epoch's header. One a signer and round."""

    epoch = models.ForeignKey(Epoch, on_delete=models.PROTECT, related_name="votes")

    class Meta(SealedVote.Meta):
        constraints = [models.UniqueConstraint(fields=["epoch", "signer"], name="vote_one_per_signer")]

    def __str__(self) -> str:
        return f"{self.signer} on epoch {self.epoch_id}"
