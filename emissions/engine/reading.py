"""How a bill's files are read by DuckDB: the connection, how far a query is, and what a complaint means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

import duckdb
import pyarrow as pa

from cloudtuner.errors import BillError, CloudTunerError, ConfigurationError
from emissions.billing.files import BillFile

# Called with (step, done, total): "rows" while a file is read and "read" in files, then "value" in steps.
Progress = Callable[[str, int, int], None]
_LOOK_S = 0.2

T = TypeVar("T")


def connect(work_dir: Path, *, threads: int, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A connection that spills under `work_dir`, thinks in UTC, and never fetches an extension.

    Raises ConfigurationError for a memory limit that is none.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "memory_limit": memory_limit,
        "temp_directory": str(work_dir / "spill"),
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
    }
    try:
        connection = duckdb.connect(":memory:", config=config)
    except (duckdb.ParserException, duckdb.InvalidInputException) as error:
        raise ConfigurationError(
            f"the memory limit {memory_limit!r} is none ({str(error).splitlines()[0]}).",
            code="engine.memory_limit",
            hint="Write a number and a unit, as in 2GiB.",
        ) from error
    connection.execute("SET TimeZone = 'UTC'")
    # Every slice asks the same files again for their row groups.
    connection.execute("SET parquet_metadata_cache = true")
    # It keeps count of how far a query is and prints nothing.
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    return connection


def following(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[float]:
    """Runs a query and yields, every now and then, which share of it is done."""
    done = 0.0
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="query") as pool:
        running = pool.submit(connection.execute, query)
        try:
            while not wait([running], timeout=_LOOK_S).done:
                done = max(done, connection.query_progress() / 100)
                yield done
        except BaseException:
            connection.interrupt()
            raise
        running.result()


class Running(Generic[T]):
    """Pieces of work that have been started: goes over what each comes to, in their order. To be stopped in any case."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, threads: int, work: Sequence[Callable[[duckdb.DuckDBPyConnection], T]]
    ) -> None:
        members = max(1, min(threads, len(work)))
        self._connection, self._threads = connection, threads
        connection.execute(f"SET threads = {1 if members > 1 else threads}")
        self._cursors = tuple(connection.cursor() for _ in range(members))
        self._free = list(self._cursors)
        self._pool = ThreadPoolExecutor(max_workers=members, thread_name_prefix="piece")
        self._pieces: list[Future[T]] = [self._pool.submit(self._done, piece) for piece in work]

    def _done(self, piece: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        cursor = self._free.pop()
        try:
            return piece(cursor)
        finally:
            self._free.append(cursor)

    def __iter__(self) -> Iterator[T]:
        try:
            yield from (piece.result() for piece in self._pieces)
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends what still runs. Afterwards the connection has all the cores again."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        # Told again and again: a piece that is between two queries does not hear it.
        while wait([piece for piece in self._pieces if not piece.cancelled()], timeout=_LOOK_S).not_done:
            for cursor in self._cursors:
                cursor.interrupt()
        for cursor in self._cursors:
            cursor.close()
        self._connection.execute(f"SET threads = {self._threads}")


class Team:
    """Pieces of work done at the same time, each on one core with a cursor of its own.

    A core that has a piece to itself does it in three quarters of the time that cores take which share one: nothing is
    divided and put together again. Cursors see the tables of the connection, but not its temporary ones.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, threads: int) -> None:
        self.connection = connection
        self.threads = threads

    def start(self, work: Sequence[Callable[[duckdb.DuckDBPyConnection], T]]) -> Running[T]:
        """Begins pieces of work, to go on beside other work. A single piece has all the cores."""
        return Running(self.connection, self.threads, work)

    def each(self, work: Sequence[Callable[[duckdb.DuckDBPyConnection], T]]) -> Iterator[T]:
        """What each piece comes to, in their order."""
        yield from self.start(work)


@contextmanager
def reading(file: BillFile) -> Iterator[None]:
    """Turns the engine's complaint about a file into ours, with file and line."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise CloudTunerError("the memory limit is too low for this bill.", code="engine.memory", where=file.name) from error
    # Batches leave by Arrow, whose errors carry the parser's words.
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        text = str(error)
        if "Out of Memory" in text:
            raise CloudTunerError("the memory limit is too low for this bill.", code="engine.memory", where=file.name) from error
        if "No space left on device" in text:
            raise CloudTunerError(
                "there is no room for what does not fit in memory.",
                code="engine.disk",
                where=file.name,
                hint="Free some space where temporary files go (TMPDIR).",
            ) from error
        line = re.search(r"on Line: (\d+)", text)
        # Of JSON lines the reader tells the one after the broken one.
        after = re.search(r"Malformed JSON .* in line (\d+)", text)
        number = int(line[1]) if line else int(after[1]) - 1 if after else 0
        told = re.search(
            r"(Malformed JSON|Expected Number of Columns: \d+ Found: \d+|unterminated quote|not utf-8|Maximum line size[^.]*)",
            text,
        )
        raise BillError(
            f"cannot be read to its end: {told[1] if told else text.splitlines()[0]}.",
            where=f"{file.name}, line {number}" if number else file.name,
            hint="Deliver it again.",
        ) from error
