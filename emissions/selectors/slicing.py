"""Ledger rows under filters: the one place where filters become SQL, shared by pages, totals and exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from emissions.models.ledger import MEASURES
from emissions.selectors.figures import Amount, LedgerFilters
from emissions.selectors.months import month_of

LISTS = {
    "accounts": "account",
    "regions": "region",
    "services": "service",
    "categories": "category",
    "qualities": "quality",
    "bases": "basis",
}
# The first hour of an hour's calendar month, UTC whatever the session's time zone is.
MONTH_SQL = "(EXTRACT(EPOCH FROM date_trunc('month', to_timestamp(hour * 3600.0), 'UTC')) / 3600)::bigint"
AMOUNT_SQL = ", ".join(
    f"COALESCE(SUM({expression}), 0)::bigint AS {name}"
    for name, expression in (
        ("ug", "operational_ug + embodied_ug"),
        ("low_ug", "low_ug"),
        ("high_ug", "high_ug"),
        ("operational_ug", "operational_ug"),
        ("embodied_ug", "embodied_ug"),
        ("energy_uwh", "energy_uwh"),
        ("water_ul", "water_ul"),
        ("lines", "lines"),
        ("cost_micro", "cost_micro"),
    )
)
AMOUNT_COLUMNS = ("ug", "low_ug", "high_ug", "operational_ug", "embodied_ug", "energy_uwh", "water_ul", "lines", "cost_micro")
assert set(MEASURES) < set(AMOUNT_COLUMNS)


# The series that are true now: those that state and that no later batch reversed.
LIVE_SQL = (
    "SELECT stated.* FROM emissions_ledgerseries stated LEFT JOIN emissions_ledgerseries reversal "
    "ON reversal.reverses_id = stated.id WHERE stated.reverses_id IS NULL AND reversal.id IS NULL"
)


def cells_sql(filters: LedgerFilters, *, finest: str = "month") -> str:
    """What to read FROM: live series with their figures by the coarsest stretch that can answer. `hour` is its first.

    Whole months of the calendar come from the roll-up by month and whole days from that by day, unless `finest` ("hour",
    "day", "month") asks for more; else the hours themselves.
    """
    begin, end = filters.hour_from, filters.hour_through
    if finest == "hour" or (begin or 0) % 24 or (-1 if end is None else end) % 24 != 23:
        table = "emissions_ledgerhour"
    elif finest == "day" or (begin is not None and month_of(begin)[0] != begin) or (end is not None and month_of(end)[1] != end):
        table = "emissions_ledgerday"
    else:
        table = "emissions_ledgermonth"
    return f"({LIVE_SQL}) series JOIN {table} ON series_id = series.id"


def where_sql(filters: LedgerFilters) -> tuple[str, list[Any]]:
    """The condition on series and their figures, and its parameters. Names are ours; every value is a parameter."""
    condition, values = series_sql(filters)
    for sign, hour in ((">=", filters.hour_from), ("<=", filters.hour_through)):
        if hour is not None:
            condition += f" AND hour {sign} %s"
            values.append(hour)
    return condition, values


def series_sql(filters: LedgerFilters) -> tuple[str, list[Any]]:
    """The condition on series alone: what they are of, and that one of their hours can be meant."""
    conditions = ["TRUE"]
    values: list[Any] = []
    if filters.hour_from is not None:
        conditions.append("hour_through >= %s")
        values.append(filters.hour_from)
    if filters.hour_through is not None:
        conditions.append("hour_from <= %s")
        values.append(filters.hour_through)
    for field, column in LISTS.items():
        chosen: tuple[str, ...] = getattr(filters, field)
        if chosen:
            conditions.append(f"{column} = ANY(%s)")
            values.append(list(chosen))
    return " AND ".join(conditions), values


def amount(values: Sequence[int]) -> Amount:
    """An Amount from columns in the order of AMOUNT_SQL."""
    return Amount(*(int(value) for value in values))


def rows(query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())
