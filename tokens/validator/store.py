"""What a validator must never forget: what it signed, and what it verified already. One SQLite file.

The vote is written, with its unique (epoch, set_id), before the signature exists: two processes with the same file,
or one that dies at any moment, cannot sign two headers of one epoch and set, for which the contract takes the stake.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from emissions.poce.live import LiveReport

_SCHEMA = """
CREATE TABLE IF NOT EXISTS votes (
    epoch INTEGER NOT NULL, set_id INTEGER NOT NULL, digest TEXT NOT NULL,
    recorded_at TEXT NOT NULL DEFAULT (datetime('now')), PRIMARY KEY (epoch, set_id)
) STRICT;
CREATE TABLE IF NOT EXISTS round_votes (
    round INTEGER NOT NULL, set_id INTEGER NOT NULL, digest TEXT NOT NULL,
    recorded_at TEXT NOT NULL DEFAULT (datetime('now')), PRIMARY KEY (round, set_id)
) STRICT;
CREATE TABLE IF NOT EXISTS vetoed_round_votes (
    digest TEXT PRIMARY KEY, round INTEGER NOT NULL, set_id INTEGER NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS verified_reports (
    report_hash TEXT PRIMARY KEY, node TEXT NOT NULL, seq INTEGER NOT NULL, hour_from INTEGER NOT NULL,
    hour_through INTEGER NOT NULL, ug TEXT NOT NULL, level INTEGER NOT NULL, work_uwh TEXT NOT NULL,
    scored_ug TEXT NOT NULL, coverage_bp INTEGER NOT NULL, factor_set TEXT NOT NULL, engine TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS bundles (data_hash TEXT PRIMARY KEY, epoch INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
"""


# The columns of a verified report, which are the fields of LiveReport; amounts may exceed what SQLite's integers hold.
_FIELDS = tuple(LiveReport.__dataclass_fields__)
_TEXTS = ("ug", "work_uwh", "scored_ug")


class Store:
    """The validator's memory of one chain. Opened per use, so that it has no thread and no state beyond the file.

    A development chain that starts anew has the same id and contracts, but another genesis, and so another file.
    """

    def __init__(self, data_dir: Path, *, genesis_hash: str) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self._path = data_dir / f"validator-{genesis_hash[2:18]}.sqlite3"
        with self._open() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.executescript(_SCHEMA)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self._path, timeout=10)
        try:
            # FULL: a vote is on the disk before it is signed, also when the machine loses power.
            database.execute("PRAGMA synchronous=FULL")
            with database:
                yield database
        finally:
            database.close()

    def claim_vote(self, epoch: int, set_id: int, digest: str) -> bool:
        """Records that this digest is the one to sign for the epoch and set; False when it is another one already."""
        return self._claim("votes", "epoch", (epoch, set_id, digest))

    def vote(self, epoch: int, set_id: int) -> str | None:
        """The digest that was recorded for the epoch and set."""
        return self._claimed("votes", "epoch", (epoch, set_id))

    def claim_round_vote(self, round_: int, set_id: int, digest: str) -> bool:
        """Records that this digest is the one to sign for the airdrop round and set; False when it is another one already."""
        return self._claim("round_votes", "round", (round_, set_id, digest))

    def round_vote(self, round_: int, set_id: int) -> str | None:
        """The digest that was recorded for the airdrop round and set."""
        return self._claimed("round_votes", "round", (round_, set_id))

    def lay_aside_round_vote(self, round_: int, set_id: int, digest: str) -> None:
        """Notes that the chain vetoed the round of this digest, which can never count again: another may be signed."""
        told = (round_, set_id, digest)
        same = "FROM round_votes WHERE round = ? AND set_id = ? AND digest = ?"
        with self._open() as database:
            moved = f"INSERT INTO vetoed_round_votes SELECT digest, round, set_id, recorded_at {same} ON CONFLICT DO NOTHING"
            database.execute(moved, told)
            database.execute(f"DELETE {same}", told)

    def _claim(self, table: str, number: str, told: tuple[int, int, str]) -> bool:
        with self._open() as database:
            database.execute(f"INSERT INTO {table} ({number}, set_id, digest) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", told)  # noqa: S608
        return self._claimed(table, number, told[:2]) == told[2]

    def _claimed(self, table: str, number: str, told: tuple[int, int]) -> str | None:
        with self._open() as database:
            row = database.execute(f"SELECT digest FROM {table} WHERE {number} = ? AND set_id = ?", told).fetchone()  # noqa: S608
        return str(row[0]) if row else None

    def verified(self, node: str, hashes: Iterable[str]) -> dict[str, LiveReport]:
        """Of these reports, those of the node that were verified before."""
        wanted = set(hashes)
        with self._open() as database:
            rows = database.execute(f"SELECT {', '.join(_FIELDS)} FROM verified_reports WHERE node = ?", (node,)).fetchall()  # noqa: S608
        told = [dict(zip(_FIELDS, row, strict=True)) for row in rows if row[0] in wanted]
        return {row["report_hash"]: LiveReport(**row | {name: int(row[name]) for name in _TEXTS}) for row in told}

    def remember(self, node: str, report: LiveReport) -> None:
        """Keeps what a verified report says, so that it is fetched and recomputed once only."""
        row = asdict(report) | {name: str(getattr(report, name)) for name in _TEXTS} | {"node": node}
        places = ", ".join(f":{name}" for name in row)
        with self._open() as database:
            database.execute(f"INSERT INTO verified_reports ({', '.join(row)}) VALUES ({places}) ON CONFLICT DO NOTHING", row)  # noqa: S608

    def bundle(self, data_hash: str) -> bytes | None:
        with self._open() as database:
            row = database.execute("SELECT bytes FROM bundles WHERE data_hash = ?", (data_hash,)).fetchone()
        return bytes(row[0]) if row else None

    def keep_bundle(self, data_hash: str, epoch: int, data: bytes) -> None:
        """Keeps the bytes of a bundle, or of a round's list, under their hash."""
        with self._open() as database:
            database.execute("INSERT INTO bundles VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (data_hash, epoch, data))
