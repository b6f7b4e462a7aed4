"""How a bill format is declared, and which one a file is written in.

A format is data: which columns it needs, what they mean, which line types carry energy, and which units it counts in.
Detection looks at column names only. To add a format, add a module with one `BillFormat` and name it in `FORMATS`
(docs/add-a-bill-format.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from cloudtuner.errors import BillError

# What the engine asks of every format. A format maps each to one of its columns; those in `optional` may be missing.
FIELDS = (
    "payer",
    "account",
    "invoice",
    "period_start",
    "line_id",
    "line_type",
    "start",
    "end",
    "service",
    "usage_type",
    "operation",
    "unit",
    "region",
    "instance_type",
    "quantity",
    "cost",
    "currency",
)
KEY_FIELDS = ("service", "usage_type", "operation", "unit", "region", "instance_type")


@dataclass(frozen=True)
class Unit:
    """What a billed unit measures: `factor` of `dimension` per unit ("1K tokens" = 1000 of token)."""

    dimension: str
    factor: Fraction


@dataclass(frozen=True)
class BillFormat:
    """One bill format, declared.

    `columns` maps each of FIELDS to a column name; a file without one of the columns that are not in `optional` is
    refused. `energy_line_types` are the line types that stand for something that ran. `absent` are the texts that mean
    no value. `units` is keyed by lower-case text. `effective_costs` maps line types that were paid for beforehand to the
    column with what was paid, which counts instead of `cost` where a file has it.
    """

    name: str
    title: str
    provider: str
    columns: Mapping[str, str]
    optional: frozenset[str]
    energy_line_types: frozenset[str]
    units: Mapping[str, Unit]
    absent: tuple[str, ...] = ("", "NULL")
    effective_costs: Mapping[str, str] = field(default_factory=dict)

    @property
    def required(self) -> tuple[str, ...]:
        """The column names without which a file is refused, in the order of FIELDS."""
        return tuple(self.columns[name] for name in FIELDS if name in self.columns and name not in self.optional)

    def missing(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Which required columns a file lacks."""
        there = set(columns)
        return tuple(name for name in self.required if name not in there)


def find_format(name: str, formats: Sequence[BillFormat]) -> BillFormat:
    """The format of that name; raises BillError naming those there are."""
    for candidate in formats:
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in formats)
    raise BillError(f"no bill format is called {name!r}.", code="bill.format_unknown", hint=f"Formats: {known}.")


def detect_format(columns: Sequence[str], *, where: str, formats: Sequence[BillFormat]) -> BillFormat:
    """The one format whose required columns are all there; raises BillError naming what the nearest one lacks."""
    for candidate in formats:
        if not candidate.missing(columns):
            return candidate
    nearest = min(formats, key=lambda candidate: len(candidate.missing(columns)))
    lacking = nearest.missing(columns)
    if len(lacking) == len(nearest.required):
        raise BillError(
            "the first line names no column of a bill format we know.",
            code="bill.columns",
            where=f"{where}, line 1",
            hint=f"Give an export of one of these: {', '.join(candidate.title for candidate in formats)}.",
        )
    raise missing_columns(nearest, lacking, where=where)


def missing_columns(bill_format: BillFormat, lacking: Sequence[str], *, where: str) -> BillError:
    """The refusal of a file that lacks columns."""
    return BillError(
        f"{bill_format.title} needs the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}.",
        code="bill.columns",
        where=f"{where}, line 1",
        hint="Add them to the export and deliver it again.",
    )
