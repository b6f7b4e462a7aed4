"""A version's estimated hours as the ledger takes them: a series per row key, and the rows of each in the order of hours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cloudtuner.errors import BillError
from emissions.models.ledger import BOUNDED, MEASURES, SERIES_KEY
from emissions.selectors.months import month_of

FIGURES = ("series_id", "hour", *MEASURES)
_FIGURES_SCHEMA = pa.schema([(name, pa.int32() if name in ("series_id", "hour", "lines") else pa.int64()) for name in FIGURES])
# Rows of one COPY. PostgreSQL keeps them in memory for the trigger while they fit its work_mem, 4 MB unless set.
_BLOCK_ROWS = 1 << 15
# What tells whether something is billed by the day: one thing may have lines of several qualities.
_USE = ("account", "region", "service", "category")
# A calendar month has at most 744 hours, so no sum over one leaves 64 bits.
_MOST = 2**63 // 1024


@dataclass(frozen=True)
class Stated:
    """The hours of a bill by series. `series` stand in the order of SERIES_KEY; `place` says which one each row is of."""

    series: pa.Table
    rows: pa.RecordBatch
    place: pa.Array

    def blocks(self, first: int) -> Iterator[pa.RecordBatch]:
        """The rows by series and hour, as FIGURES, the first series numbered `first`."""
        # One number to sort by is twice as fast as two columns.
        order = pc.sort_indices(pc.add(pc.shift_left(self.place, 32), self.rows["hour"]))
        for start in range(0, len(order), _BLOCK_ROWS):
            here = order.slice(start, _BLOCK_ROWS)
            yield _figures(self.rows.take(here), pc.add(self.place.take(here), first))

    def days(self, first: int) -> pa.RecordBatch:
        """The rows summed by UTC day, as FIGURES; `hour` is the first of the day."""
        return self._sums(_first_of_day(self.rows["hour"]), first)

    def months(self, first: int) -> pa.RecordBatch:
        """The rows summed by calendar month, as FIGURES; `hour` is the first of the month."""
        return self._sums(_first_of_month(self.rows["hour"]), first)

    def _sums(self, begin: pa.Array, first: int) -> pa.RecordBatch:
        cells = pa.table([self.place, begin, *(self.rows[name] for name in MEASURES)], ["place", "hour", *MEASURES])
        found = cells.group_by(["place", "hour"]).aggregate([(name, "sum") for name in MEASURES])
        found = found.rename_columns([name.removesuffix("_sum") for name in found.column_names])
        batch = _one_batch(found.sort_by([("place", "ascending"), ("hour", "ascending")]))
        return _figures(batch, pc.add(batch["place"], first))

    def account_days(self) -> pa.Table:
        """Which hours of each account's days have rows: account, `hour` (the first of the day), `hours` as 24 bits, and `ug`
        of each hour without what is billed by the day, as PostgreSQL writes an array.
        """
        names = self.series["account"].combine_chunks().dictionary_encode()
        daily = pc.equal(self.series["daily"].combine_chunks(), "t").take(self.place)
        ug = pc.if_else(daily, None, pc.add(self.rows["operational_ug"], self.rows["embodied_ug"]))
        cells = pa.table([names.indices.take(self.place), self.rows["hour"], ug], ["account", "hour", "ug"])
        found: dict[tuple[int, int], list[str]] = {}
        bits: Counter[tuple[int, int]] = Counter()
        # Sums of nothing but NULL are NULL: such an hour has a bit and no figure.
        for row in cells.group_by(["account", "hour"]).aggregate([("ug", "sum")]).to_pylist():
            at = row["hour"] % 24
            day = row["account"], row["hour"] - at
            bits[day] += 1 << at
            found.setdefault(day, ["NULL"] * 24)[at] = "NULL" if row["ug_sum"] is None else str(row["ug_sum"])
        days = sorted(found)
        return pa.table(
            {
                "account": names.dictionary.take(pa.array([account for account, _ in days], pa.int32())),
                "hour": pa.array([hour for _, hour in days], pa.int64()),
                "hours": pa.array([bits[day] for day in days], pa.int64()),
                "ug": pa.array(["{" + ",".join(found[day]) + "}" for day in days], pa.string()),
            }
        )


def stated(hours: pa.Table) -> Stated:
    """The hours by series. Raises BillError where a sum by month might not fit its column."""
    rows = _one_batch(hours.select(["hour", *MEASURES]))
    bounds = [pc.min_max(rows[name]).as_py() for name in MEASURES] if rows.num_rows else []
    if any(max(-told["min"], told["max"]) >= _MOST for told in bounds) or (pc.sum(rows["lines"]).as_py() or 0) >= 2**31:
        raise BillError("the bill's sums by month do not fit 64 bits, or its lines 31.", code="bill.too_large")
    keys, place = _keys(hours)
    ug = pc.add(rows["operational_ug"], rows["embodied_ug"])
    begins = pc.equal(_first_of_day(rows["hour"]), rows["hour"])
    columns = [place, rows["hour"], begins, ug, *(rows[name] for name in BOUNDED[1:])]
    cells = pa.table(columns, ["place", "hour", "begins", *BOUNDED])
    ranges = [(name, bound) for name in ("hour", *BOUNDED) for bound in ("min", "max")]
    found = cells.group_by("place").aggregate([("hour", "count"), ("begins", "all"), *ranges]).sort_by("place")
    return Stated(
        series=keys.append_column("row_count", found["hour_count"])
        .append_column("hour_from", found["hour_min"])
        .append_column("hour_through", found["hour_max"])
        .append_column("daily", _daily(keys, found["begins_all"]))
        .append_column("least", _array_text([found[f"{name}_min"] for name in BOUNDED]))
        .append_column("most", _array_text([found[f"{name}_max"] for name in BOUNDED])),
        rows=rows,
        place=place,
    )


def _daily(keys: pa.Table, begins: pa.ChunkedArray) -> pa.Array:
    """Of each series, as "t" or "f", whether all rows of its use begin a day, whatever their quality or basis."""
    uses = list(zip(*(keys[name].to_pylist() for name in _USE), strict=True))
    hourly = {use for use, alone in zip(uses, begins.to_pylist(), strict=True) if not alone}
    return pa.array(["f" if use in hourly else "t" for use in uses], pa.string())


def _keys(hours: pa.Table) -> tuple[pa.Table, pa.Array]:
    """The distinct values of SERIES_KEY in their order, and the place of each row's in them.

    Every text is a number, its rank; the ranks of a row make one number, in which the first column weighs most.
    """
    code = pa.repeat(pa.scalar(0, pa.int64()), hours.num_rows)
    texts = []
    for name in SERIES_KEY:
        column = _numbered(hours[name])
        order = pc.sort_indices(column.dictionary)
        rank = pc.cast(pc.sort_indices(order), pa.int64())
        code = pc.add_checked(pc.multiply_checked(code, max(1, len(order))), rank.take(column.indices))
        texts.append(column.dictionary.take(order))
    there = pc.unique(code).sort()
    place = pc.cast(pc.index_in(code, there), pa.int64())
    columns = []
    for names in reversed(texts):
        above = pc.divide(there, max(1, len(names)))
        columns.append(names.take(pc.subtract(there, pc.multiply(above, max(1, len(names))))))
        there = above
    return pa.table(list(reversed(columns)), list(SERIES_KEY)), place


def _numbered(column: pa.ChunkedArray) -> pa.DictionaryArray:
    whole = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return whole.combine_chunks()


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    """The table in one piece: rows are taken from it by number, which in many pieces means a search for each."""
    return pa.RecordBatch.from_arrays([column.combine_chunks() for column in table.columns], names=table.column_names)


def _figures(rows: pa.RecordBatch, series_id: pa.Array) -> pa.RecordBatch:
    columns = [series_id, *(rows[name] for name in FIGURES[1:])]
    return pa.RecordBatch.from_arrays(
        [pc.cast(column, kind.type) for column, kind in zip(columns, _FIGURES_SCHEMA, strict=True)], schema=_FIGURES_SCHEMA
    )


def _array_text(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Columns side by side as PostgreSQL writes an array of integers."""
    inside = pc.binary_join_element_wise(*(pc.cast(column, pa.string()) for column in columns), ",")
    return pc.binary_join_element_wise("{", inside, "}", "")


def _first_of_day(hour: pa.Array) -> pa.Array:
    return pc.multiply(pc.divide(hour, 24), 24)


def _first_of_month(hour: pa.Array) -> pa.Array:
    """The first hour of each hour's calendar month. Bills have few days, so each is looked up once."""
    days = _first_of_day(hour).dictionary_encode()
    starts = pa.array([month_of(day)[0] for day in days.dictionary.to_pylist()], pa.int64())
    return starts.take(days.indices)
