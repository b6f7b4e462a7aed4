"""The ledger explorer: any page of it and its totals, under the same filters."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cloudtuner.errors import ServiceError
from emissions.models import AccountPeriod
from emissions.selectors.dashboard import ledger_hours, ledger_span
from emissions.selectors.figures import Amount, LedgerChoices, LedgerFilters, LedgerPage, LedgerRow
from emissions.selectors.months import month_of
from emissions.selectors.slicing import (
    AMOUNT_COLUMNS,
    AMOUNT_SQL,
    LIVE_ROWS_SQL,
    MONTH_SQL,
    amount,
    live_sql,
    rows,
    source_table,
    where_sql,
)

TIMES = {"hour": ("hour", 1), "day": ("hour - hour %% 24", 24), "month": (MONTH_SQL, 0)}
_COLUMNS = ("account", "region", "service", "category", "quality", "basis")
GROUPS = (*TIMES, *_COLUMNS)
ALL_COLUMNS = ("hour", *_COLUMNS)
SORTS = {
    "hour": "hour",
    "ug": "ug",
    "operational": "operational_ug",
    "embodied": "embodied_ug",
    "energy": "energy_uwh",
    "water": "water_ul",
    "lines": "lines",
    "cost": "cost_micro",
    **{name: name for name in _COLUMNS},
}
MAX_LIMIT = 1000
_MAX_WINDOW = 24 * 7


def ledger_totals(filters: LedgerFilters) -> Amount:
    """The sum of everything that the filters leave."""
    where, values = where_sql(filters)
    (row,) = rows(f"SELECT {AMOUNT_SQL} FROM {source_table(filters)} WHERE {where}", values)  # noqa: S608
    return amount(row)


def ledger_page(
    filters: LedgerFilters, *, group_by: Sequence[str] = (), sort: str = "-hour", cursor: str = "", limit: int = 50
) -> LedgerPage:
    """A page of rows, grouped by up to three of GROUPS (none: by every column of the row key).

    `sort` is one of SORTS with an optional minus; what the grouping folds away cannot be sorted by. Raises ServiceError
    (`ledger.group`, `ledger.sort`, `ledger.cursor`) for anything else.
    """
    groups = checked_groups(group_by)
    time = next((name for name in groups if name in TIMES), None)
    descending, order = sort.startswith("-"), SORTS.get(sort.removeprefix("-"), "")
    keys = row_keys(groups)
    if order not in (*keys, *AMOUNT_COLUMNS):
        if order != "hour":
            raise ServiceError(f"cannot sort by {sort!r} here.", code="ledger.sort", hint=f"Sort by one of {', '.join(SORTS)}.")
        descending, order = True, "ug"
    after, after_values, at = _after(cursor, order=order, descending=descending, keys=keys, sort=sort, groups=groups)
    size = min(max(1, limit), MAX_LIMIT)
    found: list[tuple[Any, ...]] = []
    hourly = time == "hour"
    for window in windows(filters, descending=descending, at=at) if hourly and order == "hour" else [filters]:
        query, values = grouped_sql(window, groups)
        query = (
            f"SELECT * FROM ({query}) grouped WHERE {after} "  # noqa: S608
            f"ORDER BY {order} {'DESC' if descending else 'ASC'}, {', '.join(keys)} LIMIT {size + 1 - len(found)}"
        )
        found += rows(query, [*values, *after_values])
        if len(found) > size:
            break
    sets = factor_sets() if groups == ALL_COLUMNS else {}
    shown = [ledger_row(row, keys, time, sets) for row in found[:size]]
    more = _cursor(found[size - 1], order=order, keys=keys, sort=sort, groups=groups) if len(found) > size else ""
    return LedgerPage(tuple(shown), more)


def row_keys(groups: tuple[str, ...]) -> list[str]:
    """The columns that tell rows apart, in their order. Single rows need to name the bill's period as well."""
    keys = ["hour" if name in TIMES else name for name in groups]
    return [*keys, "provider", "period_from"] if groups == ALL_COLUMNS else keys


def grouped_sql(filters: LedgerFilters, groups: tuple[str, ...]) -> tuple[str, list[Any]]:
    """The rows that are there now under the filters, by the groups: key columns first, then AMOUNT_COLUMNS."""
    if groups == ALL_COLUMNS:
        where, values = where_sql(filters)
        columns = ", ".join((*row_keys(groups), *AMOUNT_COLUMNS))
        return f"SELECT {columns} FROM ({LIVE_ROWS_SQL}) live WHERE {where}", values  # noqa: S608
    table = source_table(filters, hourly="hour" in groups)
    where, values = where_sql(filters)
    chosen = ", ".join(f"{TIMES[name][0]} AS hour" if name in TIMES else name for name in groups)
    numbers = ", ".join(str(place) for place in range(1, len(groups) + 1))
    return f"SELECT {chosen}, {AMOUNT_SQL} FROM {table} WHERE {where} GROUP BY {numbers} HAVING {live_sql(table)}", values  # noqa: S608


