"""Which SQL turns the fields of one bill file into lines: text only, run by `facts`.

`emissions.billing.normalise` brings the columns to one form; here they become hours since 1970 in UTC, quantities as the
text that was billed and its nearest double, money in millionths. A line that cannot be read gets a fault number; it is
never dropped.
"""

from __future__ import annotations

from emissions.billing.files import BillFile
from emissions.billing.formats import KEY_FIELDS
from emissions.billing.normalise import fields_query, literal, quantity_is_double

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
    10: ("line.formula", "a text begins like a spreadsheet's formula."),
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


def line_query(file: BillFile, number: int, *, numbered: bool = False, exact_ids: bool = False) -> str:
    """The normalised lines of a file: LINE_COLUMNS, the texts of the rate key, payer, currency and period.

    `numbered` adds `row_no`; `exact_ids` adds `line_id`, `start_us` and `end_us`, by which duplicates are told, and
    `revision`, which tells corrections from what they correct.
    """
    format_ = file.bill_format
    double = quantity_is_double(file)
    energy = ", ".join(literal(kind) for kind in sorted(format_.energy_line_types))
    quantity_text = "NULL" if double else "quantity"
    quantity = "quantity" if double else "TRY_CAST(quantity AS DOUBLE)"
    spelled = "TRUE" if double else f"length(quantity) <= 48 AND regexp_full_match(quantity, {literal(_NUMBER)})"
    # A zero that is written with an exponent may be a number too small to hold: nobody bills that.
    tiny = "FALSE" if double else f"({quantity}) = 0 AND contains(lower(quantity), 'e')"
    key = ", ".join(KEY_FIELDS)
    extra = (", line_id, start_us, end_us, revision" if exact_ids else "") + (", row_no" if numbered else "")
    return f"""
SELECT {number}::USMALLINT AS file, payer, currency, account, period, month, hour, {key},
  hash({key}) AS k, x AS quantity, quantity_text, cost_micro, energy, invoiced AS invoice,
  CASE WHEN formula THEN 10 WHEN line_type = '' THEN 1 WHEN NOT energy THEN 0
    WHEN account = '' THEN 2 WHEN month IS NULL THEN 3 WHEN period IS NULL THEN 4 WHEN month <> period THEN 5
    WHEN NOT coalesce(spelled AND isfinite(x) AND abs(x) < 1e30 AND (x = 0 OR abs(x) > 1e-30) AND NOT tiny, FALSE) THEN 6
    WHEN cost_micro IS NULL THEN 7 ELSE 0 END::UTINYINT AS fault,
  CASE WHEN line_id = '' THEN NULL ELSE hash(line_id, start_us, end_us) END AS h{extra}
FROM (
  SELECT *, {quantity} AS x, {quantity_text} AS quantity_text, {spelled} AS spelled,
    epoch_us(start) // {_HOUR_US} AS hour, epoch_us(start) AS start_us, epoch_us("end") AS end_us,
    (12 * year(start) + month(start) - 1)::INTEGER AS month,
    (12 * year(period_start) + month(period_start) - 1)::INTEGER AS period,
    line_type IN ({energy}) AS energy, invoice <> '' AS invoiced,
    CASE WHEN abs(cost) * 1e6 < {_EXACT} THEN floor(abs(cost) * 1e6 + 0.5)::BIGINT * sign(cost)::BIGINT END AS cost_micro,
    {tiny} AS tiny
  FROM ({fields_query(file, numbered=numbered)})
)"""  # noqa: S608


_LABEL = f"k, {', '.join(KEY_FIELDS)}, payer, currency, period, energy AS keyed"


def label_query(lines: str) -> str:
    """The distinct rate keys of lines with their hash, payer, currency and period; `keyed` tells lines with energy."""
    return f"SELECT DISTINCT {_LABEL} FROM {lines}"  # noqa: S608
