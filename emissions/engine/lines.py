"""How the lines of one bill file are read, again and again: what each shares with others, its hour and its amounts.

A Parquet file is read as it is: its dictionaries make each further reading cheaper than keeping a copy. A text file is
parsed once into a Parquet file of its fields under the work folder, and read from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emissions.billing.files import BillFile
from emissions.billing.normalise import LineSql, fields_query, literal, path_sql, quoted
from emissions.billing.profile import SHARED, Profile, profile_of

HOUR_US = 3_600_000_000
EXACT = "9007199254740992.0"
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,4})?"


def month_sql(moment: str) -> str:
    """The calendar month of a moment: 12 × year + month − 1."""
    return f"(12 * year({moment}) + month({moment}) - 1)::INTEGER"


def quantity_sql(text: str, *, double: bool) -> str:
    """The nearest double of a billed quantity, NULL where it is no decimal number that can be valued.

    A zero may be a number too small to hold, which nobody bills; "0E-10", as Java writes a nought with ten places, is none.
    """
    if double:
        # Asked for what cannot be valued, which hardly a line is: the others are carried over as they are.
        return f"CASE WHEN abs({text}) >= 1e30 OR (abs({text}) <= 1e-30 AND {text} <> 0) THEN NULL ELSE {text} END"
    x = f"TRY_CAST({text} AS DOUBLE)"
    spelled = f"length({text}) <= 48 AND regexp_full_match({text}, {literal(_NUMBER)})"
    nought = f"({x} = 0 AND regexp_matches({text}, '^[+-]?[0.]+([eE]|$)'))"
    return f"CASE WHEN {spelled} AND abs({x}) < 1e30 AND (abs({x}) > 1e-30 OR {nought}) THEN {x} END"


def micro_sql(cost: str) -> str:
    """Money in millionths, halves away from zero; NULL where it is no number, or too large to be exact."""
    return f"CASE WHEN abs({cost}) * 1e6 < {EXACT} THEN (floor(abs({cost}) * 1e6 + 0.5) * sign({cost}))::BIGINT END"


@dataclass(frozen=True)
class LineSource:
    """One file that can be read again: `path` is a Parquet file, the bill's own or the parsed text.

    `columns` are the SQL of a line's own values over the file: start, end, quantity, quantity_text, cost_micro, line_id
    and revision. `timed_by` is the column that holds the start as a timestamp, and its type; empty where there is none.
    """

    number: int
    file: BillFile
    path: Path
    profile: Profile
    columns: dict[str, str]
    timed_by: tuple[str, str]

    @property
    def relation(self) -> str:
        """The FROM part, with `file_row_number`."""
        return f"read_parquet({path_sql(self.path)}, file_row_number=true)"

    @property
    def identified(self) -> str:
        """The condition on `line_id` that a line has one."""
        return " AND ".join(f"line_id <> {literal(word)}" for word in dict.fromkeys(("", *self.file.bill_format.absent)))

    @property
    def monthly(self) -> bool:
        """Whether the lines name their billing period."""
        return "period_start" in self.profile.fields

    def moment(self, us: int) -> str:
        """A moment as a constant of the type of `timed_by`, so that the reader can skip by it."""
        return f"make_timestamp{'tz' if 'tz=' in self.timed_by[1] else ''}({us}::BIGINT)"

    def lines(self, where: str = "TRUE", *, without: bool = False) -> str:
        """Every line: the parts of its profile, hour, start_us, end_us, quantity, quantity_text, cost_micro, line_id, row_no.

        `where` is over the file's own columns. `without` leaves out the rows that the table `dropped` names.
        """
        parts = ", ".join(f"{sql} AS {name}" for name, sql in self.profile.parts.items())
        own = ", ".join(f"{sql} AS {name}" for name, sql in self.columns.items())
        source = f"SELECT {parts}, {own}, file_row_number + 1 AS row_no FROM {self.relation} WHERE {where}"  # noqa: S608
        if without:
            source = f"SELECT * FROM ({source}) ANTI JOIN (SELECT row_no FROM dropped WHERE file = {self.number}) USING (row_no)"  # noqa: S608
        names = ", ".join(self.profile.parts)
        return (
            f"SELECT {names}, epoch_us(start_at) // {HOUR_US} AS hour, {month_sql('start_at')} AS month, "  # noqa: S608
            "epoch_us(start_at) AS start_us, epoch_us(end_at) AS end_us, quantity, quantity_text, cost_micro, line_id, "
            f"revision, {self.number}::USMALLINT AS file, row_no FROM ({source})"
        )


def open_lines(file: BillFile, number: int, parsed: Path | None = None) -> LineSource:
    """The lines of a Parquet file, or of the Parquet file `parsed` that `parse_query` filled from a text file."""
    if parsed is not None:
        shared = {quoted(field): quoted(field) for field in (*SHARED, "period_start")}
        fields = {field: quoted(field) for field in (*SHARED, "period_start")}
        line = LineSql(file)
        if not line.has("period_start"):
            del shared[quoted("period_start")], fields["period_start"]
        own = ("start_at", "end_at", "quantity", "quantity_text", "cost_micro", "line_id", "revision")
        own_values = {name: name for name in own}
        return LineSource(number, file, parsed, Profile(shared, fields), own_values, ("start_at", "timestamp[us]"))
    line = LineSql(file)
    return LineSource(number, file, file.path, profile_of(line), _own(line), _timed_by(line))


def parse_query(file: BillFile) -> str:
    """What is kept of a text file: its fields in their form, and a line's own values."""
    columns = ", ".join(f"{sql} AS {name}" for name, sql in _own(LineSql(file), over_fields=True).items())
    shared = ", ".join(quoted(field) for field in (*SHARED, "period_start"))
    return f"SELECT {shared}, {columns} FROM ({fields_query(file)})"  # noqa: S608


def _own(line: LineSql, *, over_fields: bool = False) -> dict[str, str]:
    """A line's own values, over the file's columns or over its fields."""

    def field(name: str) -> str:
        return quoted(name) if over_fields else line.field(name)

    double = line.quantity_is_double
    return {
        "start_at": field("start"),
        "end_at": field("end"),
        "quantity": quantity_sql(field("quantity"), double=double),
        "quantity_text": "NULL::VARCHAR" if double else field("quantity"),
        "cost_micro": micro_sql(field("cost")),
        "line_id": _line_id(line) if not over_fields else field("line_id"),
        "revision": "revision" if over_fields else line.revision(),
    }


def _line_id(line: LineSql) -> str:
    """A line's id as its column has it where it is one column: the words for none are told apart by `identified`."""
    columns = line.whole_columns("line_id") or ()
    kind = next((column.type for column in line.file.columns if columns == (column.sql,)), "")
    return columns[0] if kind in ("string", "large_string") and line.format.corrects is None else line.field("line_id")


def _timed_by(line: LineSql) -> tuple[str, str]:
    columns = line.whole_columns("start") or ()
    kind = next((column.type for column in line.file.columns if columns == (column.sql,)), "")
    return (columns[0], kind) if kind.startswith(("timestamp[s", "timestamp[ms", "timestamp[us")) else ("", "")
