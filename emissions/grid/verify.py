"""What is wrong with a factor set: figures that are no figures, units, bands, gaps and overlaps in time, dead references.

A set that loads may still be unfit: a row may end a day too early, or a region point to a grid area that no row knows.
`faults` reads every row. What it finds is a value, not an exception: a person may want to see all of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from emissions.grid.factor_set import BASES, HOURS, FactorSet
from emissions.grid.factors import Row
from emissions.grid.places import COUNTRY, place
from emissions.grid.tables import TABLES, key_of

MONTHS = ("", *map(str, range(1, 13)))
QUALITIES = frozenset({"measured", "estimated", "proxy", "unknown"})
_CEA = "cea."
_NO_DOCUMENT = re.compile(r"(?i)from memory|unverified")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the table, the row, a stable code and what to know."""

    table: str
    id: str
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.table}.csv, {self.id}: {self.message} ({self.code})"


def faults(found: FactorSet) -> list[Fault]:
    """Everything that is wrong with a set, by table and row; [] for a sound one."""
    told: list[Fault] = []
    for table in TABLES:
        rows = found.tables.get(table, ())
        if not rows and not TABLES[table].may_be_empty:
            told.append(Fault(table, "-", "table.empty", "the table has no rows."))
        for row in rows:
            told += _of_row(table, row)
    if told:
        return told  # dates and references of damaged rows would only repeat it
    for table in TABLES:
        told += _of_days(table, found)
    return [*told, *_of_references(found)]


def _of_row(table: str, row: Row) -> Iterator[Fault]:
    def fault(code: str, message: str) -> Fault:
        return Fault(table, row["id"], code, message)

    for column in ("source", "year"):
        if not row[column].strip():
            yield fault("row.unsourced", f"it states no {column}.")
    if _NO_DOCUMENT.search(row["source"]):
        yield fault("row.unsourced", f"its source is no document: {row['source']!r}.")
    figures: dict[str, Fraction] = {}
    for column in TABLES[table].numbers:
        text = row.get(column, "")
        if not text:
            continue
        value = _decimal(text)
        if value is None:
            yield fault("row.number", f"{column} is not a decimal that is at least 0: {text!r}.")
        else:
            figures[column] = value
    if "value" in TABLES[table].numbers and not row["value"]:
        yield fault("row.number", "it states no value.")
    if {"low", "value", "high"} <= figures.keys() and not figures["low"] <= figures["value"] <= figures["high"]:
        yield fault("row.band", f"its band {row['low']} to {row['high']} does not hold its value {row['value']}.")
    units = TABLES[table].units
    if units and row["unit"] not in units:
        yield fault("row.unit", f"its unit is {row['unit']!r}, not {' or '.join(sorted(units))}.")
    if "quality" in row and row["quality"] not in QUALITIES | {""}:
        yield fault("row.quality", f"its quality is {row['quality']!r}, none of {', '.join(sorted(QUALITIES))}.")
    yield from _of_validity(fault("row.validity", "its days are not ISO dates, the first before the last."), row)
    if table == "grid_hourly":
        if row["month"] not in MONTHS:
            yield fault("row.profile", f"its month is {row['month']!r}: 1 to 12, or empty for all.")
        if len(figures) < len(HOURS):
            yield fault("row.profile", f"it has {len(figures)} of 24 hours.")
        elif abs(sum(figures.values(), Fraction(0)) - len(HOURS)) > Fraction(1, 1000):
            yield fault("row.profile", "its 24 ratios do not have the mean 1.")


def _of_validity(fault: Fault, row: Row) -> Iterator[Fault]:
    try:
        first, last = (date.fromisoformat(row[column]) if row[column] else None for column in ("valid_from", "valid_to"))
    except ValueError:
        yield fault
        return
    if first and last and first >= last:
        yield fault


