"""Which SQL turns one bill file into normalised lines: text only, run by `facts`.

Every column is brought to one form here, whatever the file's types: texts without "NULL", hours since 1970 in UTC,
quantities as the text that was billed and its nearest double, money in millionths. A line that cannot be read gets a
fault number; it is never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping

from emissions.billing.files import BillFile
from emissions.billing.formats import FIELDS, KEY_FIELDS

# Fault numbers of a line, their stable codes and what they say. 0 is a good line; from KEY_FAULT on, the verdict came
# from the rate card and not from the line's own text.
FAULTS = {
    1: ("line.type", "the line has no line type."),
    2: ("line.account", "the line names no usage account."),
    3: ("line.timestamp", "the usage start is not a time."),
    4: ("line.period", "the billing period's start is not a time."),
    5: ("line.outside_period", "the usage starts outside its billing period."),
    6: ("line.quantity", "the quantity is not a decimal number that can be valued."),
    7: ("line.cost", "the cost is not a number."),
    8: ("line.too_large", "the line is too large to be valued exactly (2^53 µg or µWh)."),
    9: ("line.unit", "the unit does not fit the usage type."),
}
TOO_LARGE, WRONG_UNIT = 8, 9

_EXACT = "9007199254740992.0"
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,4})?"
_HOUR_US = 3_600_000_000

# What is kept of every line. Rate keys are kept once, in `label`, under their hash `k`.
LINE_COLUMNS = {
    "file": "USMALLINT",
    "account": "VARCHAR",
    "month": "INTEGER",
    "hour": "BIGINT",
    "k": "UBIGINT",
    "quantity": "DOUBLE",
    "quantity_text": "VARCHAR",
    "cost_micro": "BIGINT",
    "energy": "BOOLEAN",
    "invoice": "BOOLEAN",
    "fault": "UTINYINT",
    "h": "UBIGINT",
}


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def scan(file: BillFile, *, numbered: bool) -> str:
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


def line_query(file: BillFile, number: int, *, numbered: bool = False, exact_ids: bool = False) -> str:
    """The normalised lines of a file: LINE_COLUMNS, the texts of the rate key, payer, currency and period.

    `numbered` adds `row_no`; `exact_ids` adds `line_id`, `start_us` and `end_us`, by which duplicates are told.
    """
    types = dict(file.columns)
    format_ = file.bill_format

    def column(field: str) -> tuple[str, str] | None:
        name = format_.columns.get(field)
        return (quoted(name), types[name]) if name in types else None

    alias = {"invoice": "invoice_text", "cost": "money"}
    forms = {field: _field(field, column(field), format_.absent) for field in FIELDS if field != "cost"}
    paid = {kind: (quoted(name), types[name]) for kind, name in format_.effective_costs.items() if name in types}
    forms["cost"] = _money(column("cost"), paid, forms["line_type"], format_.absent)
    fields = ", ".join(f"{forms[field]} AS {quoted(alias.get(field, field))}" for field in FIELDS)
    energy = ", ".join(literal(kind) for kind in sorted(format_.energy_line_types))
    quantity_text = "NULL" if _is_float(column("quantity")) else "quantity"
    quantity = "quantity" if _is_float(column("quantity")) else "TRY_CAST(quantity AS DOUBLE)"
    spelled = (
        "TRUE" if _is_float(column("quantity")) else f"length(quantity) <= 48 AND regexp_full_match(quantity, {literal(_NUMBER)})"
    )
    # A zero that is written with an exponent may be a number too small to hold: nobody bills that.
    tiny = "FALSE" if _is_float(column("quantity")) else f"({quantity}) = 0 AND contains(lower(quantity), 'e')"
    key = ", ".join(KEY_FIELDS)
    extra = (", line_id, start_us, end_us" if exact_ids else "") + (", row_no" if numbered else "")
    return f"""
SELECT {number}::USMALLINT AS file, payer, currency, account, period, month, hour, {key},
  hash({key}) AS k, x AS quantity, quantity_text, cost_micro, energy, invoice,
  CASE WHEN line_type = '' THEN 1 WHEN NOT energy THEN 0
    WHEN account = '' THEN 2 WHEN month IS NULL THEN 3 WHEN period IS NULL THEN 4 WHEN month <> period THEN 5
    WHEN NOT coalesce(spelled AND isfinite(x) AND abs(x) < 1e30 AND (x = 0 OR abs(x) > 1e-30) AND NOT tiny, FALSE) THEN 6
    WHEN cost_micro IS NULL THEN 7 ELSE 0 END::UTINYINT AS fault,
  CASE WHEN line_id = '' THEN NULL ELSE hash(line_id, start_us, end_us) END AS h{extra}
FROM (
  SELECT *, {quantity} AS x, {quantity_text} AS quantity_text, {spelled} AS spelled,
    epoch_us(start) // {_HOUR_US} AS hour, epoch_us(start) AS start_us, epoch_us("end") AS end_us,
    (12 * year(start) + month(start) - 1)::INTEGER AS month,
    (12 * year(period_start) + month(period_start) - 1)::INTEGER AS period,
    line_type IN ({energy}) AS energy, invoice_text <> '' AS invoice,
    CASE WHEN abs(money) * 1e6 < {_EXACT} THEN floor(abs(money) * 1e6 + 0.5)::BIGINT * sign(money)::BIGINT END AS cost_micro,
    {tiny} AS tiny
  FROM (SELECT {fields}{", row_no" if numbered else ""}
    FROM {scan(file, numbered=numbered)})
)"""  # noqa: S608


_LABEL = f"k, {', '.join(KEY_FIELDS)}, payer, currency, period, energy AS keyed"


def label_query(lines: str) -> str:
    """The distinct rate keys of lines with their hash, payer, currency and period; `keyed` tells lines with energy."""
    return f"SELECT DISTINCT {_LABEL} FROM {lines}"  # noqa: S608


def _is_float(column: tuple[str, str] | None) -> bool:
    return column is not None and column[1] in ("double", "float", "halffloat")


def _field(field: str, column: tuple[str, str] | None, absent: tuple[str, ...]) -> str:
    """The SQL expression that brings one column to its form."""
    if field in ("start", "end", "period_start"):
        return "NULL::TIMESTAMP" if column is None else _moment(*column)
    if field == "quantity" and _is_float(column):
        assert column is not None
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
    text = name if kind in ("text", "string", "large_string") else f"CAST({name} AS VARCHAR)"
    for word in absent:
        if word:
            text = f"nullif({text}, {literal(word)})"
    return f"coalesce({text}, '')"


def _moment(name: str, kind: str) -> str:
    """A time as TIMESTAMP in UTC. A plain cast ignores an offset such as +05:30, so only texts without one take it."""
    if kind not in ("text", "string", "large_string"):
        # Nanoseconds with a zone have no direct way to a plain timestamp.
        moment = f"CAST(CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)" if "tz=" in kind else f"CAST({name} AS TIMESTAMP)"
    else:
        plain = f"(right({name}, 1) = 'Z' OR length({name}) = 10 OR (length({name}) = 19 AND {name}[17] = ':'))"
        moment = (
            f"CASE WHEN {plain} THEN TRY_CAST({name} AS TIMESTAMP) ELSE CAST(TRY_CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP) END"
        )
    return f"CASE WHEN isfinite({moment}) THEN {moment} END"
