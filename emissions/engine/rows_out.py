"""The sums of an estimate by chosen words, as rows and as a file: CSV, Parquet or JSON."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.clock import hour_start
from cloudtuner.errors import ConfigurationError
from emissions.engine.cells import neutral
from emissions.engine.estimate import Estimate
from emissions.engine.results import sums_by

GROUPS = ("hour", "account", "region", "service", "category", "quality", "basis")
USUAL = ("account", "region", "service", "category", "quality", "basis")
MEASURES = ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul", "lines", "cost_micro")
ENDINGS = (".csv", ".parquet", ".json")


def groups_of(text: str | None) -> tuple[str, ...]:
    """The words of `--by`, in the order given. Raises ConfigurationError naming the word that is none.

    >>> groups_of("region, service"), groups_of(None) == USUAL
    (('region', 'service'), True)
    """
    if text is None:
        return USUAL
    words = tuple(dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip()))
    wrong = [word for word in words if word not in GROUPS]
    if wrong or not words:
        raise ConfigurationError(
            f"--by does not know {wrong[0] if wrong else 'an empty list'!r}.",
            code="cli.by",
            hint=f"Choose from {', '.join(GROUPS)}.",
        )
    return words


def rows_by(found: Estimate, groups: Sequence[str]) -> list[dict[str, Any]]:
    """The bill's sums per combination of the words, in their order; `hour` is hours since 1970, UTC."""
    return sums_by(found.hours, list(groups), list(MEASURES))


def check_out(path: Path, endings: Sequence[str] = ENDINGS) -> None:
    """Raises ConfigurationError for a file whose ending says no form that we write, before anything is read."""
    if path.suffix.lower() not in endings:
        raise ConfigurationError(
            f"{path.name} has no ending that is known here.", code="cli.out", hint=f"Use {', '.join(endings)}."
        )


def write_rows(found: Estimate, groups: Sequence[str], path: Path) -> int:
    """Writes the sums whole or not at all; returns how many rows. `hour_utc` stands for the hour, as ISO text."""
    check_out(path)
    rows = [_named(row) for row in rows_by(found, groups)]
    draft = path.with_name(f".{path.name}.part")
    try:
        {".csv": _csv, ".parquet": _parquet, ".json": _json}[path.suffix.lower()](rows, _columns(groups), draft)
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(f"it cannot be written: {error.strerror}.", code="cli.out", where=str(path)) from error
    finally:
        draft.unlink(missing_ok=True)
    return len(rows)


def _columns(groups: Sequence[str]) -> list[str]:
    return [*("hour_utc" if group == "hour" else group for group in groups), *MEASURES]


def _named(row: dict[str, Any]) -> dict[str, Any]:
    if "hour" not in row:
        return row
    return {"hour_utc" if name == "hour" else name: _stamp(value) if name == "hour" else value for name, value in row.items()}


def _stamp(hour: int) -> str:
    return f"{hour_start(hour):%Y-%m-%dT%H:%M:%SZ}"


def _csv(rows: list[dict[str, Any]], columns: list[str], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([neutral(value) if isinstance(value := row[name], str) else value for name in columns] for row in rows)
        file.flush()
        os.fsync(file.fileno())


def _parquet(rows: list[dict[str, Any]], columns: list[str], path: Path) -> None:
    kinds = {name: pa.int64() if name in MEASURES else pa.string() for name in columns}
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in kinds.items()})
    pq.write_table(table, path, compression="zstd")


def _json(rows: list[dict[str, Any]], columns: list[str], path: Path) -> None:
    told = [{name: str(row[name]) if name in MEASURES and name != "lines" else row[name] for name in columns} for row in rows]
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
