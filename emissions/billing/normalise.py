"""Which SQL brings the columns of one bill file to one form: text only, run by `emissions.engine.facts`.

Whatever the file's types, what comes out has one column per field: texts without "NULL", times in UTC, the quantity as
the text that was billed (or the double where the file holds doubles), money as a double. A value that cannot be read is
NULL or stays a text that is no number; it is never replaced and no line is dropped. What that means for a line is
decided in `emissions.engine.staging`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from emissions.billing.files import BillFile, FileColumn
from emissions.billing.formats import FIELDS, MOMENTS
from emissions.billing.places import COMPACT, LAST_PART, LOWER, Columns, First, Joined, Place, Source, places_of

_FLOATS = ("double", "float", "halffloat")
_TEXTS = ("text", "string", "large_string")
_FORMS = {COMPACT: "lower(replace({}, ' ', ''))", LAST_PART: "split_part({}, '/', -1)", LOWER: "lower({})"}


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def path_sql(path: Path) -> str:
    """A path as a reader takes it. It would take one for a pattern: each special character is put in a class of its own."""
    return literal("".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path)))


def quantity_is_double(file: BillFile) -> bool:
    """Whether the file holds quantities as doubles, so that there is no text of what was billed."""
    return LineSql(file).quantity_is_double


def fields_query(file: BillFile, *, numbered: bool = False) -> str:
    """One column per field of FIELDS, in that order and under that name, `revision`, and `row_no` if asked.

    - `start`, `end` and `period_start` are TIMESTAMP in UTC or NULL, `quantity` is VARCHAR (DOUBLE if
      `quantity_is_double`), `cost` is DOUBLE or NULL where it is no number, all others are VARCHAR and never NULL.
    - `revision` is 1 on a line that counts instead of another with the same `line_id`, `start` and `end`, else 0.
    - `row_no` (`numbered`) counts records from 1.
    """
    line = LineSql(file)
    fields = ", ".join(f"{line.field(field)} AS {quoted(field)}" for field in FIELDS)
    more = f", {line.revision()} AS revision{', row_no' if numbered else ''}"
    return f"SELECT {fields}{more} FROM {line.scan(numbered=numbered)}"  # noqa: S608


@dataclass(frozen=True)
class _Found:
    """A place in this file: its SQL before any cast, the type of that, whether it is the column itself, and the column.

    `whole` is empty for a part of a column that is no text: there the part is quicker to carry along than the column.
    """

    sql: str
    kind: str
    plain: bool
    whole: str


class LineSql:
    """The SQL of one file's fields."""

    def __init__(self, file: BillFile) -> None:
        self.file = file
        self.format = file.bill_format
        self._columns = {column.name: column for column in file.columns}
        self._find = Columns(file.names)
        self.quantity_is_double = any(found.plain and found.kind in _FLOATS for found in self._places("quantity"))

    def field(self, field: str) -> str:
        """The SQL expression of a field."""
        if field in MOMENTS:
            return self._moment(field)
        if field == "quantity" and self.quantity_is_double:
            numbers = (f"TRY_CAST({found.sql} AS DOUBLE)" for found in self._places(field))
            return f"coalesce({', '.join(numbers)})"
        if field == "cost":
            return self._money()
        if field == "line_type":
            return self._line_type()
        if field == "line_id" and self.format.corrects is not None and "line_id" in self.format.columns:
            corrected = f"nullif({self._text(self.format.corrects.line_id)}, '')"
            return f"CASE WHEN {self.revision()} = 1 THEN coalesce({corrected}, {self._line_id()}) ELSE {self._line_id()} END"
        if field == "payer" and self.format.told_by is not None:
            return self._payer()
        return self._text(self.format.columns.get(field, First()))

    def payer(self) -> str:
        """The payer alone, as the format writes it."""
        return self._text(self.format.columns["payer"])

    def provider(self) -> str:
        """The provider's name in lower case, as the line writes it; the format's where lines do not tell."""
        told = self.format.told_by
        return literal(self.format.provider) if told is None else f"lower({self._text(told)})"

    def whole_columns(self, field: str) -> tuple[str, ...] | None:
        """The columns that a text is made of, as SQL; None where it takes what a column is not enough for."""
        sources = [self.format.columns.get(field, First())]
        if field == "payer" and self.format.told_by is not None:
            sources.append(self.format.told_by)
        if field == "line_type" and any(self._at(Place(idle.column)) is not None for idle in self.format.idle):
            return None
        firsts = [first for source in sources for first in (source.parts if isinstance(source, Joined) else (source,))]
        found = [one for first in firsts for one in self._filled(first)]
        # A part of a struct has a dot outside of the quotes; only a name of its own can be carried along.
        whole = all(one.whole and one.whole == quoted(one.whole[1:-1].replace('""', '"')) for one in found)
        return tuple(dict.fromkeys(one.whole for one in found)) if whole else None

    def has(self, field: str) -> bool:
        """Whether the file has a column for the field."""
        return bool(self._places(field))

    def revision(self) -> str:
        """1 for a line that replaces another."""
        corrects = self.format.corrects
        if corrects is None or self._at(Place(corrects.column)) is None:
            return "0"
        told = self._text(First((Place(corrects.column),)))
        return f"({told} IN ({_listed(corrects.values)}))::INTEGER"

    def scan(self, *, numbered: bool) -> str:
        """The FROM part that reads the file's columns; `numbered` adds `row_no`."""
        path = path_sql(self.file.path)
        if self.file.kind == "parquet":
            if numbered:
                return f"(SELECT *, file_row_number + 1 AS row_no FROM read_parquet({path}, file_row_number=true))"  # noqa: S608
            return f"read_parquet({path})"
        columns = ", ".join(f"{column.sql}: 'VARCHAR'" for column in self.file.columns)
        if self.file.kind == "json":
            reader = f"read_json({path}, format='newline_delimited', columns={{{columns}}}, compression='none')"
            return f"(SELECT *, row_number() OVER () AS row_no FROM {reader})" if numbered else reader  # noqa: S608
        reader = (
            f"read_csv({path}, auto_detect=false, header=true, columns={{{columns}}}, delim=',', quote='\"', escape='\"', "
            "strict_mode=true, null_padding=false, nullstr='', compression='none')"
        )
        return f"(SELECT *, row_number() OVER () AS row_no FROM {reader})" if numbered else reader  # noqa: S608

    def _line_id(self) -> str:
        return self._text(self.format.columns["line_id"])

    def _at(self, place: Place) -> _Found | None:
        found = self._find.find(place.column)
        if found is None:
            return None
        name, path = found
        column = self._columns[name]
        if path:
            # A part of a column that holds JSON; a struct's parts are columns of their own.
            return _Found(_json(column.sql, path.split(".")), "text", False, column.sql) if column.type in _TEXTS else None
        if place.key:
            return _Found(_keyed(column, place.key), "text", False, column.sql if column.type in _TEXTS else "")
        return _Found(column.sql, column.type, True, column.sql)

    def _filled(self, source: First) -> list[_Found]:
        """The places of a source in this file.

        A key stands in for a column that an export left out, not for an empty one: who writes both fills both or none.
        """
        found: list[_Found] = []
        for place in source.places:
            one = self._at(place)
            if one is not None and not (place.key and any(before.plain for before in found)):
                found.append(one)
        return found

    def _places(self, field: str) -> list[_Found]:
        source = self.format.columns.get(field, First())
        return [found for place in places_of(source) if (found := self._at(place)) is not None]

    def _text(self, source: Source) -> str:
        if isinstance(source, Joined):
            parts = ", ".join(f"nullif({self._text(part)}, '')" for part in source.parts)
            return f"concat_ws({literal(source.between)}, {parts})"
        found = self._filled(source)
        if not found:
            return literal(source.default)
        texts = [self._known(one) for one in found]
        text = f"coalesce({', '.join([*texts[:-1], texts[-1]])}, '')"
        for form in source.forms:
            text = _FORMS[form].format(text)
        if source.renamed:
            cases = " ".join(f"WHEN {literal(name)} THEN {literal(known)}" for name, known in source.renamed.items())
            text = f"CASE {text} {cases} ELSE {text} END"
        return text

    def _known(self, found: _Found) -> str:
        """A text, NULL where it means no value."""
        text = found.sql if found.kind in _TEXTS else f"CAST({found.sql} AS VARCHAR)"
        for word in self.format.absent:
            text = f"nullif({text}, {literal(word)})"
        return text

    def _line_type(self) -> str:
        text = self._text(self.format.columns["line_type"])
        for idle in self.format.idle:
            if self._at(Place(idle.column)) is None:
                continue
            told = self._text(First((Place(idle.column),)))
            which = f"{told} IN ({_listed(idle.values)})" if idle.values else f"{told} <> ''"
            text = f"CASE WHEN {which} THEN {literal(idle.line_type)} ELSE {text} END"
        return text

    def _payer(self) -> str:
        """The payer; another provider's line shows as another payer's, so that such a bill is refused by name."""
        assert self.format.told_by is not None
        payer, provider = self.payer(), self._text(self.format.told_by)
        spellings = _listed(sorted(self.format.spellings))
        return f"CASE WHEN lower({provider}) IN ({spellings}) THEN {payer} ELSE concat_ws(' ', {provider}, {payer}) END"

    def _money(self) -> str:
        """What a line cost: by its line type's effective cost where there is one, else as billed.

        No cost is nothing spent; a cost that is no number is a fault.
        """
        line_type = self._line_type()
        paid = {kind: self._doubles(effective) for kind, effective in self.format.effective_costs.items()}
        billed = self._doubles(self.format.columns["cost"])
        if billed and None not in paid.values():
            whole = self.whole_columns("line_type") or ()
            # A coalesce in each branch: one around the CASE would look at every line twice.
            otherwise = f"coalesce({billed}, 0::DOUBLE)"
            cases = " ".join(
                f"WHEN {literal(kind)} THEN coalesce({double}, {billed}, 0::DOUBLE)" for kind, double in paid.items() if double
            )
            return f"CASE {whole[0] if len(whole) == 1 else line_type} {cases} ELSE {otherwise} END" if cases else otherwise
        text = self._text(self.format.columns["cost"])
        for kind, effective in self.format.effective_costs.items():
            told = self._text(effective)
            if told != "''":
                text = f"CASE WHEN {line_type} = {literal(kind)} AND {told} <> '' THEN {told} ELSE {text} END"
        return f"TRY_CAST(coalesce(nullif({text}, ''), '0') AS DOUBLE)"

    def _doubles(self, source: Source) -> str | None:
        """A number that the file holds as doubles, empty where it has none; None where it has to be read from text."""
        found = self._filled(source) if isinstance(source, First) else []
        if any(not one.plain or one.kind not in _FLOATS for one in found):
            return None
        numbers = ", ".join(f"{one.sql}::DOUBLE" for one in found)
        return f"coalesce({numbers})" if len(found) > 1 else numbers

    def _moment(self, field: str) -> str:
        places = self._places(field)
        if places:
            moments = ", ".join(self._time(found) for found in places)
            return f"coalesce({moments})" if len(places) > 1 else moments
        if field == "end":
            return f"{self._moment('start')} + INTERVAL {self.format.lasts_hours} HOUR"
        return self._moment("start") if field == "period_start" else "NULL::TIMESTAMP"

    def _time(self, found: _Found) -> str:
        """A time as TIMESTAMP in UTC. A plain cast ignores an offset such as +05:30, so only texts without one take it."""
        name = found.sql
        if found.kind not in _TEXTS:
            # Nanoseconds with a zone have no direct way to a plain timestamp.
            zoned = "tz=" in found.kind
            moment = f"CAST(CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP)" if zoned else f"CAST({name} AS TIMESTAMP)"
        else:
            plain = f"(right({name}, 1) = 'Z' OR length({name}) = 10 OR (length({name}) = 19 AND {name}[17] = ':'))"
            moment = (
                f"CASE WHEN {plain} THEN TRY_CAST({name} AS TIMESTAMP) "
                f"ELSE CAST(TRY_CAST({name} AS TIMESTAMPTZ) AS TIMESTAMP) END"
            )
            if self.format.moments:
                moment = f"coalesce({moment}, try_strptime({name}, [{_listed(self.format.moments)}]))"
        return f"CASE WHEN isfinite({moment}) THEN {moment} END"


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(literal(text) for text in texts)


def _json(sql: str, path: Sequence[str]) -> str:
    steps = "$" + "".join('."' + step.replace('"', "") + '"' for step in path)
    return f"CASE WHEN json_valid({sql}) THEN json_extract_string({sql}, {literal(steps)}) END"


def _keyed(column: FileColumn, key: str) -> str:
    """The value under a key of a map, of a list of key-value pairs, or of a JSON text that is one or the other."""
    sql, wanted = column.sql, literal(key)
    if column.type.startswith("map<"):
        return f"{sql}[{wanted}]"
    if column.type.startswith(("list<", "large_list<")):
        return f"list_filter({sql}, lambda pair: pair.key = {wanted})[1].value"
    listed = f"json_extract_string({sql}, '$[*].value')[list_position(json_extract_string({sql}, '$[*].key'), {wanted})::INTEGER]"
    return f"CASE WHEN NOT json_valid({sql}) THEN NULL WHEN json_type({sql}) = 'ARRAY' THEN {listed} ELSE {_json(sql, [key])} END"
