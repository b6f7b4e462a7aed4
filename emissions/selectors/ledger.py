"""The ledger explorer: any page of it and its totals, under the same filters."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from cloudtuner.errors import ServiceError
from emissions.models import AccountPeriod
from emissions.models.ledger import SERIES_KEY
from emissions.selectors.dashboard import ledger_hours, ledger_span
from emissions.selectors.figures import Amount, LedgerChoices, LedgerFilters, LedgerPage, LedgerRow
from emissions.selectors.months import month_of
from emissions.selectors.ordering import Mark, Order, stretches
from emissions.selectors.single import SINGLE_KEYS, SINGLE_TIES, single_rows, single_sql
from emissions.selectors.slicing import (
    AMOUNT_COLUMNS,
    AMOUNT_SQL,
    LISTS,
    LIVE_SQL,
    MONTH_SQL,
    amount,
    cells_sql,
    rows,
    where_sql,
)

TIMES = {"hour": ("hour", 1), "day": ("hour - hour %% 24", 24), "month": (MONTH_SQL, 0)}
GROUPS = (*TIMES, *SERIES_KEY)
ALL_COLUMNS = ("hour", *SERIES_KEY)
SORTS = {
    "hour": "hour",
    "ug": "ug",
    "operational": "operational_ug",
    "embodied": "embodied_ug",
    "energy": "energy_uwh",
    "water": "water_ul",
    "lines": "lines",
    "cost": "cost_micro",
    **{name: name for name in SERIES_KEY},
}
MAX_LIMIT = 1000


def ledger_totals(filters: LedgerFilters) -> Amount:
    """The sum of everything that the filters leave."""
    where, values = where_sql(filters)
    (row,) = rows(f"SELECT {AMOUNT_SQL} FROM {cells_sql(filters)} WHERE {where}", values)  # noqa: S608
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
    ties = SINGLE_TIES if groups == ALL_COLUMNS else keys
    asked = Order(order, descending, ties, _mark(cursor, order=order, ties=ties, sort=sort, groups=groups))
    size = min(max(1, limit), MAX_LIMIT)
    if groups == ALL_COLUMNS:
        found = single_rows(filters, asked, size + 1)
    else:
        by_hour = order == "hour" and time == "hour"
        cuts = windows(filters, descending=descending, at=asked.mark.value if asked.mark else None) if by_hour else [filters]
        found = []
        for cut in cuts:
            found += rows(*asked.sql(*grouped_sql(cut, groups), size + 1 - len(found)))
            if len(found) > size:
                break
    sets = factor_sets() if groups == ALL_COLUMNS else {}
    shown = [ledger_row(row, keys, time, sets) for row in found[:size]]
    more = ""
    if len(found) > size:
        last = dict(zip([*keys, *AMOUNT_COLUMNS], found[size - 1], strict=True))
        more = _cursor(Mark(last[order], tuple(last[name] for name in ties)), sort=sort, groups=groups)
    return LedgerPage(tuple(shown), more)


def row_keys(groups: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that tell rows apart, in their order. Single rows need to name the bill's period as well."""
    return SINGLE_KEYS if groups == ALL_COLUMNS else tuple("hour" if name in TIMES else name for name in groups)


def grouped_sql(filters: LedgerFilters, groups: tuple[str, ...]) -> tuple[str, list[Any]]:
    """The rows that are there now under the filters, by the groups: key columns first, then AMOUNT_COLUMNS."""
    if groups == ALL_COLUMNS:
        return single_sql(filters)
    finest = next((name for name in groups if name in TIMES), "month")
    where, values = where_sql(filters)
    chosen = ", ".join(f"{TIMES[name][0]} AS hour" if name in TIMES else name for name in groups)
    numbers = ", ".join(str(place) for place in range(1, len(groups) + 1))
    source = cells_sql(filters, finest=finest)
    return f"SELECT {chosen}, {AMOUNT_SQL} FROM {source} WHERE {where} GROUP BY {numbers}", values  # noqa: S608


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
    for begin, end in stretches(low, high, width=24, widest=24 * 7, descending=descending):
        yield replace(filters, hour_from=begin, hour_through=end)


def ledger_choices() -> LedgerChoices:
    """Every value that each filter can take."""
    arrays = ", ".join(f"COALESCE(ARRAY_AGG(DISTINCT {name} ORDER BY {name}), '{{}}')" for name in SERIES_KEY)
    (found,) = rows(f"SELECT {arrays} FROM ({LIVE_SQL}) live", [])  # noqa: S608
    first, last = ledger_span()
    return LedgerChoices(
        **{field: tuple(values) for field, values in zip(LISTS, found, strict=True)},
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


def ledger_row(row: tuple[Any, ...], keys: Sequence[str], time: str | None, sets: dict[tuple[str, str, int], str]) -> LedgerRow:
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
        **{name: told.get(name) for name in SERIES_KEY},
    )


def _cursor(mark: Mark, *, sort: str, groups: tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, groups, mark.value, mark.ties]).encode()).decode()


def _mark(cursor: str, *, order: str, ties: Sequence[str], sort: str, groups: tuple[str, ...]) -> Mark | None:
    """Where the page before ended; None at the first."""
    if not cursor:
        return None
    try:
        told_sort, told_groups, value, told_ties = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        kinds = [int if name in ("hour", "series_id", *AMOUNT_COLUMNS) else str for name in (order, *ties)]
        fits = told_sort == sort and tuple(told_groups) == groups and len(told_ties) == len(ties)
        if not fits or any(type(part) is not kind for part, kind in zip([value, *told_ties], kinds, strict=True)):
            raise ValueError("another question's cursor")
    except (ValueError, TypeError) as error:
        raise ServiceError(
            "the page's mark is not one of this table's.", code="ledger.cursor", hint="Start at the first page."
        ) from error
    return Mark(value, tuple(told_ties))
