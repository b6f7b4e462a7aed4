"""Writing down what the chain shall do: one live row an intent, however often it is asked for."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from cloudtuner import clock
from tokens.chain.client import Call
from tokens.network.connection import address_book
from tokens.network.models import ChainTx, TxState

# The error code of an intent whose effect came about before we sent anything (anyone may post or claim).
MOOT = "outbox.moot"


def live(intent: str) -> ChainTx | None:
    """The row that carries an intent, unless it failed."""
    return ChainTx.objects.filter(intent=intent).exclude(state=TxState.FAILED).first()


def intend(
    intent: str,
    kind: str,
    call: Call | None = None,
    *,
    payload: Mapping[str, Any] | None = None,
    organization: uuid.UUID | None = None,
) -> ChainTx:
    """The row for this intent, new or the one there is. Joins the transaction that is open.

    Without a call the chain worker builds it from `payload` when it signs (a key that only it may open).
    """
    found = live(intent)
    if found is not None:
        return found
    row = ChainTx(
        intent=intent,
        kind=kind,
        chain_id=address_book().chain_id,
        to=call.to if call else "",
        data="0x" + call.data.hex() if call else "",
        payload=dict(payload or {}),
        organization=organization,
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        there = live(intent)
        if there is None:
            raise
        return there
    return row


def fail(row: ChainTx, *, code: str, error: str) -> None:
    """Ends a row that will not come to anything; its nonce, if it has one, stays used."""
    ChainTx.objects.filter(pk=row.pk).exclude(state__in=(TxState.FINAL, TxState.FAILED)).update(
        state=TxState.FAILED, error_code=code, error=error, failed_at=clock.now()
    )


def rewrite(row: ChainTx, call: Call, *, payload: Mapping[str, Any]) -> None:
    """Gives an intent that was not signed yet another call; a row that was meanwhile stays as it is."""
    row.to, row.data, row.payload = call.to, "0x" + call.data.hex(), dict(payload)
    ChainTx.objects.filter(pk=row.pk, state=TxState.DRAFT).update(to=row.to, data=row.data, payload=row.payload)


def redraft(row: ChainTx) -> None:
    """Lets an intent begin anew with another nonce: safe, since every intent's effect happens at most once in its contract."""
    row.state, row.nonce, row.tx_hash = TxState.DRAFT, None, ""
    row.tries += 1
    row.block_hash, row.block_number = "", None
    row.save()
