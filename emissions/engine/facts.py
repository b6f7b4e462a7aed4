"""How lines become sums: the one query that values them, written in Ibis and compiled for each engine.

A line is a number of its profile, an hour, a quantity and money. The card says of each profile where its sums go (its
place) and what a unit of it is worth. The query is one join, one multiplication and one rounding per line and measure,
and integer sums. DuckDB runs it here; `emissions.engine.dialects` writes it down for other engines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis.expr.types import FloatingValue, NumericValue, Table

# Ibis takes a second to load and only an estimate needs it, so it loads where the query is written, not where this
# module is imported (the web process imports the engine for its id).
LABELS = ("account", "region", "service", "category", "quality", "basis")
MEASURES = ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul")
LINE_SCHEMA = {"profile": "int64", "hour": "int64", "quantity": "float64", "cost_micro": "int64"}
CARD_SCHEMA = {
    "profile": "int64",
    "place": "int32",
    "by_cost": "boolean",
    "ceiling": "float64",
    **{f"{name}_rate": "float64" for name in MEASURES},
}
PLACE_SCHEMA = {"place": "int32", **dict.fromkeys(LABELS, "string")}
_EXACT = str(2**53)


def _double(text: str) -> FloatingValue:
    """A literal that is a double in every dialect; 0.5 as it stands is a decimal in some."""
    import ibis

    return ibis.literal(text).cast("float64")


def _floor(value: NumericValue) -> NumericValue:
    """SQL's FLOOR as it stands; Ibis would put a cast around it, which costs time and does nothing here."""
    import ibis

    def floor(x: float) -> float:
        """The largest integer not above x; each engine has it."""
        return float(math.floor(x))

    return ibis.udf.scalar.builtin(floor)(value)


def valued_lines(*, plain: bool = False, keep: Mapping[str, str] | None = None) -> Table:
    """Each line that a rate values, with its integers as whole doubles. The only place where a line is multiplied.

    Nearest integer, halves away from zero: floor(|x| + 0.5) with the sign put back. |amount| × rate is |amount × rate|,
    so the sign is taken once. `plain` promises that each line of the card's profiles has a sound quantity and
    money and stays below 2^53 in every measure; else such lines are left out. `keep` names more columns of a line and
    their types, which are carried along.
    """
    import ibis

    kept = dict(keep or {})
    line, card = ibis.table({**LINE_SCHEMA, **kept}, name="line"), ibis.table(CARD_SCHEMA, name="card")
    joined = line.join(card, "profile")
    amount = ibis.ifelse(joined["by_cost"], joined["cost_micro"].cast("float64"), joined["quantity"])
    rates = [f"{name}_rate" for name in MEASURES]
    sized = joined.select(
        "place",
        "hour",
        "quantity",
        "cost_micro",
        "ceiling",
        *rates,
        *(name for name in kept if name != "quantity"),
        size=amount.abs(),
        side=amount.sign().cast("float64"),
    )
    good = (
        sized
        if plain
        else sized.filter(
            sized["quantity"].notnull(), sized["cost_micro"].notnull(), sized["size"] * sized["ceiling"] < _double(_EXACT)
        )
    )
    figures = {name: _floor(good["size"] * good[f"{name}_rate"] + _double("0.5")) * good["side"] for name in MEASURES}
    return good.select("place", "hour", "cost_micro", *kept, **figures)


def sums_query(*, plain: bool = False) -> Table:
    """Hourly integers per place, in order of hour and place.

    `plain` promises more than `valued_lines` asks for: that no sum of a place's absolute values reaches 2^53. Then sums
    are of whole doubles, each of which is exact, and take half the memory of integers; they become integers at the end.
    """
    return _sums(plain=plain).order_by(["hour", "place"])


def _sums(*, plain: bool = False) -> Table:
    valued = valued_lines(plain=plain)
    names = (*MEASURES, "cost_micro")
    if plain:
        summed = {name: valued[name].cast("float64").sum().cast("int64") for name in names}
    else:
        summed = {name: valued[name].cast("int64").sum() for name in names}
    return valued.group_by(["place", "hour"]).aggregate(**summed, lines=valued.count())


def fact_query() -> Table:
    """Hourly integers per account, region, service, category, quality and basis, in order of hour and place."""
    import ibis

    named = _sums().join(ibis.table(PLACE_SCHEMA, name="place"), "place").order_by(["hour", "place"])
    return named.select("account", "hour", *LABELS[1:], *MEASURES, "lines", "cost_micro")


def priced_query(*, plain: bool = False) -> Table:
    """Energy, embodied and money per service over the lines that used energy and cost something."""
    import ibis

    valued = valued_lines(plain=plain)
    priced = valued.filter((valued["cost_micro"] > 0) & (valued["energy_uwh"] > 0))
    names = ("energy_uwh", "embodied_ug", "cost_micro")
    # By place first: a small number to group by where there are many lines, names only for the few sums.
    by_place = priced.group_by("place").aggregate(**{name: priced[name].cast("int64").sum() for name in names})
    named = by_place.join(ibis.table(PLACE_SCHEMA, name="place"), "place")
    return named.group_by("service").aggregate(**{name: named[name].sum() for name in names})


def profile_query() -> Table:
    """Integers, lines and money of each profile: what explains an estimate."""
    valued = valued_lines(keep={"profile": "int64"})
    summed = {name: valued[name].cast("int64").sum() for name in (*MEASURES, "cost_micro")}
    return valued.group_by("profile").aggregate(**summed, lines=valued.count())


@cache
def sums_sql(*, plain: bool = False) -> str:
    """`sums_query` in DuckDB's SQL."""
    import ibis

    return str(ibis.to_sql(sums_query(plain=plain), dialect="duckdb"))


@cache
def values_sql() -> str:
    """`valued_lines` that are plain in DuckDB's SQL."""
    import ibis

    return str(ibis.to_sql(valued_lines(plain=True), dialect="duckdb"))


@cache
def priced_sql(*, plain: bool = False) -> str:
    """`priced_query` in DuckDB's SQL."""
    import ibis

    return str(ibis.to_sql(priced_query(plain=plain), dialect="duckdb"))


@cache
def profile_sql() -> str:
    """`profile_query` in DuckDB's SQL."""
    import ibis

    return str(ibis.to_sql(profile_query(), dialect="duckdb"))


@cache
def lines_sql() -> str:
    """Each valued line by itself in DuckDB's SQL, with where it stands and its id."""
    import ibis

    keep = {
        "profile": "int64",
        "file": "uint16",
        "row_no": "int64",
        "line_id": "string",
        "quantity": "float64",
        "quantity_text": "string",
    }
    return str(ibis.to_sql(valued_lines(keep=keep), dialect="duckdb"))