def _of_days(table: str, found: FactorSet) -> Iterator[Fault]:
    """Rows of one name follow each other; where the table says so, without a gap from the first day to the last."""
    groups: dict[str, list[Row]] = defaultdict(list)
    if table == "gwp":
        return  # several rows of a name answer side by side: one for each assessment report
    for row in found.tables.get(table, ()):
        if table == "grid_hourly":
            for month in (row["month"],) if row["month"] else MONTHS[1:]:
                groups[f"{key_of(table, row)} {row['basis']} {month}"].append(row)
        else:
            groups[key_of(table, row)].append(row)
    series = {row["direct_zone"] for row in found.tables["regions"]} if table == "cea" else set()
    for name, rows in groups.items():
        rows.sort(key=lambda row: row["valid_from"])
        for left, right in pairwise(rows):
            if not left["valid_to"] or left["valid_to"] > right["valid_from"]:
                yield Fault(table, right["id"], "days.overlap", f"it answers for days of {left['id']} too.")
            elif left["valid_to"] < right["valid_from"] and (TABLES[table].unbroken or name in series):
                yield Fault(table, right["id"], "days.gap", f"nothing answers between {left['id']} and it.")
        if TABLES[table].unbroken or name in series:
            if rows[0]["valid_from"]:
                yield Fault(table, rows[0]["id"], "days.gap", "nothing answers for the days before it.")
            if rows[-1]["valid_to"]:
                yield Fault(table, rows[-1]["id"], "days.gap", "nothing answers for the days after it.")


def _of_references(found: FactorSet) -> Iterator[Fault]:
    for row in found.tables["regions"]:
        yield from _of_region(found, row)
    for table, column, others in (("instances", "microarchitecture", "processors"), ("instances", "gpu", "processors")):
        for row in found.tables[table]:
            if row[column] and not found.named(others, row[column]):
                yield Fault(table, row["id"], "reference", f"there is no {row[column]} among the {others}.")
    for table in ("prefixes", "aliases"):
        for row in found.tables[table]:
            known = row["region"].startswith(COUNTRY) or found.named("regions", place(row["provider"], row["region"]))
            if not known or not found.has_region(row["provider"], row["region"]):
                yield Fault(table, row["id"], "reference", f"there is no region {row['region']}.")
    for row in found.tables["usage_types"]:
        yield from _of_usage(found, row)
    for row in found.tables["grid_hourly"]:
        if row["basis"] not in BASES:
            yield Fault("grid_hourly", row["id"], "region.basis", f"its basis is {row['basis']!r}, none of {', '.join(BASES)}.")
        if not found.named("regions", place(row["provider"], row["region"])):
            yield Fault("grid_hourly", row["id"], "reference", f"there is no region {row['region']} of {row['provider']}.")


def _of_region(found: FactorSet, row: Row) -> Iterator[Fault]:
    if row["basis"] not in BASES:
        yield Fault("regions", row["id"], "region.basis", f"it prefers {row['basis']!r}, none of {', '.join(BASES)}.")
    for basis in BASES:
        zone = row[f"{basis}_zone"]
        known = found.named("cea", zone) if zone.startswith(_CEA) else found.named("grid", f"{basis}.{zone}")
        if zone and not known:
            yield Fault("regions", row["id"], "reference", f"no row gives the {basis} intensity of {zone}.")
        if not zone and (basis == "lifecycle" or not row[f"{basis}_proxy"]):
            yield Fault(
                "regions", row["id"], "region.unanswered", f"it names neither a {basis} grid area nor the proxy that stands."
            )
        low, high = (_decimal(row[f"{basis}_{end}"]) for end in ("low", "high"))
        if low is None or high is None or not low <= 1 <= high:
            yield Fault("regions", row["id"], "row.band", f"its {basis} band does not hold 1, the grid area's value.")
    for table in ("pue", "wue"):
        if not found.named(table, place(row["provider"], row["region"])):
            yield Fault("regions", row["id"], "reference", f"{table}.csv has no row for it.")


def _of_usage(found: FactorSet, row: Row) -> Iterator[Fault]:
    factor, copies = row["factor"], row["copies"]
    if factor and not found.named("coefficients", factor) and not found.named("processors", factor):
        yield Fault("usage_types", row["id"], "reference", f"there is no coefficient or processor {factor}.")
    if copies and not found.named("coefficients", copies):
        yield Fault("usage_types", row["id"], "reference", f"there is no coefficient {copies}.")


def _decimal(text: str) -> Fraction | None:
    if not text or text.strip("0123456789.") or text.count(".") > 1 or not text.strip("."):
        return None
    return Fraction(text)


def by_code(told: Iterable[Fault]) -> dict[str, int]:
    """How often each code occurs."""
    counts: dict[str, int] = {}
    for fault in told:
        counts[fault.code] = counts.get(fault.code, 0) + 1
    return counts
