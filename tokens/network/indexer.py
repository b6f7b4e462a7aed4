"""Reading the chain into rows, and taking rows back when the chain changes its mind."""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

from django.db import transaction
from django.db.models import F

from cloudtuner import clock
from cloudtuner.errors import ChainError, ChainUnreachable
from tokens.chain.client import BlockHead
from tokens.chain.decoding import decode
from tokens.chain.events import ChainLog
from tokens.chain.windows import WINDOW_BLOCKS, read_logs
from tokens.network import connection
from tokens.network.models import Block, ChainEvent, ChainTx, Cursor

logger = logging.getLogger(__name__)

# Near the head every block is kept, so that its hash can be compared; further back only those that carry something.
KEPT_BLOCKS = 256
ROUND_BLOCKS = 500

_PLACE = {"contract", "block_number", "block_hash", "tx_hash", "log_index"}
# What an event is about, so that it can be found by it; the first of these fields that it has.
_KEYS = ("node", "claim_hash", "epoch", "round", "set_id", "signer", "staker")
_ACCOUNTS = ("wallet", "account", "receiver", "staker")


class CursorMoved(ChainError):
    """Another process moved the cursor first; what was read is dropped and read again."""

    code = "chain.cursor_moved"
    retryable = True


def index_once() -> bool:
    """One round: compares the stored blocks with the chain, rewinds if they differ, reads what is new.

    Returns whether anything changed. An endpoint that does not answer is noted with the time since when; another chain
    or another first block stops indexing with the advice that `doctor` gives.
    """
    cursor = _cursor()
    try:
        connection.contracts().check_chain()
        head = connection.client().block("latest")
    except ChainUnreachable as error:
        _note(cursor, unreachable_since=cursor.unreachable_since or clock.now())
        logger.warning("chain unreachable: %s", error, extra={"code": error.code})
        return False
    except ChainError as error:
        _note(cursor, stopped_reason=str(error))
        logger.error("indexing stopped: %s", error, extra={"code": error.code})
        return False
    _note(
        cursor,
        head_block=head.number,
        head_timestamp=head.timestamp,
        final_block=_final_block(head),
        reached_at=clock.now(),
        unreachable_since=None,
        stopped_reason="",
    )
    changed = rewind(cursor)
    while cursor.next_block <= head.number:
        _read_some(cursor, head)
        changed = True
    return changed


def _final_block(head: BlockHead) -> int:
    """`confirmations` below the head; on chains where finality is a fact (0 confirmations), what the chain calls final."""
    confirmations = connection.address_book().confirmations
    return head.number - confirmations if confirmations else connection.client().block("finalized").number


def _cursor() -> Cursor:
    book = connection.address_book()
    return Cursor.objects.get_or_create(chain_id=book.chain_id, defaults={"next_block": book.deploy_block})[0]


def _note(cursor: Cursor, **fields: Any) -> None:
    """Notes about the chain; the cursor's place is moved by `_move` only."""
    Cursor.objects.filter(pk=cursor.pk).update(**fields)
    for name, value in fields.items():
        setattr(cursor, name, value)


def _move(cursor: Cursor, next_block: int, **fields: Any) -> None:
    """Compare-and-set: raises CursorMoved when another process moved the cursor since we read it."""
    moved = Cursor.objects.filter(pk=cursor.pk, version=cursor.version).update(
        next_block=next_block, version=F("version") + 1, **fields
    )
    if not moved:
        raise CursorMoved("another process moved the cursor", hint="The next round goes on from there.")
    cursor.next_block, cursor.version = next_block, cursor.version + 1


