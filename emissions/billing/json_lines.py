"""What the beginning of a file of JSON lines says: BigQuery exports bills so, one object per line, null values left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cloudtuner.errors import BillError


def is_json_lines(start: str) -> bool:
    """Whether a text begins with an object; no header of a CSV file does."""
    return start.lstrip().startswith("{")


def start_of_json(start: str, name: str) -> tuple[list[str], dict[str, str]]:
    """The names of the values on the first lines, and the first line as text, the parts of objects one by one.

    `start` is cut anywhere: its last line counts only where it is whole. Raises BillError for a line that is no object.
    """
    names: dict[str, None] = {}
    first: dict[str, str] = {}
    whole, _, rest = start.rpartition("\n")
    # Not `splitlines`: inside a text JSON may have line ends of its own kind, as U+2028.
    lines = (whole or rest).split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            first = first or (dict(_texts("", told)) if isinstance(told, dict) else {})
        # Brackets in thousands of brackets are no bill either.
        except (ValueError, RecursionError) as error:
            raise BillError(
                f"not a line of JSON ({error}).", code="bill.columns", where=f"{name}, line {number}", hint="Export it again."
            ) from error
        if not isinstance(told, dict):
            raise BillError("the line is no object.", code="bill.columns", where=f"{name}, line {number}")
        names |= dict.fromkeys(told)
    return list(names), first


def _texts(prefix: str, told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in told.items():
        if isinstance(value, dict):
            yield from _texts(f"{prefix}{key}.", value)
        else:
            yield prefix + key, "" if value is None else str(value)
