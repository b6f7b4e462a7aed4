"""From an intent to signed bytes in the database, before anybody else sees them."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction

from accounts import keys
from cloudtuner import clock
from cloudtuner.errors import ChainError, CloudTunerError
from emissions.poce.keys import address_of
from tokens.chain.client import Call
from tokens.chain.sender import Fees, sign_call, suggest_fees, suggest_gas
from tokens.network import connection, nonces, outbox, round_paying
from tokens.network.building import Built, build, build_again, is_moot
from tokens.network.models import ChainTx, SignedAttempt, TxState

logger = logging.getLogger(__name__)

# A refusal may be of the moment (a pause, or a claim that a reorganisation took away and that comes back first), so it
# is asked again, ever more slowly. Only a retirement gives up: its kilograms are held as long as it waits.
MAX_TRIES = {"retire": 5}
SLOWEST = 64
# Nodes want at least ten percent more on both fees for a replacement; we pay 12.5.
REPLACEMENT_PER_MILLE = 1125
TRANSFER_GAS = 21_000
REPLACEABLE = (TxState.SIGNED, TxState.SENT, TxState.REORGED)


def sign_drafts() -> int:
    """Signs what waits, oldest first; returns how many. A refused row is tried again and fails in the end."""
    count = 0
    drafts = ChainTx.objects.filter(chain_id=connection.address_book().chain_id, state=TxState.DRAFT)
    for row in drafts.exclude(retry_at__gt=clock.now()).order_by("pk"):
        if is_moot(row):
            outbox.fail(row, code=outbox.MOOT, error="It happened without us.")
            continue
        count += _sign_draft(row)
    return count


def _sign_draft(row: ChainTx) -> bool:
    """Signs one draft that the chain would take now; False when it would not, or a key does not open."""
    try:
        built = build(row)
        sender = address_of(keys.relayer_key())
        gas = suggest_gas(connection.client(), built.call, sender=sender)
    except ChainError as error:
        if error.retryable:
            raise
        if row.kind == "airdrop" and round_paying.set_apart(row, error):
            return _sign_draft(row)
        _refused(row, error)
        return False
    except CloudTunerError as error:
        # A key that does not open stops this row and no other; it waits until somebody mended that.
        ChainTx.objects.filter(pk=row.pk).update(error_code=error.code, error=str(error))
        logger.error("not signed: %s", error, extra={"intent": row.intent, "code": error.code})
        return False
    return _sign(row, built, sender=sender, gas_limit=gas)


def _refused(row: ChainTx, error: ChainError) -> None:
    tries = row.tries + 1
    later = clock.now() + timedelta(seconds=min(SLOWEST, 2**tries))
    ChainTx.objects.filter(pk=row.pk, state=TxState.DRAFT).update(
        tries=tries, retry_at=later, error_code=error.code, error=str(error)
    )
    logger.warning("intent refused: %s", error, extra={"intent": row.intent, "code": error.code, "attempt": tries})
    if tries >= MAX_TRIES.get(row.kind, tries + 1):
        outbox.fail(row, code=error.code, error=str(error))


def _sign(row: ChainTx, built: Built, *, sender: str, gas_limit: int) -> bool:
    client, chain_id = connection.client(), row.chain_id
    fees, on_chain = suggest_fees(client), client.nonce(sender, block="latest")
    with transaction.atomic():
        nonces.lock_sender(chain_id, sender)
        held = ChainTx.objects.select_for_update().get(pk=row.pk)
        if held.state != TxState.DRAFT:
            return False
        held.nonce, held.sender = nonces.next_nonce(chain_id, sender, on_chain=on_chain), sender
        _store(held, built, gas_limit=gas_limit, fees=fees)
    logger.info("signed", extra={"intent": row.intent, "tx_hash": held.tx_hash, "state": held.state})
    return True


def _store(row: ChainTx, built: Built, *, gas_limit: int, fees: Fees) -> None:
    """Signs a call with the row's nonce and keeps the bytes as its newest attempt."""
    assert row.nonce is not None
    key = keys.relayer_key()
    call = built.call
    signed = sign_call(call, private_key=key, chain_id=row.chain_id, nonce=row.nonce, gas_limit=gas_limit, fees=fees)
    now = clock.now()
    row.to, row.data, row.payload = call.to, "0x" + call.data.hex(), built.payload
    row.state, row.tx_hash, row.signed_at = TxState.SIGNED, signed.tx_hash, now
    row.error_code = row.error = ""
    row.save()
    row.attempts.filter(replaced_at=None).update(replaced_at=now)
    SignedAttempt.objects.create(
        tx=row,
        tx_hash=signed.tx_hash,
        raw="0x" + signed.raw.hex(),
        gas_limit=signed.gas_limit,
        max_fee_wei=signed.fees.max_fee_wei,
        priority_fee_wei=signed.fees.priority_fee_wei,
        signed_at=now,
    )


