"""Which airdrop rounds validators are asked to attest, and who did."""

from __future__ import annotations

from django.db import models

from tokens.network.models.epochs import Sealed, SealedVote


class SealedRound(Sealed):
    """One airdrop round: header and list as sealed for one validator set, never changed afterwards.

    When the set changes before the round was posted, or after a veto another list follows, the same number is sealed again.
    Whether it was posted, vetoed or paid is read from ChainEvent rows, as for epochs.
    """

    list = models.BinaryField(help_text="The published list's exact bytes.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain_id", "digest"], name="airdrop_round_once")]
        ordering = ["number", "set_id", "pk"]

    def __str__(self) -> str:
        return f"airdrop round {self.number} for set {self.set_id}"


class RoundVote(SealedVote):
    """One validator's signature over an airdrop round. One a signer and round."""

    round = models.ForeignKey(SealedRound, on_delete=models.PROTECT, related_name="votes")

    class Meta(SealedVote.Meta):
        constraints = [models.UniqueConstraint(fields=["round", "signer"], name="round_vote_one_per_signer")]

    def __str__(self) -> str:
        return f"{self.signer} on airdrop round {self.round_id}"
