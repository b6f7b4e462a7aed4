"""The chain of ledger batches: each covers its rows by a root and the batch before it by its hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import chain

from django.db import connection

from emissions.models import LedgerBatch
from emissions.models.ledger import FORM, FORM_WITHOUT_WATER, MEASURES, ROW_KEY
from emissions.poce.canonical import jcs
from emissions.poce.hexes import ZERO_32, to_hex
from emissions.poce.merkle import StandardTree

PAGE_ROWS = 256
_ROW = ("version_id", "provider", "period_from", *ROW_KEY, "sign", *MEASURES)
_COLUMNS = {FORM: _ROW, FORM_WITHOUT_WATER: tuple(name for name in _ROW if name != "water_ul")}


def batch_root(number: int, *, form: int = FORM) -> tuple[str, int]:
    """The Merkle root over a batch's rows as they stand in the table, and their count; zero for no rows.

    A leaf is the double hash of a page: up to PAGE_ROWS rows in the order of their ids, each as its line in PostgreSQL's
    COPY text form. Anyone with a dump can check it, and a row is shown to be there with its page. `form` says which columns
    a row has, since a root that was chained stays what it is when the ledger gains a measure.
    """
    return root_of(rows_stored(number, form=form))


def root_of(blocks: Iterable[list[bytes]]) -> tuple[str, int]:
    """The root and the count of rows that come in blocks of lines."""
    count = 0

    def pages() -> Iterator[bytes]:
        nonlocal count
        waiting: list[bytes] = []
        for lines in blocks:
            count += len(lines)
            waiting += lines
            whole = len(waiting) - len(waiting) % PAGE_ROWS
            for start in range(0, whole, PAGE_ROWS):
                yield b"\n".join(waiting[start : start + PAGE_ROWS])
            del waiting[:whole]
        if waiting:
            yield b"\n".join(waiting)

    # Pages are hashed as they come: a ledger of millions of rows is never in memory.
    coming = pages()
    first = next(coming, None)
    return (ZERO_32 if first is None else StandardTree.from_encoded(chain([first], coming)).root), count


def rows_stored(number: int, *, form: int = FORM) -> Iterator[list[bytes]]:
    """The lines of a batch's rows as PostgreSQL writes them, a block at a time."""
    columns = ", ".join(_COLUMNS[form])
    query = f"COPY (SELECT {columns} FROM emissions_ledgerhour WHERE batch_id = {int(number)} ORDER BY id) TO STDOUT"  # noqa: S608
    rest = b""
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for block in copy:
            lines = (rest + bytes(block)).split(b"\n")
            rest = lines.pop()
            yield lines


def batch_hash(
    *,
    number: int,
    prev_hash: str,
    merkle_root: str,
    row_count: int,
    form: int,
    version: str,
    engine: str,
    factor_set: str,
    bill_digest: str,
    posted_by: str,
    posted_at: datetime,
) -> str:
    """The hash of a batch: sha256 of the JCS of everything its row says; the first form did not name itself."""
    value: dict[str, object] = {
        "number": number,
        "prev_hash": prev_hash,
        "merkle_root": merkle_root,
        "row_count": row_count,
        "version": version,
        "engine": engine,
        "factor_set": factor_set,
        "bill_digest": bill_digest,
        "posted_by": posted_by,
        "posted_at": posted_at.isoformat(timespec="microseconds"),
    }
    if form != FORM_WITHOUT_WATER:
        value["form"] = form
    return to_hex(sha256(jcs(value)).digest())


@dataclass(frozen=True)
class ChainFinding:
    """Where the chain of batches does not hold: chain.number, .prev_hash, .batch_hash, .rows or .root."""

    number: int
    code: str
    text: str


def ledger_verify() -> list[ChainFinding]:
    """Reads the whole ledger and says where its chain does not hold; empty when all of it does."""
    found: list[ChainFinding] = []
    prev, expected = ZERO_32, 1
    for batch in LedgerBatch.objects.order_by("number").iterator():
        root, count = batch_root(batch.number, form=batch.form)
        again = batch_hash(
            number=batch.number,
            prev_hash=batch.prev_hash,
            merkle_root=batch.merkle_root,
            row_count=batch.row_count,
            form=batch.form,
            version=str(batch.version_id),
            engine=batch.engine,
            factor_set=batch.factor_set,
            bill_digest=batch.bill_digest,
            posted_by=batch.posted_by,
            posted_at=batch.posted_at,
        )
        told = {
            "chain.number": batch.number == expected,
            "chain.prev_hash": batch.prev_hash == prev,
            "chain.batch_hash": batch.batch_hash == again,
            "chain.rows": batch.row_count == count,
            "chain.root": batch.merkle_root == root,
        }
        found.extend(
            ChainFinding(batch.number, code, f"batch {batch.number}: {code.removeprefix('chain.')} does not hold")
            for code, holds in told.items()
            if not holds
        )
        prev, expected = batch.batch_hash, batch.number + 1
    return found
