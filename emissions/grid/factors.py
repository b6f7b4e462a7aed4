"""One row of a factor set: what it says, where it comes from, and for which days it answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from cloudtuner.errors import FactorError

Row = dict[str, str]


@dataclass(frozen=True)
class Factor:
    """A coefficient with its band. `low` ≤ `value` ≤ `high`; `source` and `year` travel with every result."""

    id: str
    value: Fraction
    low: Fraction
    high: Fraction
    unit: str
    quality: str
    source: str
    year: str
    note: str = ""


def number(row: Row, column: str) -> Fraction:
    """The exact value of a decimal text; raises FactorError naming the row."""
    try:
        return Fraction(row[column])
    except (ValueError, KeyError, ZeroDivisionError) as error:
        raise FactorError(
            f"{column} is not a decimal: {row.get(column)!r}.", code="factors.damaged", where=row.get("id", "?")
        ) from error


def decimal_text(value: Fraction) -> str:
    """A figure as it stands in a set: a decimal without trailing zeros.

    >>> decimal_text(Fraction("0.7290")), decimal_text(Fraction(3))
    ('0.729', '3')
    """
    text = format(Decimal(value.numerator) / Decimal(value.denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def optional_number(row: Row, column: str) -> Fraction | None:
    """The exact value, or None where the cell is empty: unknown is not zero."""
    return number(row, column) if row[column] else None


def factor_of(row: Row) -> Factor:
    """A row with value, low and high as a factor."""
    value = number(row, "value")
    return Factor(
        id=row["id"],
        value=value,
        low=number(row, "low") if row.get("low") else value,
        high=number(row, "high") if row.get("high") else value,
        unit=row["unit"],
        quality=row["quality"],
        source=row["source"],
        year=row["year"],
        note=row.get("note", ""),
    )


def in_force(row: Row, day: str) -> bool:
    """Whether a row answers for a day (ISO text): from `valid_from`, before `valid_to`, empty meaning open."""
    return (not row["valid_from"] or row["valid_from"] <= day) and (not row["valid_to"] or day < row["valid_to"])
