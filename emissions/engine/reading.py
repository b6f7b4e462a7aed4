"""How files become lines in the database: each is read once, in pieces, and says how far it is.

CSV is parsed once: batches of normalised lines leave the parser by Arrow, and each goes into the lines and the labels.
Parquet is read by DuckDB itself, once for the lines and once for the few columns of the labels, because its dictionaries
make that quicker than any detour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from cloudtuner.errors import BillError, CloudTunerError
from emissions.billing.files import BillFile
from emissions.engine.staging import LINE_COLUMNS, label_query, line_query

# Called with (step, done, total): "rows" while a file is read and "read" in files, then "value" in steps.
Progress = Callable[[str, int, int], None]
_BATCH_ROWS = 122_880  # DuckDB's row group
_LOOK_S = 0.2
_LINE = ", ".join(LINE_COLUMNS)


def connect(work_dir: Path, *, threads: int, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """A connection that spills under `work_dir`, thinks in UTC, and never fetches an extension."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": threads,
            "memory_limit": memory_limit,
            "temp_directory": str(work_dir / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    # It keeps count of how far a query is and prints nothing.
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    return connection


def read_files(connection: duckdb.DuckDBPyConnection, files: Sequence[BillFile], tell: Progress) -> None:
    """Fills the tables `line` (every line) and `label` (each distinct rate key once or a few times)."""
    columns = ", ".join(f"{name} {kind}" for name, kind in LINE_COLUMNS.items())
    connection.execute(f"CREATE TABLE line ({columns})")
    connection.execute(f"CREATE TABLE label AS {label_query(f'({line_query(files[0], 0)})')} LIMIT 0")
    total = sum(file.rows for file in files)
    before = 0
    tell("rows", 0, total)
    for number, file in enumerate(files):
        read = _read_parquet if file.kind == "parquet" else _read_csv
        with reading(file):
            for rows in read(connection, file, number):
                tell("rows", min(before + rows, total), total)
        before += file.rows
        tell("rows", before, total)
        tell("read", number + 1, len(files))


def _read_csv(connection: duckdb.DuckDBPyConnection, file: BillFile, number: int) -> Iterator[int]:
    """Parses a file batch by batch; yields rows read so far."""
    done = 0
    # The parser runs on one connection, the filling on another: a connection has one open result.
    with connection.cursor() as filling:
        for batch in connection.sql(line_query(file, number)).to_arrow_reader(_BATCH_ROWS):
            filling.register("batch", pa.Table.from_batches([batch]))
            filling.execute(f"INSERT INTO line SELECT {_LINE} FROM batch")  # noqa: S608
            filling.execute(f"INSERT INTO label {label_query('batch')} EXCEPT SELECT * FROM label")  # noqa: S608
            filling.unregister("batch")
            done += batch.num_rows
            yield done


def _read_parquet(connection: duckdb.DuckDBPyConnection, file: BillFile, number: int) -> Iterator[int]:
    """Reads a file by one query, which is asked from here how far it is; yields rows read so far."""
    lines = line_query(file, number)
    done = 0.0
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="parquet") as pool:
        query = pool.submit(connection.execute, f"INSERT INTO line SELECT {_LINE} FROM ({lines})")  # noqa: S608
        try:
            while not wait([query], timeout=_LOOK_S).done:
                done = max(done, connection.query_progress() / 100)
                yield int(done * file.rows)
        except BaseException:
            connection.interrupt()
            raise
        query.result()
    connection.execute(f"INSERT INTO label {label_query(f'({lines})')} EXCEPT SELECT * FROM label")  # noqa: S608


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
        line = re.search(r"on Line: (\d+)", text)
        told = re.search(
            r"(Expected Number of Columns: \d+ Found: \d+|unterminated quote|not utf-8|Maximum line size[^.]*)", text
        )
        raise BillError(
            f"cannot be read to its end: {told[1] if told else text.splitlines()[0]}.",
            where=f"{file.name}, line {line[1]}" if line else file.name,
            hint="Deliver it again.",
        ) from error
