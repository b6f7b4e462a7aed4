"""A file with lines of several bills, cut into a Parquet file per bill.

A cut file has the columns of the one it was cut out of and one more, the line on which each record stands there. The cut
is the same, byte for byte, wherever the same release makes it, so that anybody can make it again from the file that was
delivered; and a month that a longer file repeats in the same place is the same file again.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from duckdb import DuckDBPyConnection

from emissions.billing.detection import formats_beside
from emissions.billing.files import LINE_COLUMN, BillFile, open_each
from emissions.billing.formats import BillFormat
from emissions.billing.normalise import LineSql, literal, path_sql, quoted
from emissions.billing.registry import FORMATS
from emissions.engine.kept import whole
from emissions.engine.lines import month_sql, parse_query
from emissions.engine.numbering import line_shifts
from emissions.engine.reading import reading

_OWNER = ("cloudtuner_provider", "cloudtuner_payer", "cloudtuner_month")


class Owner(NamedTuple):
    """Whose lines are, as they write it: the provider in lower case, the payer, the month; and how many lines are so."""

    provider: str
    payer: str
    month: int | None
    lines: int


class FileLines:
    """The lines of one file, told apart by whose they are.

    `formats` are those that its lines may be in; `parsed` is what the engine reads of a text file, once it was looked at.
    """

    def __init__(self, connection: DuckDBPyConnection, file: BillFile, folder: Path, *, by_month: bool) -> None:
        self.file = file
        self.formats = formats_beside(file.bill_format, FORMATS, file.names)
        self.parsed: Path | None = None
        self._run = connection
        self._folder = folder
        self._by_month = by_month
        self._laid: Path | None = None

    def owners(self) -> list[Owner]:
        """Whose lines there are. A text file is parsed for the engine, and once more only if it holds several bills."""
        if self.file.kind == "parquet":
            return self._grouped(self._lines())
        self.parsed = self._copied(parse_query(self.file), "parsed", "snappy")
        spellings = self.file.bill_format.spellings
        if self.file.bill_format.told_by is None or self._first_provider() in spellings:
            month = month_sql("period_start") if self._by_month else "NULL"
            told = f"{literal(min(spellings, default=''))}, payer, {month}"
            found = self._grouped(f"SELECT * FROM (SELECT {told} FROM {_scan(self.parsed)}) AS line({', '.join(_OWNER)})")  # noqa: S608
            # Another provider's line shows as another payer's there.
            if len({owner.payer for owner in found if owner.payer}) < 2 and len({owner.month for owner in found} - {None}) < 2:
                return found
        self._laid = self._copied(self._lines(), "laid", "snappy")
        return self._grouped(f"SELECT * FROM {_scan(self._laid)}")  # noqa: S608

    def cut(self, owners: list[Owner], bill_format: BillFormat) -> BillFile:
        """A file of these owners' lines in their order, read as `bill_format`, under the name of the file it is cut from."""
        lines = f"SELECT * FROM {_scan(self._laid)}" if self._laid is not None else self._lines()  # noqa: S608
        mine = " OR ".join(f"({' AND '.join(map(_is, _OWNER, owner[:3]))})" for owner in owners)
        (threads,) = self._run.execute("SELECT current_setting('threads')").fetchall()[0]
        # One thread: the row groups, and so the bytes, must not depend on who was faster.
        self._run.execute("SET threads = 1")
        try:
            path = self._copied(f"SELECT * EXCLUDE ({', '.join(_OWNER)}) FROM ({lines}) WHERE {mine}", _stem(owners[0]))  # noqa: S608
        finally:
            self._run.execute(f"SET threads = {threads}")
        (opened,) = open_each([path], work_dir=self._folder, format_name=bill_format.name)
        return replace(opened, name=self.file.name, export=self.file.export)

    def forget(self) -> None:
        """Removes what was written on the way to the cut files."""
        for path in (self.parsed, self._laid):
            if path is not None:
                path.unlink()

    def _copied(self, query: str, stem: str, codec: str = "zstd") -> Path:
        path = self._folder / f"{self.file.digest[2:18]}-{stem}.parquet"
        with reading(self.file), whole(path) as beside:
            self._run.execute(f"COPY ({query}) TO {literal(str(beside))} (FORMAT parquet, COMPRESSION {codec})")
        return path

    def _grouped(self, lines: str) -> list[Owner]:
        owner = ", ".join(_OWNER)
        with reading(self.file):
            rows = self._run.execute(f"SELECT {owner}, count(*) FROM ({lines}) GROUP BY ALL ORDER BY ALL").fetchall()  # noqa: S608
        return [Owner(*row) for row in rows]

    def _first_provider(self) -> str:
        line = LineSql(self.file)
        with reading(self.file):
            rows = self._run.execute(f"SELECT {line.provider()} FROM {line.scan(numbered=False)} LIMIT 1").fetchall()  # noqa: S608
        return str(rows[0][0]) if rows else ""

    def _lines(self) -> str:
        """Every line with the file's columns, its number, and whose it is."""
        line = LineSql(self.file)
        provider = line.provider()
        payers = [(each, LineSql(replace(self.file, bill_format=each)).payer()) for each in self.formats]
        payer = payers[0][1]
        if any(sql != payer for _, sql in payers):
            cases = (f"WHEN {provider} IN ({_listed(each)}) THEN {sql}" for each, sql in payers)
            payer = f"CASE {' '.join(cases)} ELSE '' END"
        month = month_sql(line.field("period_start")) if self._by_month else "NULL::INTEGER"
        owner = ", ".join(f"{sql} AS {name}" for name, sql in zip(_OWNER, (provider, payer, month), strict=True))
        source, number = self._numbered()
        return f"SELECT {self._columns()}, {number} AS {LINE_COLUMN}, {owner} FROM {source}"  # noqa: S608

    def _columns(self) -> str:
        """The file's columns under their names, without those that are asked for elsewhere."""
        if self.file.kind == "parquet":
            kept = f", {LINE_COLUMN}" if LINE_COLUMN in self.file.names else ""
            return f"* EXCLUDE (file_row_number, row_no{kept})"
        taken = {LINE_COLUMN}
        named = []
        for column in self.file.columns:
            name = column.name
            # Tags may differ in case only, which the database takes for the same name.
            while name.lower() in taken:
                name += "_"
            taken.add(name.lower())
            named.append(f"{column.sql} AS {quoted(name)}")
        return ", ".join(named)

    def _numbered(self) -> tuple[str, str]:
        """The FROM part that numbers the records, and the SQL of the line on which a record stands."""
        scan = LineSql(self.file).scan(numbered=True)
        if self.file.is_cut:
            return scan, LINE_COLUMN
        if self.file.kind != "csv":
            return scan, "row_no"
        assert self.parsed is not None
        if pq.read_metadata(self.parsed).num_rows == self.file.rows:
            return scan, "row_no + 1"
        # Values across lines: from a record on, its line is so much further down.
        records, shifts = zip(*line_shifts(self.file), strict=True)
        self._run.register("shift", pa.table({"record": list(records), "shift": list(shifts)}))
        return f"(SELECT * FROM {scan} ASOF JOIN shift ON row_no >= record ORDER BY row_no)", "row_no + shift"  # noqa: S608


def _scan(path: Path) -> str:
    return f"read_parquet({path_sql(path)})"


def _listed(bill_format: BillFormat) -> str:
    return ", ".join(map(literal, sorted(bill_format.spellings)))


def _is(name: str, value: str | int | None) -> str:
    return f"{name} IS NOT DISTINCT FROM {_constant(value)}"


def _constant(value: str | int | None) -> str:
    return "NULL" if value is None else literal(value) if isinstance(value, str) else str(value)


def _stem(owner: Owner) -> str:
    return hashlib.sha256(repr(owner[:3]).encode()).hexdigest()[:16]
