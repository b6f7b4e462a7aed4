"""Which blocks and events were seen. Everything derived from a block hangs off it, so removing it removes them."""

from __future__ import annotations

from django.db import models
from django.db.models import DecimalField, Q
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast


class Block(models.Model):
    """One block of the chain as last seen. At most one row a number: a reorganised block is deleted, never kept beside."""

    chain_id = models.BigIntegerField()
    number = models.BigIntegerField()
    block_hash = models.CharField(max_length=66)
    parent_hash = models.CharField(max_length=66)
    timestamp = models.BigIntegerField(help_text="The block's own time, unix seconds.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain_id", "number"], name="block_one_per_number"),
            models.UniqueConstraint(fields=["chain_id", "block_hash"], name="block_hash_once"),
        ]
        ordering = ["chain_id", "number"]

    def __str__(self) -> str:
        return f"block {self.number}"


def amount(name: str) -> Cast:
    """A quantity of an event's `args` as a number, for the database to sum: up to 256 bits."""
    return Cast(KeyTextTransform(name, "args"), DecimalField(max_digits=78, decimal_places=0))


class ChainEvent(models.Model):
    """One decoded event of our contracts. Quantities in `args` are decimal strings, hashes and addresses as on chain."""

    block = models.ForeignKey(Block, on_delete=models.CASCADE, related_name="events")
    log_index = models.IntegerField()
    tx_hash = models.CharField(max_length=66, db_index=True)
    contract = models.CharField(max_length=32)
    name = models.CharField(max_length=48)
    key = models.CharField(
        max_length=80, blank=True, help_text="What the event is about: node, epoch number, claim hash or signer."
    )
    account = models.CharField(max_length=42, blank=True, help_text="The wallet the event concerns, checksummed, if one.")
    args = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["block", "log_index"], name="event_once_per_block")]
        indexes = [
            models.Index(fields=["name", "key"], name="event_name_key"),
            models.Index(fields=["account", "name"], name="event_account_name"),
            models.Index(KeyTextTransform("epoch", "args"), name="event_claim_epoch", condition=Q(name="Claimed")),
            models.Index(KeyTextTransform("round", "args"), name="event_paid_round", condition=Q(name="AirdropPaid")),
            models.Index(KeyTextTransform("sender", "args"), name="event_transfer_sender", condition=Q(name="TokenTransfer")),
        ]
        ordering = ["block__number", "log_index"]

    def __str__(self) -> str:
        return f"{self.name} {self.key}"


class Cursor(models.Model):
    """How far the indexer read and what it knows of the chain's head. Moves by compare-and-set only."""

    chain_id = models.BigIntegerField(unique=True)
    next_block = models.BigIntegerField()
    version = models.BigIntegerField(
        default=0, help_text="Raised by every move; a rewind that came between makes the other lose."
    )
    head_block = models.BigIntegerField(default=0)
    head_timestamp = models.BigIntegerField(default=0, help_text="Block time of the head, unix seconds.")
    final_block = models.BigIntegerField(default=-1, help_text="The newest block that counts as final.")
    reached_at = models.DateTimeField(null=True, help_text="Wall time of the last answer.")
    unreachable_since = models.DateTimeField(null=True)
    stopped_reason = models.TextField(
        blank=True, help_text="Why indexing stopped until someone acts (another genesis, another chain)."
    )
    reorgs = models.IntegerField(default=0)
    last_reorg_at = models.DateTimeField(null=True)
    last_reorg_depth = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"chain {self.chain_id}: next block {self.next_block}"