def windows(filters: LedgerFilters, *, descending: bool, at: int | None = None) -> Iterator[LedgerFilters]:
    """The filters cut into stretches of time in the order of reading, a day first, a week at most.

    A page by the hour then reads the hours it shows and not a year of them.
    """
    first, last = ledger_hours()
    if first is None or last is None:
        return
    low = first if filters.hour_from is None else max(first, filters.hour_from)
    high = last if filters.hour_through is None else min(last, filters.hour_through)
    if at is not None:
        low, high = (low, min(high, at)) if descending else (max(low, at), high)
    width = 24
    while low <= high:
        cut = (max(low, high - width + 1), high) if descending else (low, min(high, low + width - 1))
        yield replace(filters, hour_from=cut[0], hour_through=cut[1])
        low, high = (low, cut[0] - 1) if descending else (cut[1] + 1, high)
        width = min(2 * width, _MAX_WINDOW)


def ledger_choices() -> LedgerChoices:
    """Every value that each filter can take."""
    found: dict[str, tuple[str, ...]] = {}
    for name in _COLUMNS:
        query = f"SELECT DISTINCT {name} FROM emissions_ledgerday ORDER BY 1"  # noqa: S608
        found[name] = tuple(row[0] for row in rows(query, []))
    first, last = ledger_span()
    return LedgerChoices(
        accounts=found["account"],
        regions=found["region"],
        services=found["service"],
        categories=found["category"],
        qualities=found["quality"],
        bases=found["basis"],
        first_hour=first,
        last_hour=last,
    )


def checked_groups(group_by: Sequence[str]) -> tuple[str, ...]:
    """The grouping that was asked for, every column when none was; raises ServiceError for one that makes no sense."""
    groups = tuple(group_by) or ALL_COLUMNS
    wrong = [name for name in groups if name not in GROUPS]
    if (
        wrong
        or len(set(groups)) != len(groups)
        or sum(name in TIMES for name in groups) > 1
        or (groups != ALL_COLUMNS and len(groups) > 3)
    ):
        raise ServiceError(
            f"cannot group by {', '.join(map(str, group_by))[:80]!r}.",
            code="ledger.group",
            hint=f"Group by up to three of {', '.join(GROUPS)}.",
        )
    return groups


def factor_sets() -> dict[tuple[str, str, int], str]:
    """(provider, account, period) → the factor set of the version that the ledger follows for it."""
    pointers = AccountPeriod.objects.values_list("provider", "account", "period_from", "version__factor_set")
    return {(provider, account, period): factor_set for provider, account, period, factor_set in pointers}


def ledger_row(row: tuple[Any, ...], keys: list[str], time: str | None, sets: dict[tuple[str, str, int], str]) -> LedgerRow:
    """A row of `grouped_sql` as pages and exports show it; single rows name the factor set that gave them."""
    told = dict(zip(keys, row, strict=False))
    hour = told.get("hour")
    through = None
    if hour is not None and time is not None:
        through = month_of(hour)[1] if time == "month" else hour + TIMES[time][1] - 1
    return LedgerRow(
        hour=hour,
        hour_through=through,
        amount=amount(row[len(keys) :]),
        provider=told.get("provider"),
        factor_set=sets.get((told["provider"], told["account"], told["period_from"])) if "provider" in told else None,
        **{name: told.get(name) for name in _COLUMNS},
    )


def _cursor(row: tuple[Any, ...], *, order: str, keys: list[str], sort: str, groups: tuple[str, ...]) -> str:
    told = dict(zip([*keys, *AMOUNT_COLUMNS], row, strict=True))
    value = [sort, list(groups), told[order], [told[name] for name in keys]]
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


def _after(
    cursor: str, *, order: str, descending: bool, keys: list[str], sort: str, groups: tuple[str, ...]
) -> tuple[str, list[Any], int | None]:
    """The condition of the rows after the mark, its parameters, and the mark's hour when rows stand by the hour."""
    if not cursor:
        return "TRUE", [], None
    try:
        told_sort, told_groups, value, ties = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        kinds = [int if name in ("hour", "period_from", *AMOUNT_COLUMNS) else str for name in (order, *keys)]
        fits = told_sort == sort and tuple(told_groups) == groups and len(ties) == len(keys)
        if not fits or any(type(part) is not kind for part, kind in zip([value, *ties], kinds, strict=True)):
            raise ValueError("another question's cursor")
    except (ValueError, TypeError) as error:
        raise ServiceError(
            "the page's mark is not one of this table's.", code="ledger.cursor", hint="Start at the first page."
        ) from error
    columns, marks = ", ".join(keys), ", ".join(["%s"] * len(keys))
    # The first half says nothing new, but an index can start from it.
    beyond = "<" if descending else ">"
    condition = f"{order} {beyond}= %s AND ({order} {beyond} %s OR ({columns}) > ({marks}))"
    return condition, [value, value, *ties], value if order == "hour" else None
