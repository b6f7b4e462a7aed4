"""Which airdrop rounds validators are asked to attest, and who did."""

from __future__ import annotations

from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast


class SealedRound(models.Model):
    """One airdrop round: header and list as sealed for one validator set, never changed afterwards.

    When the set changes before the round was posted, or after a veto another list follows, the same number is sealed again.
    Whether it was posted, vetoed or paid is read from ChainEvent rows, as for epochs.
    """

    chain_id = models.BigIntegerField()
    number = models.BigIntegerField()
    header = models.JSONField(help_text="AirdropRound as JSON, quantities as decimal strings.")
    digest = models.CharField(max_length=66, help_text="EIP-712 digest that validators sign.")
    list = models.BinaryField(help_text="The published list's exact bytes.")
    sealed_at = models.DateTimeField()
    set_id = models.GeneratedField(
        expression=Cast(KeyTextTransform("set_id", "header"), models.BigIntegerField()),
        output_field=models.BigIntegerField(),
        db_persist=True,
        help_text="The validator set that is asked; the header says it.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "digest"], name="airdrop_round_once")]
        ordering = ["number", "set_id", "pk"]

    def __str__(self) -> str:
        return f"airdrop round {self.number} for set {self.set_id}"


class RoundVote(models.Model):
    """One validator's signature over an airdrop round. One a signer and round."""

    round = models.ForeignKey(SealedRound, on_delete=models.PROTECT, related_name="votes")
    signer = models.CharField(max_length=42)
    signature = models.CharField(max_length=132)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round", "signer"], name="round_vote_one_per_signer")]
        ordering = ["signer"]

    def __str__(self) -> str:
        return f"{self.signer} on airdrop round {self.round_id}"
