"""Ledger rows under filters: the one place where filters become SQL, shared by pages, totals and exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection

from emissions.models.ledger import MEASURES
from emissions.selectors.figures import Amount, LedgerFilters

_LISTS = {
    "accounts": "account",
    "regions": "region",
    "services": "service",
    "categories": "category",
    "qualities": "quality",
    "bases": "basis",
}
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


def source_table(filters: LedgerFilters, *, hourly: bool = False) -> str:
    """The daily roll-up when it can answer: whole UTC days and no column by the hour. Else the hours themselves."""
    whole_days = (filters.hour_from is None or filters.hour_from % 24 == 0) and (
        filters.hour_through is None or filters.hour_through % 24 == 23
    )
    return "emissions_ledgerday" if whole_days and not hourly else "emissions_ledgerhour"


def where_sql(filters: LedgerFilters) -> tuple[str, list[Any]]:
    """The condition and its parameters. Names are ours; every value is a parameter."""
    conditions = ["TRUE"]
    values: list[Any] = []
    if filters.hour_from is not None:
        conditions.append("hour >= %s")
        values.append(filters.hour_from)
    if filters.hour_through is not None:
        conditions.append("hour <= %s")
        values.append(filters.hour_through)
    for field, column in _LISTS.items():
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


# The first hour of a row's calendar month, UTC whatever the session's time zone is.
MONTH_SQL = "(EXTRACT(EPOCH FROM date_trunc('month', to_timestamp(hour * 3600), 'UTC')) / 3600)::bigint"


def live_sql(table: str) -> str:
    """Which groups are there now: in the hours, those with more rows than reversals; in the roll-up, all."""
    return "SUM(sign) > 0" if table == "emissions_ledgerhour" else "COUNT(*) > 0"


# The rows that the ledger follows now, one by one: no sum over reversals needed.
LIVE_ROWS_SQL = (
    "SELECT stated.*, stated.operational_ug + stated.embodied_ug AS ug FROM emissions_ledgerhour stated "
    "JOIN emissions_accountperiod USING (provider, account, period_from, version_id) WHERE stated.sign = 1"
)
