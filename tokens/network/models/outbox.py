"""What we want the chain to do, exactly once each: the outbox."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class TxState(models.TextChoices):
    """Sent is not mined, mined is not final."""

    DRAFT = "draft", "Waiting"
    SIGNED = "signed", "Signed"
    SENT = "sent", "Sent"
    MINED = "mined", "Mined"
    FINAL = "final", "Final"
    REORGED = "reorged", "Block reorganised, sending again"
    FAILED = "failed", "Failed"


UNFINISHED = (TxState.DRAFT, TxState.SIGNED, TxState.SENT, TxState.MINED, TxState.REORGED)
ON_THE_WIRE = (TxState.SIGNED, TxState.SENT, TxState.MINED, TxState.REORGED)


class ChainTx(models.Model):
    """One intent and the transaction that carries it.

    The intent key ("claim:3:0x…") is unique among rows that did not fail; a nonce belongs to one row for ever. The
    bytes that were signed are in `attempts`, stored before anything was broadcast.
    """

    intent = models.CharField(max_length=160, db_index=True)
    kind = models.CharField(max_length=24)
    chain_id = models.BigIntegerField()
    to = models.CharField(max_length=42, blank=True)
    data = models.TextField(blank=True, help_text="Calldata, hex. Empty until built when a key of the chain worker is needed.")
    payload = models.JSONField(default=dict, help_text="What the chain worker needs to build the calldata.")
    organization = models.UUIDField(null=True)
    state = models.CharField(max_length=8, choices=TxState.choices, default=TxState.DRAFT, db_index=True)
    sender = models.CharField(max_length=42, blank=True)
    nonce = models.BigIntegerField(null=True)
    tx_hash = models.CharField(max_length=66, blank=True, help_text="Of the newest attempt, or of the mined one.")
    block_hash = models.CharField(max_length=66, blank=True)
    block_number = models.BigIntegerField(null=True)
    gas_used = models.BigIntegerField(null=True)
    tries = models.IntegerField(default=0, help_text="How often the contract refused it before it was sent.")
    retry_at = models.DateTimeField(null=True, help_text="Not before this, after a refusal.")
    error_code = models.CharField(max_length=80, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    mined_at = models.DateTimeField(null=True)
    final_at = models.DateTimeField(null=True)
    reorged_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["intent"], condition=~Q(state="failed"), name="outbox_intent_once"),
            models.UniqueConstraint(
                fields=["chain_id", "sender", "nonce"], condition=Q(nonce__isnull=False), name="outbox_nonce_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("draft", "failed")) | Q(nonce__isnull=False, tx_hash__gt=""),
                name="outbox_signed_has_nonce",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("mined", "final")) | Q(block_number__isnull=False, block_hash__gt=""),
                name="outbox_mined_has_block",
            ),
        ]
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.intent} ({self.state})"


class SignedAttempt(models.Model):
    """Signed bytes of a ChainTx. A replacement shares the nonce and pays more; whichever is mined counts."""

    tx = models.ForeignKey(ChainTx, on_delete=models.CASCADE, related_name="attempts")
    tx_hash = models.CharField(max_length=66, unique=True)
    raw = models.TextField()
    gas_limit = models.BigIntegerField()
    max_fee_wei = models.DecimalField(max_digits=39, decimal_places=0)
    priority_fee_wei = models.DecimalField(max_digits=39, decimal_places=0)
    signed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    replaced_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.tx_hash
