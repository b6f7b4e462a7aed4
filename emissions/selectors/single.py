"""Single rows of the ledger a page at a time, in any order, without sorting the ledger.

Series are few and rows are many. What a series knows of its rows (how many, from when to when, between which amounts) says
which of them a page can be made of; only those are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from emissions.models.ledger import BOUNDED, SERIES_KEY
from emissions.selectors.figures import LedgerFilters
from emissions.selectors.ordering import Mark, Order, stretches
from emissions.selectors.slicing import AMOUNT_COLUMNS, LISTS, LIVE_SQL, cells_sql, rows, series_sql, where_sql

SINGLE_KEYS = ("hour", "series_id", *SERIES_KEY, "provider", "period_from")
# What tells them apart. Series of one batch are numbered in the order of their names.
SINGLE_TIES = ("hour", "series_id")
_FIELDS = {column: field for field, column in LISTS.items()}
_SUM_OF = {"ug": "operational_ug + embodied_ug"}
_COLUMNS = ", ".join((*SINGLE_KEYS, *(f"{_SUM_OF.get(name, name)} AS {name}" for name in AMOUNT_COLUMNS)))
Rows = list[tuple[Any, ...]]


def single_sql(filters: LedgerFilters) -> tuple[str, list[Any]]:
    """The single rows that are there now under the filters: SINGLE_KEYS, then AMOUNT_COLUMNS."""
    where, values = where_sql(filters)
    return f"SELECT {_COLUMNS} FROM {cells_sql(filters, finest='hour')} WHERE {where}", values  # noqa: S608


def single_rows(filters: LedgerFilters, order: Order, limit: int) -> Rows:
    """The first rows after the order's mark."""
    if order.column in BOUNDED:
        found, rest = _alike(filters, order, limit)
        return found if len(found) >= limit else found + _beyond(filters, rest, limit - len(found))
    found = []
    for cut in _by_name(filters, order, limit) if order.column in _FIELDS else _by_time(filters, order, limit):
        found += _read(cut, order, limit - len(found))
        if len(found) >= limit:
            break
    return found


def _read(filters: LedgerFilters, order: Order, limit: int, more: str = "", bounds: Sequence[int] = ()) -> Rows:
    """The first rows after the mark. Only what is sorted by is sorted; the rest is fetched for the rows of the page."""
    where, values = where_sql(filters)
    narrow = (
        f"SELECT series_id, hour, {_SUM_OF.get(order.column, order.column)} AS value "  # noqa: S608
        f"FROM {cells_sql(filters, finest='hour')} WHERE {where} {more}"
    )
    by_value = replace(order, column="value")
    page, values = by_value.sql(narrow, [*values, *bounds], limit)
    return rows(
        f"SELECT {_COLUMNS} FROM ({page}) page JOIN emissions_ledgerhour USING (series_id, hour) "  # noqa: S608
        f"JOIN emissions_ledgerseries ON id = series_id ORDER BY {by_value.by}",
        values,
    )


def _by_time(filters: LedgerFilters, order: Order, limit: int) -> Iterator[LedgerFilters]:
    """The filters in stretches of time, in the order of reading."""
    where, values = series_sql(filters)
    ((count, first, last),) = rows(
        f"SELECT SUM(row_count), MIN(hour_from), MAX(hour_through) FROM ({LIVE_SQL}) live WHERE {where}",  # noqa: S608
        values,
    )
    if count:
        yield from _cuts(filters, (first, last), _width(limit, count, first, last), order.mark, descending=order.descending)


def _by_name(filters: LedgerFilters, order: Order, limit: int) -> Iterator[LedgerFilters]:
    """The filters by one name after the other, each in stretches of time."""
    where, values = series_sql(filters)
    if order.mark:
        where += f" AND {order.column} {'<=' if order.descending else '>='} %s"
        values.append(order.mark.value)
    told = rows(
        f"SELECT {order.column}, SUM(row_count), MIN(hour_from), MAX(hour_through) FROM ({LIVE_SQL}) live "  # noqa: S608
        f"WHERE {where} GROUP BY 1 ORDER BY 1 {'DESC' if order.descending else ''}",
        values,
    )
    for label, count, first, last in told:
        here = replace(filters, **{_FIELDS[order.column]: (label,)})  # type: ignore[arg-type] # text fields only
        mark = order.mark if order.mark and order.mark.value == label else None
        yield from _cuts(here, (first, last), _width(limit, count, first, last), mark)


