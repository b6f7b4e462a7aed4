"""How a factor set lies in a folder: one CSV file for each table, and set.json when it stands on another set.

`set.json`: {"name": "2026-oci", "extends": "genesis", "id": "0x…", "note": "…"}. `extends` names the set whose rows it
adds to; a row with the id of one below replaces it. `id`, when given, is that of all resulting rows: a folder whose rows
give another one was tampered with or damaged, and is refused.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

from cloudtuner.errors import FactorError
from emissions.grid.factors import Row
from emissions.grid.tables import TABLES, columns_of

Tables = dict[str, tuple[Row, ...]]
Place = Traversable | Path

_MANIFEST = "set.json"


@dataclass(frozen=True)
class Manifest:
    """What a folder says of itself; all empty for a folder without set.json."""

    name: str = ""
    extends: str = ""
    id: str = ""
    note: str = ""


def read_manifest(folder: Place) -> Manifest:
    """The set.json of a folder; raises FactorError when it is not what it should be."""
    path = folder / _MANIFEST
    if not path.is_file():
        return Manifest()
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FactorError(f"set.json is no JSON: {error}.", code="factors.damaged", where=str(path)) from error
    known = set(Manifest.__dataclass_fields__)
    if not isinstance(told, dict) or set(told) - known or not all(isinstance(value, str) for value in told.values()):
        raise FactorError(
            "set.json must be an object of texts.",
            code="factors.damaged",
            where=str(path),
            hint=f"It may hold {', '.join(sorted(known))}.",
        )
    return Manifest(**told)


def read_tables(folder: Place) -> Tables:
    """The rows of each CSV file in a folder; raises FactorError naming file and line for what is no table of a set."""
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".csv"))
    unknown = [name for name in names if name.removesuffix(".csv") not in TABLES]
    if unknown:
        raise FactorError(
            f"{unknown[0]} is no table of a factor set.",
            code="factors.damaged",
            where=str(folder),
            hint=f"There are {', '.join(sorted(TABLES))}.",
        )
    return {name.removesuffix(".csv"): _read(folder / name, name.removesuffix(".csv")) for name in names}


def seal(folder: str | Path, set_id: str) -> None:
    """Writes the id into a folder's set.json, so that the folder is refused once a row differs."""
    path = Path(folder)
    if not path.is_dir():
        raise FactorError(f"{folder} is no folder: a shipped set is sealed where it is made.", code="factors.sealed")
    told = {name: value for name, value in vars(read_manifest(path)).items() if value} | {"id": set_id}
    (path / _MANIFEST).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def stack(below: Mapping[str, tuple[Row, ...]], above: Mapping[str, tuple[Row, ...]]) -> Tables:
    """The rows of two sets together; a row above replaces the one below with its id. Columns of a table must agree."""
    together: Tables = dict(below)
    for table, rows in above.items():
        lower = below.get(table, ())
        if lower and rows and lower[0].keys() != rows[0].keys():
            raise FactorError(
                f"the columns of {table}.csv differ from those of the set below.",
                code="factors.damaged",
                where=table,
                hint=f"They are {', '.join(lower[0])}.",
            )
        replaced = {row["id"] for row in rows}
        together[table] = (*(row for row in lower if row["id"] not in replaced), *rows)
    return together


def set_id(tables: Mapping[str, Iterable[Row]]) -> str:
    """The id of a set: "0x" + sha256 of the JCS list of all rows, each with its table's name, sorted by table and id.

    All values are texts and all names ASCII, so that the standard library writes the very bytes of RFC 8785 (a test
    compares them), ten times as fast as a general canonicaliser.
    """
    rows = sorted(({"table": table, **row} for table, found in tables.items() for row in found), key=_row_order)
    text = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def _row_order(row: Row) -> tuple[str, str]:
    return row["table"], row["id"]


def _read(path: Place, table: str) -> tuple[Row, ...]:
    def damaged(line: int, message: str) -> FactorError:
        return FactorError(message, code="factors.damaged", where=f"{path}, line {line}")

    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise damaged(1, "the file is not UTF-8.") from error
    reader = csv.reader(text.splitlines(), strict=True)
    rows: list[Row] = []
    try:
        header = next(reader, [])
        missing = [column for column in columns_of(table) if column not in header]
        if missing:
            raise damaged(1, f"the column {missing[0]} is missing.")
        for cells in reader:
            if len(cells) != len(header):
                raise damaged(reader.line_num, f"{len(cells)} cells where the header has {len(header)}.")
            rows.append(dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise damaged(reader.line_num, f"no CSV: {error}.") from error
    ids = sorted(row["id"] for row in rows)
    if twice := next((left for left, right in pairwise(ids) if left == right), None):
        raise damaged(1, f"the id {twice} stands twice.")
    if "" in ids:
        raise damaged(1, "a row has no id.")
    return tuple(rows)
