"""From signed bytes to the chain: broadcast, broadcast again, replace what is stuck."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction

from cloudtuner import clock
from cloudtuner.errors import ChainError, CloudTunerError
from tokens.chain.sender import broadcast
from tokens.network import connection, failpoints, nonces, outbox, paying, signing
from tokens.network.building import build_again, is_expired, is_moot
from tokens.network.models import ChainTx, TxState

logger = logging.getLogger(__name__)

# Unmined this long (wall time), a transaction is sent again; twice this long, it is replaced by a dearer one.
RESEND_AFTER = timedelta(seconds=10)
REPLACE_AFTER = timedelta(seconds=30)
HOLD_FOR = timedelta(minutes=10)


def relay_once() -> int:
    """One round: signs drafts, fills gaps, broadcasts. Returns how many transactions left. Safe to run twice at once:
    the same bytes sent twice are one transaction.
    """
    connection.contracts().check_chain()
    if signing.sign_drafts():
        failpoints.reach(failpoints.AFTER_SIGN)
    sent = _send_waiting()
    if sent:
        failpoints.reach(failpoints.AFTER_BROADCAST)
    for row in _stuck():
        if signing.replace(row):
            row.refresh_from_db()
            sent += _send(row)
    if signing.fill_gaps():
        sent += _send_waiting()
    return sent


def _send_waiting() -> int:
    """Sends what waits, in nonce order. A transaction whose block went waits until what it builds on is back: sent
    blindly, a claim would be mined before its epoch's new window is over, revert, and lose its intent; what has a
    higher nonce could not be mined before it anyway.
    """
    sent = 0
    held: set[str] = set()
    for row in _waiting():
        if row.kind == "claim" and paying.overpays(row.payload):
            filler = signing.withdraw(row, error="A newer epoch gives less.")
            sent += _send(filler) if filler is not None else False
            continue
        if row.state == TxState.REORGED and (row.sender in held or not _may_return(row)):
            held.add(row.sender)
            continue
        sent += _renewed(row) and _send(row)
    return sent


def _renewed(row: ChainTx) -> bool:
    """Has a retirement signed again whose holder's signature ran out. False when its key does not open."""
    if not is_expired(row):
        return True
    try:
        signing.replace(row)
    except CloudTunerError as error:
        _note(row, error)
        return False
    row.refresh_from_db()
    return True


def _note(row: ChainTx, error: CloudTunerError) -> None:
    """What keeps a row from being sent; raises on what another round may mend for all rows."""
    if error.retryable:
        raise error
    ChainTx.objects.filter(pk=row.pk).update(error_code=error.code, error=str(error))


def _may_return(row: ChainTx) -> bool:
    """Whether a reorganised transaction would succeed now; after `HOLD_FOR` it goes out whatever it comes to, so that
    one that can never succeed does not keep its nonce from the others.
    """
    if row.reorged_at is None or row.reorged_at < clock.now() - HOLD_FOR or is_moot(row):
        return True
    try:
        connection.client().estimate_gas(build_again(row).call, sender=row.sender)
    except CloudTunerError as error:
        _note(row, error)
        return False
    return True


def _waiting() -> list[ChainTx]:
    """Signed, or thrown out of a block, or long unmined: in nonce order, since a nonce waits for those before it."""
    mine = ChainTx.objects.filter(chain_id=connection.address_book().chain_id)
    fresh = mine.filter(state__in=(TxState.SIGNED, TxState.REORGED))
    quiet = mine.filter(state=TxState.SENT, sent_at__lt=clock.now() - RESEND_AFTER)
    return sorted((fresh | quiet).distinct(), key=lambda row: (row.sender, row.nonce or 0))


def _stuck() -> list[ChainTx]:
    """Sent, unmined although its turn came: the next nonce of its sender."""
    old = ChainTx.objects.filter(
        chain_id=connection.address_book().chain_id, state=TxState.SENT, signed_at__lt=clock.now() - REPLACE_AFTER
    )
    client = connection.client()
    turn = {sender: client.nonce(sender, block="latest") for sender in set(old.values_list("sender", flat=True))}
    return [row for row in old if row.nonce == turn[row.sender] and client.receipt(row.tx_hash) is None]


def _send(row: ChainTx) -> bool:
    """Broadcasts the newest bytes of a row; outside of any transaction, since the network cannot be rolled back."""
    attempt = row.attempts.get(tx_hash=row.tx_hash)
    try:
        broadcast(connection.client(), bytes.fromhex(attempt.raw.removeprefix("0x")), attempt.tx_hash)
    except ChainError as error:
        if error.retryable:
            raise
        _not_taken(row, error)
        return False
    now = clock.now()
    with transaction.atomic():
        row.attempts.filter(pk=attempt.pk).update(sent_at=now)
        waiting = (TxState.SIGNED, TxState.SENT, TxState.REORGED)
        ChainTx.objects.filter(pk=row.pk, state__in=waiting, tx_hash=attempt.tx_hash).update(
            state=TxState.SENT, sent_at=now, error_code="", error=""
        )
    logger.info("sent", extra={"intent": row.intent, "tx_hash": attempt.tx_hash})
    return True


def _not_taken(row: ChainTx, error: ChainError) -> None:
    """The node refused the bytes. When another transaction used the nonce, the intent gets a new one."""
    if error.code == "chain.nonce_taken":
        hashes = list(row.attempts.values_list("tx_hash", flat=True))
        if any(connection.client().knows_transaction(tx_hash) for tx_hash in hashes):
            return
        with transaction.atomic():
            nonces.lock_sender(row.chain_id, row.sender)
            held = ChainTx.objects.select_for_update().get(pk=row.pk)
            if held.state in (TxState.SIGNED, TxState.SENT, TxState.REORGED) and held.kind != "gap":
                outbox.redraft(held)
            elif held.kind == "gap":
                held.state, held.error_code, held.error = TxState.FAILED, error.code, str(error)
                held.failed_at = clock.now()
                held.save()
    elif error.code == "chain.underpriced":
        signing.replace(row)
    else:
        ChainTx.objects.filter(pk=row.pk).update(error_code=error.code, error=str(error))
    logger.warning("not taken: %s", error, extra={"intent": row.intent, "tx_hash": row.tx_hash, "code": error.code})