def rewind(cursor: Cursor) -> bool:
    """Deletes the blocks that the chain no longer has, and with them everything that hung off them.

    A chain that is shorter than what was read is a reorganisation too.
    """
    stored = Block.objects.filter(chain_id=cursor.chain_id).order_by("-number")
    last = stored.first()
    fork = connection.address_book().deploy_block
    for block in stored.iterator(chunk_size=64):
        there = connection.client().find_block(block.number)
        if there is not None and there.hash == block.block_hash:
            fork = block.number + 1
            break
    if last is None or fork > last.number:
        return False
    depth = last.number - fork + 1
    with transaction.atomic():
        _move(cursor, fork, reorgs=F("reorgs") + 1, last_reorg_at=clock.now(), last_reorg_depth=depth)
        Block.objects.filter(chain_id=cursor.chain_id, number__gte=fork).delete()
    cursor.refresh_from_db()
    logger.warning("reorganisation", extra={"block": fork, "count": depth})
    return True


def _read_some(cursor: Cursor, head: BlockHead) -> None:
    """Reads the next stretch: far from the head by ranges, near it block by block, each pinned to its hash."""
    book, client = connection.address_book(), connection.client()
    begin = cursor.next_block
    if head.number - begin >= KEPT_BLOCKS:
        end = min(begin + WINDOW_BLOCKS - 1, head.number - KEPT_BLOCKS)
        logs = decode(read_logs(client, book.addresses, first=begin, last=end), book)
        heads = [client.block(number) for number in sorted({log.block_number for log in logs})]
    else:
        end = min(begin + ROUND_BLOCKS - 1, head.number)
        heads = _linked(cursor, begin, end)
        end = heads[-1].number
        logs = [log for found in heads for log in decode(client.block_logs(book.addresses, found.hash), book)]
    with transaction.atomic():
        _move(cursor, end + 1)
        rows = _store_blocks(cursor.chain_id, heads)
        ChainEvent.objects.bulk_create([_event(rows[log.block_hash], log) for log in logs])
        _forget_old(cursor.chain_id, end)


def _linked(cursor: Cursor, begin: int, end: int) -> list[BlockHead]:
    """The blocks of a range as one chain that continues the stored one. Raises CursorMoved when it does not: the chain
    changed between two calls, and the next round rewinds.
    """
    before = Block.objects.filter(chain_id=cursor.chain_id, number=begin - 1).values_list("block_hash", flat=True).first()
    found: list[BlockHead] = []
    for number in range(begin, end + 1):
        head = connection.client().find_block(number)
        if head is None:
            break
        expected = found[-1].hash if found else before
        if expected is not None and head.parent_hash != expected:
            raise CursorMoved("the chain changed while it was read", hint="The next round goes on.")
        found.append(head)
    if not found:
        raise CursorMoved("the chain became shorter while it was read", hint="The next round goes on.")
    return found


def _store_blocks(chain_id: int, heads: list[BlockHead]) -> dict[str, Block]:
    rows = Block.objects.bulk_create(
        Block(chain_id=chain_id, number=head.number, block_hash=head.hash, parent_hash=head.parent_hash, timestamp=head.timestamp)
        for head in heads
    )
    return {row.block_hash: row for row in rows}


def _event(block: Block, log: ChainLog) -> ChainEvent:
    args = {field.name: _json(getattr(log, field.name)) for field in dataclasses.fields(log) if field.name not in _PLACE}
    return ChainEvent(
        block=block,
        log_index=log.log_index,
        tx_hash=log.tx_hash,
        contract=log.contract,
        name=type(log).__name__,
        key=next((str(args[name]) for name in _KEYS if name in args), ""),
        account=next((str(args[name]) for name in _ACCOUNTS if name in args), ""),
        args=args,
    )


def _json(value: Any) -> Any:
    """Numbers as decimal strings, since JSON's are doubles to many readers."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _forget_old(chain_id: int, end: int) -> None:
    """Empty blocks far behind the head are not needed to notice a reorganisation: those with events are."""
    used = ChainTx.objects.filter(chain_id=chain_id).exclude(block_number=None).values("block_number")
    Block.objects.filter(chain_id=chain_id, number__lt=end - KEPT_BLOCKS, events=None).exclude(number__in=used).delete()
