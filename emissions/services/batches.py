"""The chain of ledger batches: each covers its series and rows by a root and the batch before it by its hash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import connection

from emissions.models import LedgerBatch
from emissions.models.ledger import SERIES_KEY
from emissions.poce.canonical import jcs
from emissions.poce.hexes import ZERO_32, to_hex
from emissions.poce.merkle import StandardTree, hash_twice
from emissions.services.copying import BINARY_END, BINARY_HEAD
from emissions.services.series import FIGURES

PAGE_ROWS = 256
_SERIES = (
    *("id", "reverses_id", "provider", "period_from", *SERIES_KEY),
    *("row_count", "hour_from", "hour_through", "daily", "least", "most"),
)
# Two bytes that count the fields; of each field four bytes of length, and four or eight of figures.
_ROW_BYTES = 2 + 4 * len(FIGURES) + 4 * 3 + 8 * (len(FIGURES) - 3)
_PAGE_BYTES = PAGE_ROWS * _ROW_BYTES


class Leaves:
    """The leaves of a batch's Merkle root, hashed as its rows come: a ledger of millions of rows is never in memory.

    A leaf is the double hash of a page: up to PAGE_ROWS rows by series and hour, each as in PostgreSQL's COPY binary form,
    or up to PAGE_ROWS series in the order of their numbers, each as its line in COPY's text form. Anyone with a dump can
    check it, and a row is shown to be there with its page and its series' page.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._hashes: list[bytes] = []
        self._rest = b""

    def add(self, block: bytes | bytearray) -> None:
        """Takes the next rows, whole ones."""
        self.rows += len(block) // _ROW_BYTES
        waiting = memoryview(self._rest + block if self._rest else block)
        whole = len(waiting) - len(waiting) % _PAGE_BYTES
        self._hashes += hash_twice(waiting[start : start + _PAGE_BYTES] for start in range(0, whole, _PAGE_BYTES))
        self._rest = bytes(waiting[whole:])

    def root(self, *, after: int, through: int) -> str:
        """The root over the rows that came and the series `after + 1 … through`, from the table; zero for none."""
        rest = [self._rest] if self._rest else []
        hashes = [*self._hashes, *hash_twice([*rest, *_series_pages(after, through)])]
        return StandardTree.from_hashes(hashes).root if hashes else ZERO_32


def batch_root(*, after: int, through: int) -> tuple[str, int]:
    """The root over the series `after + 1 … through` and their rows as they stand in the tables, and the count of rows."""
    leaves = Leaves()
    for block in rows_stored(after=after, through=through):
        leaves.add(block)
    return leaves.root(after=after, through=through), leaves.rows


def rows_stored(*, after: int, through: int) -> Iterator[bytes]:
    """The rows of some series as PostgreSQL writes them in COPY's binary form, in blocks of whole rows."""
    query = (
        f"COPY (SELECT {', '.join(FIGURES)} FROM emissions_ledgerhour "  # noqa: S608
        f"WHERE series_id > {int(after)} AND series_id <= {int(through)} ORDER BY series_id, hour) TO STDOUT (FORMAT binary)"
    )
    rest, skip = bytearray(), len(BINARY_HEAD)
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for part in copy:
            rest += part
            if len(rest) < 1 << 20:
                continue
            whole = skip + (len(rest) - skip) // _ROW_BYTES * _ROW_BYTES
            yield bytes(rest[skip:whole])
            del rest[:whole]
            skip = 0
    yield bytes(rest[skip : len(rest) - len(BINARY_END)])


def _series_pages(after: int, through: int) -> Iterator[bytes]:
    query = (
        f"COPY (SELECT {', '.join(_SERIES)} FROM emissions_ledgerseries "  # noqa: S608
        f"WHERE id > {int(after)} AND id <= {int(through)} ORDER BY id) TO STDOUT"
    )
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        lines = b"".join(bytes(part) for part in copy).split(b"\n")[:-1]
    for start in range(0, len(lines), PAGE_ROWS):
        yield b"\n".join(lines[start : start + PAGE_ROWS])


def batch_hash(
    *,
    number: int,
    prev_hash: str,
    merkle_root: str,
    row_count: int,
    series_through: int,
    version: str,
    engine: str,
    factor_set: str,
    bill_digest: str,
    posted_by: str,
    posted_at: datetime,
) -> str:
    """The hash of a batch: sha256 of the JCS of everything its row says."""
    value: dict[str, object] = {
        "number": number,
        "prev_hash": prev_hash,
        "merkle_root": merkle_root,
        "row_count": row_count,
        "series_through": series_through,
        "version": version,
        "engine": engine,
        "factor_set": factor_set,
        "bill_digest": bill_digest,
        "posted_by": posted_by,
        "posted_at": posted_at.isoformat(timespec="microseconds"),
    }
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
    prev, expected, after = ZERO_32, 1, 0
    for batch in LedgerBatch.objects.order_by("number").iterator():
        root, count = batch_root(after=after, through=batch.series_through)
        again = batch_hash(
            number=batch.number,
            prev_hash=batch.prev_hash,
            merkle_root=batch.merkle_root,
            row_count=batch.row_count,
            series_through=batch.series_through,
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
        prev, expected, after = batch.batch_hash, batch.number + 1, batch.series_through
    return found
