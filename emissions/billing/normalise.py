"""Which SQL brings the columns of one bill file to one form: text only, run by `emissions.engine.facts`.

Whatever the file's types, what comes out has one column per field: texts without "NULL", times in UTC, the quantity as
the text that was billed (or the double where the file holds doubles), money as a double. A value that cannot be read is
NULL or stays a text that is no number; it is never replaced and no line is dropped. What that means for a line is
decided in `emissions.engine.staging`.
"""

from __future__ import annotations

from collections.abc import Mapping

from emissions.billing.files import BillFile
from emissions.billing.formats import FIELDS

_FLOATS = ("double", "float", "halffloat")
_TEXTS = ("text", "string", "large_string")


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def quantity_is_double(file: BillFile) -> bool:
    """Whether the file holds quantities as doubles, so that there is no text of what was billed."""
    column = _column(file, "quantity")
    return column is not None and column[1] in _FLOATS


def fields_query(file: BillFile, *, numbered: bool = False) -> str:
    """One column per field of FIELDS, in that order and under that name, and `row_no` if `numbered`, records from 1.

    `start`, `end` and `period_start` are TIMESTAMP in UTC or NULL, `quantity` is VARCHAR (DOUBLE if
    `quantity_is_double`), `cost` is DOUBLE or NULL where it is no number, all others are VARCHAR and never NULL.
    """
    format_ = file.bill_format
    types = dict(file.columns)
    forms = {field: _field(field, _column(file, field), format_.absent) for field in FIELDS if field != "cost"}
    paid = {kind: (quoted(name), types[name]) for kind, name in format_.effective_costs.items() if name in types}
    forms["cost"] = _money(_column(file, "cost"), paid, forms["line_type"], format_.absent)
    fields = ", ".join(f"{forms[field]} AS {quoted(field)}" for field in FIELDS)
    return f"SELECT {fields}{', row_no' if numbered else ''} FROM {_scan(file, numbered=numbered)}"  # noqa: S608


def _column(file: BillFile, field: str) -> tuple[str, str] | None:
    types = dict(file.columns)
    name = file.bill_format.columns.get(field)
    return (quoted(name), types[name]) if name in types else None


def _scan(file: BillFile, *, numbered: bool) -> str:
    """The FROM part that reads the columns of a file; `numbered` adds `row_no`, counting records from 1."""
    # The reader takes a path for a pattern: each special character is put in a class of its own.
    path = literal("".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file.path)))
    format_ = file.bill_format
    wanted = [name for name in (*format_.columns.values(), *format_.effective_costs.values()) if name in file.names]
    picked = ", ".join(quoted(name) for name in dict.fromkeys(wanted))
    if file.kind == "parquet":
        if numbered:
            return f"(SELECT {picked}, file_row_number + 1 AS row_no FROM read_parquet({path}, file_row_number=true))"  # noqa: S608
        return f"(SELECT {picked} FROM read_parquet({path}))"  # noqa: S608
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in file.names)
    reader = (
        f"read_csv({path}, auto_detect=false, header=true, columns={{{columns}}}, delim=',', quote='\"', escape='\"', "
        "strict_mode=true, null_padding=false, nullstr='', compression='none')"
    )
    return f"(SELECT {picked}{', row_number() OVER () AS row_no' if numbered else ''} FROM {reader})"  # noqa: S608


def _field(field: str, column: tuple[str, str] | None, absent: tuple[str, ...]) -> str:
    """The SQL expression that brings one column to its form."""
    if field in ("start", "end", "period_start"):
        return "NULL::TIMESTAMP" if column is None else _moment(*column)
    if field == "quantity" and column is not None and column[1] in _FLOATS:
        return f"CAST({column[0]} AS DOUBLE)"
    return "''" if column is None else _text(column, absent)


def _money(column: tuple[str, str] | None, paid: Mapping[str, tuple[str, str]], line_type: str, absent: tuple[str, ...]) -> str:
    """What a line cost: by its line type's effective cost where there is one, else as billed.

    No cost is nothing spent; a cost that is no number is a fault.
    """
    text = "''" if column is None else _text(column, absent)
    for kind, effective in paid.items():
        told = _text(effective, absent)
        text = f"CASE WHEN {line_type} = {literal(kind)} AND {told} <> '' THEN {told} ELSE {text} END"
    return f"TRY_CAST({_or(text, '0')} AS DOUBLE)"


def _or(text: str, instead: str) -> str:
    return f"coalesce(nullif({text}, ''), {literal(instead)})"


def _text(column: tuple[str, str], absent: tuple[str, ...]) -> str:
    name, kind = column
    text = name if kind in _TEXTS else f"CAST({name} AS VARCHAR)"
    for word in absent:
        if word:
            text = f"nullif({text}, {literal(word)})"
    return f"coalesce({text}, '')"


def _moment(name: str, kind: str) -> str:
    """A time as TIMESTAMP in UTC. A plain cast ignores an offset such as +05:30, so only texts without one take it."""
    if kind not in _TEXTS:
        # Nanoseconds with a zone have no direct way to a plain timestamp.
        moment = f"CAST(CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)" if "tz=" in kind else f"CAST({name} AS TIMESTAMP)"
    else:
        plain = f"(right({name}, 1) = 'Z' OR length({name}) = 10 OR (length({name}) = 19 AND {name}[17] = ':'))"
        moment = (
            f"CASE WHEN {plain} THEN TRY_CAST({name} AS TIMESTAMP) ELSE CAST(TRY_CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP) END"
        )
    return f"CASE WHEN isfinite({moment}) THEN {moment} END"
