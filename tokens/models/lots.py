"""What was minted to the organisation, and which retirement used which part."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q


class Lot(models.Model):
    """One payment for one of our nodes. By an epoch: micrograms `from_ug … from_ug + ug` of the node's cumulative total. By
    an airdrop round: micrograms 0 … ug of the hours before its first that the round's leaf names.

    Re-derived by pull from public events. `on_chain` is false while its block is gone; then nothing can be allocated
    from it. Σ allocated ≤ ug is a constraint.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    chain_id = models.BigIntegerField()
    node = models.CharField(max_length=66)
    wallet = models.CharField(max_length=42)
    epoch = models.BigIntegerField(null=True, help_text="The epoch that paid it, if one did.")
    round = models.BigIntegerField(null=True, help_text="The airdrop round that paid it, if one did.")
    from_ug = models.BigIntegerField(help_text="The node's claimed total before this claim; 0 in a round.")
    ug = models.BigIntegerField()
    tuner_units = models.DecimalField(max_digits=78, decimal_places=0, default=0)
    leaf_hash = models.CharField(max_length=66)
    history_root = models.CharField(max_length=66)
    tx_hash = models.CharField(max_length=66)
    block_hash = models.CharField(max_length=66)
    block_number = models.BigIntegerField()
    log_index = models.IntegerField()
    claimed_at = models.DateTimeField(help_text="The block's time.")
    on_chain = models.BooleanField(default=True)
    allocated_ug = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(allocated_ug__gte=0, allocated_ug__lte=F("ug")), name="lot_allocated_within_claimed"
            ),
            models.UniqueConstraint(
                fields=["chain_id", "node", "from_ug"], condition=Q(round__isnull=True), name="lot_position_once"
            ),
            models.UniqueConstraint(fields=["chain_id", "node", "round"], name="lot_round_once"),
            models.CheckConstraint(
                condition=Q(epoch__isnull=False, round__isnull=True) | Q(epoch__isnull=True, round__isnull=False, from_ug=0),
                name="lot_paid_by_epoch_or_round",
            ),
            models.CheckConstraint(condition=Q(ug__gt=0, from_ug__gte=0), name="lot_positive"),
        ]
        ordering = ["block_number", "log_index"]

    def __str__(self) -> str:
        return f"lot of {self.ug} µg from {self.node[:10]}…"


class LotAllocation(models.Model):
    """The part of a lot that a retirement uses, with the ledger hours it names.

    `first_hour_ug` and `last_hour_ug` are the shares taken of the first and the last hour; when both are the same
    hour, both are the whole. Kept, with `released`, when the retirement failed.
    """

    retirement = models.ForeignKey("tokens.Retirement", on_delete=models.PROTECT, related_name="allocations")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="allocations")
    from_ug = models.BigIntegerField(help_text="Position in the node's cumulative series.")
    ug = models.BigIntegerField()
    hour_from = models.BigIntegerField()
    hour_through = models.BigIntegerField()
    first_hour_ug = models.BigIntegerField()
    last_hour_ug = models.BigIntegerField()
    released = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["retirement", "lot", "from_ug"], name="allocation_once"),
            models.CheckConstraint(condition=Q(ug__gt=0, hour_from__lte=F("hour_through")), name="allocation_positive"),
        ]
        ordering = ["hour_from", "pk"]

    def __str__(self) -> str:
        return f"{self.ug} µg of hours {self.hour_from}–{self.hour_through}"