def _width(limit: int, count: int, first: int, last: int) -> int:
    """As many hours as have twice the rows that are wanted, were `count` of them spread evenly from first to last."""
    return 1 + 2 * limit * (last - first + 1) // int(count)


def _cuts(
    filters: LedgerFilters, span: tuple[int, int], width: int, mark: Mark | None, *, descending: bool = False
) -> Iterator[LedgerFilters]:
    low = span[0] if filters.hour_from is None else max(span[0], filters.hour_from)
    high = span[1] if filters.hour_through is None else min(span[1], filters.hour_through)
    if mark:
        hour = mark.ties[0]
        low, high = (low, min(high, hour)) if descending else (max(low, hour), high)
    for begin, end in stretches(low, high, width=width, widest=1 << 20, descending=descending):
        yield replace(filters, hour_from=begin, hour_through=end)


def _edges(order: Order) -> tuple[str, str]:
    """The bounds of a series by an amount: where it begins in this order, and where it ends."""
    place = BOUNDED.index(order.column) + 1
    return (f"most[{place}]", f"least[{place}]") if order.descending else (f"least[{place}]", f"most[{place}]")


def _alike(filters: LedgerFilters, order: Order, limit: int) -> tuple[Rows, Order]:
    """The rows that equal the mark, or the first of all, hour after hour; and the order of the rest.

    Only where whole series have that one amount (a line an hour, no cost): rows that are alike are too many to sort.
    """
    near, far = _edges(order)
    begins, back = ("MAX", ">") if order.descending else ("MIN", "<")
    where, values = series_sql(filters)
    ((value, count, first, last),) = rows(
        f"WITH live AS (SELECT * FROM ({LIVE_SQL}) live WHERE {where}), "  # noqa: S608
        f"told AS MATERIALIZED (SELECT {'%s::bigint AS value' if order.mark else f'{begins}({near}) AS value FROM live'}) "
        f"SELECT MAX(value), SUM(row_count) FILTER (WHERE {near} = {far}), MIN(hour_from), MAX(hour_through) "
        f"FROM live, told WHERE {near} {back}= value AND value {back}= {far}",
        [*values, *([order.mark.value] if order.mark else [])],
    )
    if not count:
        return [], order
    more = f"AND {near} {back}= %s AND %s {back}= {far} AND {_SUM_OF.get(order.column, order.column)} = %s"
    found: Rows = []
    for cut in _cuts(filters, (first, last), _width(limit, count, first, last), order.mark):
        found += _read(cut, order, limit - len(found), more, [value] * 3)
        if len(found) >= limit:
            break
    return found, replace(order, mark=Mark(value, ()))


def _beyond(filters: LedgerFilters, order: Order, limit: int) -> Rows:
    """The rows after the mark, only of series whose bounds reach between it and the last row of the page.

    Of every series one amount after the mark is known to be there, its nearest bound. With `limit` of those, the page ends
    at the last of them or before; series that lie wholly beyond it are not read.
    """
    near, far = _edges(order)
    beyond, back = ("<", ">") if order.descending else (">", "<")
    value = _SUM_OF.get(order.column, order.column)
    mark = [order.mark.value] * 2 if order.mark else []
    known = f"CASE WHEN {near} {beyond} %s THEN {near} WHEN {far} {beyond} %s THEN {far} END" if mark else near
    where, values = series_sql(filters)
    # A series that is only partly meant may have its bounds elsewhere: it is read, but promises nothing.
    for sign, edge, hour in ((">=", "hour_from", filters.hour_from), ("<=", "hour_through", filters.hour_through)):
        if hour is not None:
            where += f" AND {edge} {sign} %s"
            values.append(hour)
    ends = rows(
        f"SELECT known FROM (SELECT {known} AS known FROM ({LIVE_SQL}) live WHERE {where}) told WHERE known IS NOT NULL "  # noqa: S608
        f"ORDER BY 1 {'DESC' if order.descending else ''} OFFSET {int(limit) - 1} LIMIT 1",
        [*mark, *values],
    )
    more = f"AND {far} {beyond}= %s AND {value} {beyond}= %s " if mark else ""
    if ends:
        more += f"AND {near} {back}= %s AND {value} {back}= %s"
    return _read(filters, order, limit, more, [*mark, *[end for (end,) in ends for _ in range(2)]])
