"""From sent to mined to final, and back when the block goes. Judged by our own block rows, never by hearsay."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef

from cloudtuner import clock
from cloudtuner.errors import ChainError
from tokens.chain.client import Receipt
from tokens.network import connection, failpoints, outbox, reading
from tokens.network.building import is_expired, stored_call
from tokens.network.models import Block, ChainTx, TxState
from tokens.network.models.outbox import ON_THE_WIRE

logger = logging.getLogger(__name__)


def settle_once() -> int:
    """One round over everything that is or was in a block; returns how many rows changed. Run after indexing."""
    chain_id = connection.address_book().chain_id
    stands = Block.objects.filter(chain_id=chain_id, number=OuterRef("block_number"), block_hash=OuterRef("block_hash"))
    gone = ChainTx.objects.filter(chain_id=chain_id, state__in=("mined", "final")).exclude(Exists(stands))
    changed = sum(_mark_reorged(row) for row in gone)
    wire = ChainTx.objects.filter(chain_id=chain_id, state__in=ON_THE_WIRE)
    for row in wire.exclude(state=TxState.MINED).order_by("nonce"):
        changed += _mark_mined(row)
    if ChainTx.objects.filter(chain_id=chain_id, state=TxState.MINED).exists():
        failpoints.reach(failpoints.BEFORE_FINAL)
    final = ChainTx.objects.filter(chain_id=chain_id, state=TxState.MINED, block_number__lte=reading.final_below())
    return changed + final.update(state=TxState.FINAL, final_at=clock.now())


def _stands(number: int, block_hash: str) -> bool:
    """Whether a block is on the chain as indexed."""
    return Block.objects.filter(chain_id=connection.address_book().chain_id, number=number, block_hash=block_hash).exists()


def _remember(receipt: Receipt) -> None:
    """Keeps a block that the indexer passed without storing it, because nothing of ours seemed to be in it."""
    chain_id, number = connection.address_book().chain_id, receipt.block_number
    if number > reading.head() or Block.objects.filter(chain_id=chain_id, number=number).exists():
        return
    head = connection.client().block(number)
    if head.hash == receipt.block_hash:
        Block.objects.get_or_create(
            chain_id=chain_id,
            number=number,
            defaults={"block_hash": head.hash, "parent_hash": head.parent_hash, "timestamp": head.timestamp},
        )


def _mark_reorged(row: ChainTx) -> bool:
    """The block is gone: the same bytes go out again, for the same intent."""
    changed = ChainTx.objects.filter(pk=row.pk, state=row.state, block_hash=row.block_hash).update(
        state=TxState.REORGED, block_hash="", block_number=None, reorged_at=clock.now(), mined_at=None, final_at=None
    )
    logger.warning("block gone, sending again", extra={"intent": row.intent, "tx_hash": row.tx_hash, "block": row.block_number})
    return bool(changed)


def _mark_mined(row: ChainTx) -> bool:
    receipt = _receipt(row)
    if receipt is None:
        return False
    _remember(receipt)
    if not _stands(receipt.block_number, receipt.block_hash):
        return False
    if not receipt.succeeded:
        return _mark_reverted(row, receipt)
    with transaction.atomic():
        changed = ChainTx.objects.filter(pk=row.pk, state__in=("signed", "sent", "reorged")).update(
            state=TxState.MINED,
            tx_hash=receipt.tx_hash,
            block_hash=receipt.block_hash,
            block_number=receipt.block_number,
            gas_used=receipt.gas_used,
            mined_at=clock.now(),
        )
        row.attempts.exclude(tx_hash=receipt.tx_hash).filter(replaced_at=None).update(replaced_at=clock.now())
    logger.info("mined", extra={"intent": row.intent, "tx_hash": receipt.tx_hash, "block": receipt.block_number})
    return bool(changed)


def _receipt(row: ChainTx) -> Receipt | None:
    """The receipt of whichever attempt was mined, newest first."""
    for tx_hash in row.attempts.order_by("-pk").values_list("tx_hash", flat=True):
        receipt = connection.client().receipt(tx_hash)
        if receipt is not None:
            return receipt
    return None


def _mark_reverted(row: ChainTx, receipt: Receipt) -> bool:
    """Mined and refused. It counts as failed only once that block is final; a reorganisation may still undo it."""
    if receipt.block_number > reading.final_below():
        return False
    code, text = "chain.reverted", f"{receipt.tx_hash} was mined but reverted."
    try:
        connection.client().call(stored_call(row), block=receipt.block_number - 1, sender=row.sender)
    except ChainError as error:
        if error.retryable:
            raise
        code, text = error.code, str(error)
    if is_expired(row):
        with transaction.atomic():
            row.attempts.all().delete()  # their nonce is used: none of these bytes can be mined any more
            outbox.redraft(ChainTx.objects.select_for_update().get(pk=row.pk))
        logger.warning("mined too late, signing again", extra={"intent": row.intent, "tx_hash": receipt.tx_hash})
        return True
    outbox.fail(row, code=code, error=text)
    logger.error("reverted: %s", text, extra={"intent": row.intent, "tx_hash": receipt.tx_hash, "code": code})
    return True
