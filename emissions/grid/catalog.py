"""Which factor sets there are: those that ship with the product, by name or id, and any folder.

A set is a folder of CSV files whose cells are texts. Its id is the sha256 of the JCS list of all its rows: a changed
digit is another set. Sets stack: a folder may stand on another set and add or replace rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

from cloudtuner.errors import FactorError
from emissions.grid.factor_set import Attribution, FactorSet, Grid
from emissions.grid.factors import Row
from emissions.grid.folder import Manifest, Place, read_manifest, read_tables, set_id, stack
from emissions.grid.places import GLOBAL_REGION, place
from emissions.grid.tables import TABLES

__all__ = [
    "GENESIS",
    "GLOBAL_REGION",
    "SHIPPED",
    "TABLES",
    "Attribution",
    "FactorSet",
    "Grid",
    "load_factor_set",
    "make_factor_set",
    "place",
    "set_id",
    "shipped_sets",
]

GENESIS = "genesis"
SHIPPED = (GENESIS, "2026-oci")


def make_factor_set(name: str, tables: Mapping[str, tuple[Row, ...]]) -> FactorSet:
    """A set from rows."""
    return FactorSet(set_id(tables), name, dict(tables))


def load_factor_set(wanted: str | Path | None = None) -> FactorSet:
    """The set with that id or name, or in that folder; the genesis set when none is named.

    Raises FactorError for a set that we do not have (`factors.missing`), a folder that is no set (`factors.damaged`) or
    whose rows do not give the id it states (`factors.tampered`).
    """
    if wanted is None or wanted == GENESIS:
        return _shipped(GENESIS)
    if isinstance(wanted, str):
        if wanted in SHIPPED:
            return _shipped(wanted)
        if wanted.startswith("0x"):
            for name in SHIPPED:
                if _shipped(name).id == wanted:
                    return _shipped(name)
    folder = Path(wanted)
    if folder.is_dir():
        return _load(folder, read_manifest(folder), folder.name)
    there = ", ".join(f"{name} ({_shipped(name).id})" for name in SHIPPED)
    raise FactorError(f"no factor set {wanted} in this version.", where="emissions/grid/data", hint=f"There is {there}.")


def shipped_sets() -> tuple[FactorSet, ...]:
    """The sets that ship with this version, the genesis set first."""
    return tuple(_shipped(name) for name in SHIPPED)


@lru_cache(maxsize=8)
def _shipped(name: str) -> FactorSet:
    folder = resources.files("emissions.grid.data") / name
    return _load(folder, read_manifest(folder), name)


def _load(folder: Place, manifest: Manifest, name: str) -> FactorSet:
    tables = read_tables(folder)
    if manifest.extends:
        if manifest.extends not in SHIPPED:
            raise FactorError(
                f"it stands on {manifest.extends}, which this version does not have.",
                where=str(folder),
                hint=f"There is {', '.join(SHIPPED)}.",
            )
        tables = stack(_shipped(manifest.extends).tables, tables)
    missing = [table for table in TABLES if table not in tables]
    if missing:
        raise FactorError(
            f"the table {missing[0]}.csv is missing.",
            code="factors.damaged",
            where=str(folder),
            hint='A set that only adds rows says so in set.json: {"extends": "genesis"}.',
        )
    found = FactorSet(set_id(tables), manifest.name or name, tables)
    if manifest.id and manifest.id != found.id:
        raise FactorError(
            f"its rows give the id {found.id}, but set.json states {manifest.id}.",
            code="factors.tampered",
            where=str(folder),
            hint="Take the set anew from where it was published.",
        )
    return found
