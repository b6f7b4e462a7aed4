"""The hourly rows of a bill: its lines, valued and added up per hour and place.

Lines that lie close together are counted, the others are grouped; both give the same rows in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

from cloudtuner.errors import BillError
from emissions.engine.counting import BATCH, SUMMED, Grid, Integers, count
from emissions.engine.facts import LABELS, sums_sql, values_sql
from emissions.engine.kept import Kept, whole
from emissions.engine.reading import Progress, reading
from emissions.engine.results import HOURS_SCHEMA, numbered
from emissions.engine.slices import Slice
from emissions.engine.workings import Workings

# Told every quarter of a million lines.
_BATCHES_A_STEP = 16


def hours_of(workings: Workings, tell: Progress, kept: Kept) -> pa.Table:
    """The hourly rows under the card that lies there, in order of hour and place; tells steps of "value".

    With a folder in `kept` they are grouped slice by slice, and each slice is kept. Raises BillError `bill.too_large` for
    sums that do not fit 64 bits.
    """
    places = workings.connection.sql("SELECT * FROM place ORDER BY place").to_arrow_table().combine_chunks()
    named = pa.table({name: numbered(places[name]) for name in LABELS})
    span = workings.span()
    if span is not None and workings.plain and kept.folder is None:
        first, last = span
        grid = Grid(first, last - first + 1, places.num_rows)
        if grid.suits(workings.totals()[0]):
            return _counted(workings, grid, named, tell)
    return _grouped(workings, named, tell, kept)


def _counted(workings: Workings, grid: Grid, places: pa.Table, tell: Progress) -> pa.Table:
    """By counting, in one reading of the files."""
    steps = 1 + -(-sum(file.rows for file in workings.files) // (BATCH * _BATCHES_A_STEP))

    def told(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(batches, start=1):
            yield batch
            step, rest = divmod(number, _BATCHES_A_STEP)
            if rest == 0 and step + 1 < steps:
                tell("value", step + 1, steps)

    tell("value", 1, steps)
    workings.connection.execute(f"CREATE OR REPLACE TEMP VIEW line AS {workings.numbered(Slice())}")
    with reading(workings.files[0]):
        found = list(count(told(workings.connection.sql(values_sql()).to_arrow_reader(BATCH)), grid))
    tell("value", steps, steps)
    return pa.concat_tables([_named(part.sums | {"hour": part.hour}, part.place, places) for part in found])


def _grouped(workings: Workings, places: pa.Table, tell: Progress, kept: Kept) -> pa.Table:
    """By the query, slice by slice."""
    slices = workings.slices
    work = [
        partial(_slice_once, workings, cut, places, kept.path(f"hours-{number}-of-{len(slices)}.parquet"))
        for number, cut in enumerate(slices)
    ]
    tell("value", 1, len(slices) + 1)
    found = []
    for rows in workings.team.each(work):
        found.append(rows)
        tell("value", len(found) + 1, len(slices) + 1)
    return pa.concat_tables(found)


def _slice_once(workings: Workings, cut: Slice, places: pa.Table, path: Path | None, cursor: DuckDBPyConnection) -> pa.Table:
    if path is None:
        return _slice(workings, cut, places, cursor)
    if path.exists():
        return pq.read_table(path)
    with whole(path) as beside:
        rows = _slice(workings, cut, places, cursor)
        pq.write_table(rows, beside)
    return rows


def _slice(workings: Workings, cut: Slice, places: pa.Table, cursor: DuckDBPyConnection) -> pa.Table:
    cursor.execute(f"CREATE OR REPLACE TEMP VIEW line AS {workings.numbered(cut)}")
    with reading(workings.files[0]):
        sums = cursor.sql(sums_sql(plain=workings.plain)).to_arrow_table()
    try:
        return _named({name: sums[name].cast(pa.int64()) for name in (*SUMMED, "hour", "lines")}, sums["place"], places)
    except pa.ArrowInvalid as error:
        raise BillError("the bill's sums do not fit 64 bits.", code="bill.too_large") from error


def _named(sums: Mapping[str, Integers | pa.ChunkedArray], place: Integers | pa.ChunkedArray, places: pa.Table) -> pa.Table:
    """Hourly rows with their names: joined in the query, six texts a row would be sorted along."""
    named = places.take(pc.subtract(place, 1))
    columns = {name: named[name] for name in LABELS} | dict(sums)
    return pa.table([columns[name] for name in HOURS_SCHEMA.names], schema=HOURS_SCHEMA)
