"""Which factor sets there are, and what a set answers for a region, an instance type or a coefficient on a day.

A set is a folder of CSV files whose cells are texts. Its id is the sha256 of the JCS list of all rows, each with its
table's name, sorted by table and id: a changed digit is another set.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from importlib import resources

import rfc8785

from cloudtuner.errors import FactorError
from emissions.grid.factors import Factor, Row, factor_of, in_force

GENESIS = "genesis"
TABLES = ("coefficients", "grid", "instances", "prefixes", "processors", "pue", "usage_types")
GLOBAL_REGION = "global"


@dataclass(frozen=True)
class Grid:
    """A region's grid intensity in force: `factor` on its `basis`, and the other basis or the proxy that stands for it."""

    region: str
    factor: Factor
    basis: str
    direct: Fraction | None
    lifecycle: Fraction | None


@dataclass(frozen=True, eq=False)
class FactorSet:
    """An immutable, named set of factors. `id` = "0x" + sha256; two sets with the same id are the same set."""

    id: str
    name: str
    tables: dict[str, tuple[Row, ...]] = field(repr=False)
    _dated: dict[tuple[str, str], tuple[Row, ...]] = field(repr=False, default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FactorSet) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def row(self, table: str, name: str, day: str) -> Row | None:
        """The row of that name (region, instance type, processor or id, by table) in force on a day, or None."""
        for row in self._dated.get((table, name), ()):
            if in_force(row, day):
                return row
        return None

    def coefficient(self, name: str, day: str) -> Factor:
        """A coefficient by id; raises FactorError when the set has none for that day."""
        row = self.row("coefficients", name, day)
        if row is None:
            raise FactorError(f"factor set {self.name} has no {name} for {day}.", where=self.name)
        return factor_of(row)

    def pue(self, provider: str, region: str, day: str) -> Factor:
        """Power usage effectiveness of a region's data centres."""
        row = self.row("pue", place(provider, region), day)
        if row is None:
            raise FactorError(f"factor set {self.name} has no PUE for {provider} {region} on {day}.", where=self.name)
        return factor_of(row)

    def wue(self, provider: str, region: str, day: str) -> Factor:
        """Litres of water evaporated at the site per kilowatt-hour that it draws."""
        row = self.row("pue", place(provider, region), day)
        litres = Fraction(row.get("wue_l_per_kwh") or 0) if row else Fraction(0)
        return Factor(
            f"w{row['id'][1:]}" if row else "wue", litres, litres, litres, "l/kWh", "estimated", row["source"] if row else "", ""
        )

    def grid(self, provider: str, region: str, day: str, basis: str | None = None) -> Grid:
        """Grid intensity of a region, kgCO2e/kWh, location-based, on a basis; the one the set prefers there when None."""
        row = self.row("grid", place(provider, region), day)
        if row is None:
            raise FactorError(f"factor set {self.name} has no grid intensity for {provider} {region} on {day}.", where=self.name)
        if basis is not None and row[basis] and basis != row["basis"]:
            row = {**row, "basis": basis, "value": row[basis], "low": row[basis], "high": row[basis]}
        return Grid(
            region=region,
            factor=factor_of(row),
            basis=row["basis"],
            direct=Fraction(row["direct"]) if row["direct"] else None,
            lifecycle=Fraction(row["lifecycle"]) if row["lifecycle"] else None,
        )

    def has_region(self, provider: str, region: str) -> bool:
        """Whether the set answers for a provider's region id."""
        return ("grid", place(provider, region)) in self._dated

    def attributions(self) -> tuple[str, ...]:
        """The sources of the set, for the product's credits."""
        return tuple(sorted({row["source"] for rows in self.tables.values() for row in rows}))


_PLACES = frozenset({"grid", "pue"})
_NAME_COLUMN = {"instances": "instance_type", "processors": "name", "prefixes": "prefix"}


def place(provider: str, region: str) -> str:
    """A region's name over all providers: the ids of regions are those of their provider alone.

    >>> place("aws", "us-east-1")
    'aws.us-east-1'
    """
    return f"{provider}.{region}"


def set_id(tables: dict[str, tuple[Row, ...]]) -> str:
    """The id of a set of rows."""
    rows = sorted(({"table": table, **row} for table, rows in tables.items() for row in rows), key=_row_order)
    return "0x" + hashlib.sha256(rfc8785.dumps(rows)).hexdigest()


def _row_order(row: Row) -> tuple[str, str]:
    return row["table"], row["id"]


def make_factor_set(name: str, tables: dict[str, tuple[Row, ...]]) -> FactorSet:
    """A set from rows, indexed by name within each table."""
    dated: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for table, rows in tables.items():
        for row in rows:
            name_of = place(row["provider"], row["region"]) if table in _PLACES else row[_NAME_COLUMN.get(table, "id")]
            dated[table, name_of].append(row)
    return FactorSet(set_id(tables), name, tables, {key: tuple(rows) for key, rows in dated.items()})


@lru_cache(maxsize=8)
def _shipped(name: str) -> FactorSet:
    folder = resources.files("emissions.grid.data") / name
    tables = {}
    for table in TABLES:
        text = (folder / f"{table}.csv").read_text(encoding="utf-8")
        tables[table] = tuple(csv.DictReader(text.splitlines()))
    return make_factor_set(name, tables)


def load_factor_set(wanted: str | None = None) -> FactorSet:
    """The set with that id or name; the genesis set when none is named. Raises FactorError for a set we do not have."""
    genesis = _shipped(GENESIS)
    if wanted is None or wanted in (genesis.id, genesis.name):
        return genesis
    raise FactorError(
        f"no factor set {wanted} in this version.", where="emissions/grid/data", hint=f"There is {genesis.name} ({genesis.id})."
    )
