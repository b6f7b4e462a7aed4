"""Which factor sets there are: those that ship with the product, by name or id, and any folder.

A set is a folder of CSV files whose cells are texts. Its id is the sha256 of the JCS list of all its rows: a changed
digit is another set. Sets stack: a folder may stand on another set and add or replace rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from pathlib import Path

from cloudtuner.errors import FactorError
from emissions.grid.factor_set import Attribution, FactorSet, Grid, HourlyProfile
from emissions.grid.factors import Row
from emissions.grid.folder import Manifest, Place, read_manifest, read_tables, set_id, stack
from emissions.grid.places import GLOBAL_REGION, place
from emissions.grid.tables import TABLES
from emissions.grid.verify import faults

__all__ = [
    "GENESIS",
    "GLOBAL_REGION",
    "SHIPPED",
    "TABLES",
    "Attribution",
    "FactorSet",
    "Grid",
    "HourlyProfile",
    "load_factor_set",
    "make_factor_set",
    "place",
    "read_factor_set",
    "set_id",
    "shipped_set",
    "shipped_sets",
]

GENESIS = "genesis"
SHIPPED = (GENESIS, "2026-oci")


def make_factor_set(name: str, tables: Mapping[str, tuple[Row, ...]]) -> FactorSet:
    """A set from rows."""
    return FactorSet(set_id(tables), name, dict(tables))


def load_factor_set(wanted: str | Path | None = None) -> FactorSet:
    """The set with that id or name, or in that folder; the genesis set when none is named.

    Raises FactorError for a set that we do not have (`factors.missing`), a folder that is no set (`factors.damaged`),
    whose rows do not give the id it states (`factors.tampered`) or say what cannot be (`factors.unsound`).
    """
    if wanted is None:
        return _shipped(GENESIS)
    if _shipped_as(wanted) is None and Path(wanted).is_dir():
        folder = Path(wanted)
        return _checked(_load(folder, read_manifest(folder), folder.name), folder)
    return shipped_set(str(wanted))


def shipped_set(wanted: str) -> FactorSet:
    """The set that ships under that id or name, and no folder: for what a stranger names. Raises FactorError."""
    found = _shipped_as(wanted)
    if found is None:
        there = ", ".join(f"{name} ({_shipped(name).id})" for name in SHIPPED)
        raise FactorError(f"no factor set {wanted} in this version.", where="emissions/grid/data", hint=f"There is {there}.")
    return found


def shipped_sets() -> tuple[FactorSet, ...]:
    """The sets that ship with this version, the genesis set first."""
    return tuple(_shipped(name) for name in SHIPPED)


def read_factor_set(wanted: str | Path) -> tuple[FactorSet, str]:
    """A set as it lies there, and the id that its set.json states ("" for none): what a verifier starts from.

    Unlike `load_factor_set` it refuses neither a set whose rows give another id nor one with unsound rows.
    """
    shipped = _shipped_as(wanted)
    folder = Path(wanted)
    if shipped is None and folder.is_dir():
        manifest = read_manifest(folder)
        return _load(folder, replace(manifest, id=""), folder.name), manifest.id
    found = shipped or load_factor_set(wanted)
    return found, found.id


def _shipped_as(wanted: str | Path) -> FactorSet | None:
    if wanted in SHIPPED:
        return _shipped(str(wanted))
    if str(wanted).startswith("0x"):
        return next((found for found in shipped_sets() if found.id == wanted), None)
    return None


def _checked(found: FactorSet, folder: Path) -> FactorSet:
    told = faults(found)
    if told:
        raise FactorError(
            f"{told[0]}{f' and {len(told) - 1} more' if len(told) > 1 else ''}",
            code="factors.unsound",
            where=str(folder),
            hint=f"`cloudtuner factors verify {folder}` names them all.",
        )
    return found


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