def replace(row: ChainTx) -> bool:
    """Signs the call again with the same nonce for at least 12.5 % more; whichever of the two is mined counts.

    A holder's signature that ran out is made anew: same retirement, same claim, later deadline.
    """
    wanted = suggest_fees(connection.client())
    with transaction.atomic():
        held = ChainTx.objects.select_for_update().get(pk=row.pk)
        if held.state not in REPLACEABLE or held.tx_hash != row.tx_hash:
            return False
        last = held.attempts.get(tx_hash=held.tx_hash)
        _store(held, build_again(held), gas_limit=last.gas_limit, fees=_dearer(wanted, last))
    logger.info("replaced", extra={"intent": row.intent, "tx_hash": held.tx_hash})
    return True


def withdraw(row: ChainTx, *, error: str) -> ChainTx | None:
    """Gives up an intent whose bytes left already: an empty transfer takes its nonce and pays more. Returns that row.

    Should the bytes be mined all the same, their events count.
    """
    wanted = suggest_fees(connection.client())
    with transaction.atomic():
        nonces.lock_sender(row.chain_id, row.sender)
        held = ChainTx.objects.select_for_update().get(pk=row.pk)
        if held.state not in REPLACEABLE or held.tx_hash != row.tx_hash:
            return None
        last = held.attempts.get(tx_hash=held.tx_hash)
        sender, nonce, held.nonce = held.sender, held.nonce, None
        held.state, held.error_code, held.error, held.failed_at = TxState.FAILED, outbox.MOOT, error, clock.now()
        held.save()
        filler = outbox.intend(f"gap:{row.chain_id}:{sender}:{nonce}", "gap", Call(sender, b""))
        filler.nonce, filler.sender = nonce, sender
        _store(filler, build(filler), gas_limit=TRANSFER_GAS, fees=_dearer(wanted, last))
    logger.warning("withdrawn: %s", error, extra={"intent": row.intent, "tx_hash": row.tx_hash})
    return filler


def _dearer(wanted: Fees, last: SignedAttempt) -> Fees:
    """What a replacement pays: what is asked now, and no less than nodes want above the last attempt."""
    return Fees(
        max(wanted.max_fee_wei, _more(int(last.max_fee_wei))), max(wanted.priority_fee_wei, _more(int(last.priority_fee_wei)))
    )


def _more(wei: int) -> int:
    """12.5 % more, rounded up.

    >>> _more(1000), _more(1)
    (1125, 2)
    """
    return -(-wei * REPLACEMENT_PER_MILLE // 1000)


def fill_gaps() -> int:
    """Signs empty transfers to ourselves for nonces that nobody holds; returns how many."""
    client, chain_id = connection.client(), connection.address_book().chain_id
    sender = address_of(keys.relayer_key())
    fees, on_chain = suggest_fees(client), client.nonce(sender, block="latest")
    count = 0
    with transaction.atomic():
        nonces.lock_sender(chain_id, sender)
        for nonce in nonces.gaps(chain_id, sender, on_chain=on_chain):
            row = outbox.intend(f"gap:{chain_id}:{sender}:{nonce}", "gap", Call(sender, b""))
            if row.state == TxState.DRAFT:
                row.nonce, row.sender = nonce, sender
                _store(row, build(row), gas_limit=TRANSFER_GAS, fees=fees)
                count += 1
    return count
