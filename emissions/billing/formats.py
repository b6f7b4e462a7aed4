"""How a bill format is declared.

A format is data: where its fields stand, which line types carry energy, and what its units mean. To add one, add a module
with one `BillFormat` and name it in `FORMATS` (docs/add-a-bill-format.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from emissions.billing.places import Columns, First, Source, columns_of
from emissions.billing.units import Unit

# What the engine asks of every format. A format says where each stands; those in `optional` may be missing.
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
MOMENTS = ("period_start", "start", "end")


@dataclass(frozen=True)
class Idle:
    """Lines whose `column` has one of `values` (any text, where none is named) get a line type without energy.

    An unused commitment is money for nothing that ran; a split line says again what its parent line says already.
    """

    column: str
    line_type: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corrects:
    """Lines whose `column` has one of `values` count instead of the line that `line_id` names."""

    line_id: First
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class BillFormat:
    """One bill format, declared.

    - `columns`: where each of FIELDS stands. A file without any of the columns of a field that is not in `optional` is
      refused.
    - `unlike`: columns of another format that has all the required ones too; a file with one of them is not of this one.
    - `told_by`: where the provider's name stands, and `spellings` how it is written, lower case, when other providers
      write the same columns.
    - `energy_line_types`: the line types that stand for something that ran.
    - `idle`: lines without energy whose line type does not tell.
    - `corrects`: which lines replace another.
    - `effective_costs`: for line types that were paid for beforehand, the place of what was paid; it counts instead of
      `cost` where a line has it.
    - `units`: what units mean that do not mean what they say (`emissions.billing.units`), keyed by lower-case text.
    - `moments`: how times are written beside ISO 8601, in strptime's words.
    - `lasts_hours`: how long a line lasts that names no end. A line without `period_start` belongs to the calendar month
      (UTC) that it starts in.
    - `absent`: the texts that mean no value.
    """

    name: str
    title: str
    provider: str
    columns: Mapping[str, Source]
    optional: frozenset[str]
    energy_line_types: frozenset[str]
    unlike: tuple[str, ...] = ()
    told_by: First | None = None
    spellings: frozenset[str] = frozenset()
    idle: tuple[Idle, ...] = ()
    corrects: Corrects | None = None
    effective_costs: Mapping[str, First] = field(default_factory=dict)
    units: Mapping[str, Unit] = field(default_factory=dict)
    moments: tuple[str, ...] = ()
    lasts_hours: int = 1
    absent: tuple[str, ...] = ("", "NULL")

    def missing(self, columns: Columns) -> tuple[str, ...]:
        """Which required columns a file lacks, in the order of FIELDS and by their first spelling."""
        lacking = (
            columns_of(source)[0]
            for name, source in self.columns.items()
            if name not in self.optional and columns_of(source) and not columns.has_any(source)
        )
        return tuple(dict.fromkeys(lacking))

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which a file is refused, by their first spelling."""
        return self.missing(Columns(()))

    @property
    def read_columns(self) -> tuple[str, ...]:
        """Every column that may be read of a line, in each of its spellings."""
        sources = [*self.columns.values(), *self.effective_costs.values(), *filter(None, (self.told_by,))]
        columns = [column for source in sources for column in columns_of(source)] + [idle.column for idle in self.idle]
        if self.corrects is not None:
            columns += [self.corrects.column, *columns_of(self.corrects.line_id)]
        return tuple(dict.fromkeys(columns))
