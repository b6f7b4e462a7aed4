"""Who goes first: advisory locks that end with the transaction, taken in one order by everyone.

No lock here has a time-to-live: a lock that expires while its holder still works guards nothing.
"""

from __future__ import annotations

import hashlib

from django.db import connection, transaction


def _number(key: str) -> int:
    """A key as PostgreSQL's signed 64-bit lock number."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


def _need_transaction() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a lock needs a transaction: it is held until that ends")


def acquire(*keys: str) -> None:
    """Waits for all keys and holds them until the transaction ends.

    Call it once, late, with every key needed: sorting them here is what makes deadlock impossible. The keys are
    database-wide, so a key that is unique only within an organisation names its schema.
    """
    _need_transaction()
    with connection.cursor() as cursor:
        for number in sorted({_number(key) for key in keys}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def try_acquire(key: str) -> bool:
    """Takes the key until the transaction ends if nobody holds it; False means somebody does the work already."""
    _need_transaction()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_number(key)])
        (taken,) = cursor.fetchone()
    return bool(taken)
