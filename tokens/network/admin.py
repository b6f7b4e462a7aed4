"""The network in the platform's admin: to look at, never to edit."""

from __future__ import annotations

from django.contrib import admin

from emissions.register.admin import ReadOnlyAdmin
from tokens.network.models import (
    Block,
    ChainEvent,
    ChainTx,
    Cursor,
    Epoch,
    HeldNode,
    RegisteredClaim,
    RoundVote,
    SealedRound,
    SignedAttempt,
    Vote,
)
from tokens.network.round_selectors import round_standing


@admin.register(ChainTx)
class ChainTxAdmin(ReadOnlyAdmin):
    """What we want of the chain: rows that wait long or failed are trouble."""

    list_display = ("intent", "kind", "state", "nonce", "tx_hash", "block_number", "tries", "error_code", "created_at")
    list_filter = ("state", "kind")
    search_fields = ("intent", "tx_hash", "error_code")


@admin.register(SignedAttempt)
class SignedAttemptAdmin(ReadOnlyAdmin):
    """Signed bytes, replaced ones too."""

    list_display = ("tx_hash", "tx", "max_fee_wei", "signed_at", "sent_at", "replaced_at")
    list_select_related = ("tx",)
    exclude = ("raw",)
    search_fields = ("tx_hash",)


@admin.register(Cursor)
class CursorAdmin(ReadOnlyAdmin):
    """How far the chain was read, and whether it answers."""

    list_display = ("chain_id", "next_block", "head_block", "reached_at", "unreachable_since", "stopped_reason", "reorgs")


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin):
    """Blocks as last seen."""

    list_display = ("number", "block_hash", "timestamp", "chain_id")


@admin.register(ChainEvent)
class ChainEventAdmin(ReadOnlyAdmin):
    """Decoded events of our contracts."""

    list_display = ("name", "contract", "key", "account", "tx_hash", "log_index")
    list_filter = ("name", "contract")
    search_fields = ("key", "account", "tx_hash")


@admin.register(Epoch)
class EpochAdmin(ReadOnlyAdmin):
    """Sealed epochs."""

    list_display = ("number", "chain_id", "digest", "sealed_at")
    exclude = ("bundle",)


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    """Validators' signatures."""

    list_display = ("epoch", "signer", "received_at")
    list_select_related = ("epoch",)
    search_fields = ("signer",)


@admin.register(SealedRound)
class SealedRoundAdmin(ReadOnlyAdmin):
    """Sealed airdrop rounds."""

    list_display = ("number", "set_id", "standing", "sealed_at")
    exclude = ("list",)

    @admin.display(description="How it stands")
    def standing(self, row: SealedRound) -> str:
        """What the chain says of it, and what it waits for."""
        return round_standing(row)


@admin.register(RoundVote)
class RoundVoteAdmin(ReadOnlyAdmin):
    """Validators' signatures over airdrop rounds."""

    list_display = ("round", "signer", "received_at")
    list_select_related = ("round",)
    search_fields = ("signer",)


@admin.register(HeldNode)
class HeldNodeAdmin(ReadOnlyAdmin):
    """Nodes that what is sealed next leaves out, and why."""

    list_display = ("node", "track", "reason", "since")
    list_filter = ("track",)
    search_fields = ("node",)


@admin.register(RegisteredClaim)
class RegisteredClaimAdmin(ReadOnlyAdmin):
    """Claims registered before their burn, by hash."""

    list_display = ("certificate_id", "claim_hash", "organization", "account", "registered_at")
    search_fields = ("certificate_id", "claim_hash")
