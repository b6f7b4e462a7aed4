"""How lines become sums: the only module that writes Ibis.

The fact query is one join with the rate card, one multiply, one rounding per line and integer sums. It is written once
in Ibis and compiled to DuckDB's SQL; results leave by Arrow. Lines beyond the memory limit spill under the work folder,
so a bill may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from cloudtuner.errors import BillError, CloudTunerError
from emissions.billing.files import BillFile
from emissions.billing.formats import KEY_FIELDS
from emissions.billing.normalise import literal
from emissions.engine.ratecard import Rate
from emissions.engine.ratekey import RateKey
from emissions.engine.reading import Progress, connect, read_files, reading
from emissions.engine.results import HOURS_SCHEMA
from emissions.engine.staging import LINE_COLUMNS, TOO_LARGE, WRONG_UNIT, line_query

if TYPE_CHECKING:
    from ibis.expr.types import NumericValue, Table

# Ibis takes a second to load and only an estimate needs it, so it loads where the queries are written, not where this
# module is imported (the web process imports the engine for its id).
_EXACT = "9007199254740992.0"
_LABELS = ("region", "service", "category", "quality", "basis")
_MEASURES = ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul")
_CARD_SCHEMA = {
    "k": "uint64",
    "month": "int32",
    "slot": "int32",
    "by_cost": "boolean",
    **{f"{name}_rate": "float64" for name in _MEASURES},
}
_LINE_SCHEMA = {
    "account": "string",
    "hour": "int64",
    "month": "int32",
    "k": "uint64",
    "quantity": "float64",
    "cost_micro": "int64",
    "energy": "boolean",
    "fault": "uint8",
}
_SLOT_SCHEMA = {"slot": "int32", **dict.fromkeys(_LABELS, "string")}

# A correction stays instead of the line it corrects. Of copies that differ, a faulty one stays, else the one with the
# smallest quantity: a duplicate can never overstate.
_ONE_OF_DOUBLES = (
    "PARTITION BY line_id, start_us, end_us "
    "ORDER BY revision DESC, fault DESC, quantity, k, cost_micro, account, energy, invoice, file"
)


@dataclass(frozen=True)
class KeyUse:
    """One distinct rate key in one month: its number in the lines table, and its largest amounts."""

    key: RateKey
    month: int
    number: int
    lines: int
    largest_quantity: float
    largest_cost_micro: int


@dataclass(frozen=True)
class TracedRow:
    """One good energy-bearing line as it stands in its file; `record` counts records from 1."""

    file: int
    record: int
    key: RateKey
    month: int
    quantity: str
    cost_micro: int


def traced_rows(
    files: Sequence[BillFile], work_dir: Path, *, account: str, hour: int, threads: int, memory_limit: str
) -> list[TracedRow]:
    """The lines of an account's hour, read from the files with their record numbers; duplicates once, as in `Facts`."""
    parts = " UNION ALL ".join(
        f"(SELECT * FROM ({line_query(file, number, numbered=True, exact_ids=True)}) WHERE account = $account AND hour = $hour)"  # noqa: S608
        for number, file in enumerate(files)
    )
    names = ", ".join(KEY_FIELDS)
    with connect(work_dir, threads=threads, memory_limit=memory_limit) as connection, reading(files[0]):
        rows = connection.execute(
            f"SELECT {names}, month, file, row_no, quantity, quantity_text, cost_micro FROM ("  # noqa: S608
            f"SELECT * FROM ({parts}) QUALIFY line_id = '' OR row_number() OVER ({_ONE_OF_DOUBLES}) = 1) "
            "WHERE energy AND fault = 0 ORDER BY file, row_no",
            {"account": account, "hour": hour},
        ).fetchall()
    provider = files[0].bill_format.provider
    return [
        TracedRow(file, record, RateKey(provider, *key), month, repr(double) if text is None else text, cost)
        for *key, month, file, record, double, text, cost in rows
    ]


def _quantised(value: NumericValue) -> NumericValue:
    """Nearest integer, halves away from zero: floor(|v| + 0.5) with the sign put back."""
    import ibis

    half = ibis.literal(0.5, "float64")
    return (value.abs() + half).floor().cast("int64") * value.sign().cast("int64")


def _valued() -> Table:
    """Each good energy-bearing line with its integers. The only place where a line is multiplied."""
    import ibis

    line = ibis.table(_LINE_SCHEMA, name="line")
    card = ibis.table(_CARD_SCHEMA, name="card")
    good = line.filter(line.energy & (line.fault == ibis.literal(0, "uint8")))
    joined = good.join(card, ["k", "month"])
    amount = ibis.ifelse(joined["by_cost"], joined["cost_micro"].cast("float64"), joined["quantity"])
    return joined.mutate(**{name: _quantised(amount * joined[f"{name}_rate"]) for name in _MEASURES})


@cache
def fact_sql(dialect: str = "duckdb") -> str:
    """The fact query: hourly integers per account, region, service, category, quality and basis."""
    import ibis

    valued = _valued()
    sums = {name: valued[name].sum().cast("int64") for name in (*_MEASURES, "cost_micro")}
    grouped = valued.group_by(["account", "hour", "slot"]).aggregate(**sums, lines=valued.count())
    slot = ibis.table(_SLOT_SCHEMA, name="slot")
    named = grouped.join(slot, "slot")
    order = ("account", "hour", *_LABELS)
    return str(ibis.to_sql(named.select(*HOURS_SCHEMA.names).order_by(*order), dialect=dialect))


@cache
def priced_sql(dialect: str = "duckdb") -> str:
    """Energy, embodied and money per service over the lines that used energy and cost something."""
    import ibis

    valued = _valued()
    slot = ibis.table(_SLOT_SCHEMA, name="slot")
    priced = valued.filter((valued["cost_micro"] > 0) & (valued["energy_uwh"] > 0))
    names = ("energy_uwh", "embodied_ug", "cost_micro")
    # By slot first: a small number to group by where there are many lines, names only for the few sums.
    by_slot = priced.group_by("slot").aggregate(**{name: priced[name].sum() for name in names}).join(slot, "slot")
    sums = {name: by_slot[name].sum() for name in names}
    return str(ibis.to_sql(by_slot.group_by("service").aggregate(**sums), dialect=dialect))


class Facts:
    """The lines of one bill in a database of their own, until it is closed."""

    def __init__(self, files: Sequence[BillFile], work_dir: Path, *, threads: int, memory_limit: str) -> None:
        self.files = files
        self._connection = connect(work_dir, threads=threads, memory_limit=memory_limit)
        self.duplicates = 0

    def close(self) -> None:
        """Lets go of the database."""
        self._connection.close()

    def stage(self, tell: Progress) -> None:
        """Reads the files into lines one by one, telling rows on the way; then counts duplicates once."""
        read_files(self._connection, self.files, tell)
        self._drop_duplicates()

    def _drop_duplicates(self) -> None:
        """Keeps one line of each (line id, interval). Hashes find the candidates, the texts decide."""
        run = self._connection.execute
        run("CREATE TABLE doubled AS SELECT h FROM line WHERE h IS NOT NULL GROUP BY h HAVING count(*) > 1")
        if not self._one("SELECT count(*) FROM doubled"):
            return
        before = self._one("SELECT count(*) FROM line")
        run("DELETE FROM line WHERE h IN (SELECT h FROM doubled)")
        names = ", ".join(LINE_COLUMNS)
        # All files together: the same line may come in two of them.
        parts = " UNION ALL ".join(
            f"(SELECT * FROM ({line_query(file, number, exact_ids=True)}) WHERE h IN (SELECT h FROM doubled))"  # noqa: S608
            for number, file in enumerate(self.files)
        )
        run(
            f"INSERT INTO line SELECT {names} FROM ({parts}) QUALIFY row_number() OVER ({_ONE_OF_DOUBLES}) = 1"  # noqa: S608
        )
        self.duplicates = before - self._one("SELECT count(*) FROM line")

    def keys(self) -> list[KeyUse]:
        """The distinct rate keys and months of the good energy-bearing lines."""
        names = ", ".join(KEY_FIELDS)
        provider = self.files[0].bill_format.provider
        labels = self._connection.execute(f"SELECT DISTINCT k, {names} FROM label WHERE keyed").fetchall()  # noqa: S608
        keys = {number: RateKey(provider, *texts) for number, *texts in labels}
        if len(keys) != len(labels):
            raise CloudTunerError(
                "two rate keys share a number.", code="engine.key_collision", hint="Report this bill's columns."
            )
        rows = self._connection.execute(
            "SELECT k, month, count(*), max(abs(quantity)), max(abs(cost_micro)) FROM line "
            "WHERE energy AND fault = 0 GROUP BY k, month"
        ).fetchall()
        uses = [KeyUse(keys[number], month, number, *rest) for number, month, *rest in rows]
        return sorted(uses, key=lambda use: (use.key, use.month))

    def mark_unit(self, use: KeyUse) -> None:
        """Quarantines the lines of a key whose unit does not fit."""
        self._connection.execute(
            f"UPDATE line SET fault = {WRONG_UNIT} WHERE k = ? AND month = ? AND energy AND fault = 0",  # noqa: S608
            [use.number, use.month],
        )

    def mark_too_large(self, use: KeyUse, rate: Rate) -> None:
        """Quarantines the lines of a key that come to 2^53 or more in any measure."""
        amount = "cost_micro::DOUBLE" if rate.by_cost else "quantity"
        self._connection.execute(
            f"UPDATE line SET fault = {TOO_LARGE} WHERE k = ? AND month = ? AND energy AND fault = 0 "  # noqa: S608
            f"AND abs({amount}) * ?::DOUBLE >= {_EXACT}",
            [use.number, use.month, rate.ceiling],
        )

    def lay_card(self, rates: Iterable[tuple[KeyUse, Rate]]) -> None:
        """Puts a rate card beside the lines, in place of any before it."""
        slots: dict[tuple[str, ...], int] = {}
        columns: dict[str, list[object]] = {name: [] for name in _CARD_SCHEMA}
        for use, rate in rates:
            label = (rate.region, use.key.service, rate.category, rate.quality, rate.basis)
            columns["k"].append(use.number)
            columns["month"].append(use.month)
            columns["slot"].append(slots.setdefault(label, len(slots)))
            columns["by_cost"].append(rate.by_cost)
            for name, double in zip(_MEASURES, rate.doubles, strict=True):
                columns[f"{name}_rate"].append(double)
        types = {"uint64": pa.uint64(), "int32": pa.int32(), "boolean": pa.bool_(), "float64": pa.float64()}
        card = pa.table({name: pa.array(columns[name], types[kind]) for name, kind in _CARD_SCHEMA.items()})
        names = {name: [label[place] for label in slots] for place, name in enumerate(_LABELS)}
        slot = pa.table(
            {"slot": pa.array(list(slots.values()), pa.int32())}
            | {name: pa.array(values, pa.string()) for name, values in names.items()}
        )
        for name, table in (("card", card), ("slot", slot)):
            self._connection.register(f"{name}_arrow", table)
            self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM {name}_arrow")  # noqa: S608
            self._connection.unregister(f"{name}_arrow")

    def hours(self) -> pa.Table:
        """The hourly rows under the card that lies there."""
        try:
            return self._connection.sql(fact_sql()).to_arrow_table().cast(HOURS_SCHEMA)
        except pa.ArrowInvalid as error:
            raise BillError("the bill's sums do not fit 64 bits.", code="bill.too_large") from error

    def priced(self) -> dict[str, tuple[int, int, int]]:
        """Per service: energy µWh, embodied µg and money of the lines that used energy and cost something."""
        rows = self._connection.execute(priced_sql()).fetchall()
        return {service: (energy, embodied, cost) for service, energy, embodied, cost in rows}

    def totals(self) -> tuple[int, int, int]:
        """How many lines there are, how many are quarantined, and how many carry no energy."""
        lines, faulty, idle = self._connection.execute(
            "SELECT count(*), count(*) FILTER (fault > 0), count(*) FILTER (fault = 0 AND NOT energy) FROM line"
        ).fetchall()[0]
        return lines, faulty, idle

    def distinct(self, column: str) -> list[str]:
        """The texts of payer or currency that the lines name, sorted, without the empty one."""
        rows = self._connection.execute(f"SELECT DISTINCT {column} FROM label WHERE {column} <> '' ORDER BY 1").fetchall()  # noqa: S608
        return [row[0] for row in rows]

    def periods(self) -> list[int]:
        """The billing months that the lines name."""
        rows = self._connection.execute("SELECT DISTINCT period FROM label WHERE period IS NOT NULL ORDER BY 1").fetchall()
        return [row[0] for row in rows]

    def accounts(self) -> list[tuple[str, int | None, int | None, int, int, int]]:
        """Per account: first and last hour with energy, lines, lines without an invoice id, quarantined lines."""
        return self._connection.execute(
            "SELECT account, min(hour) FILTER (energy AND fault = 0), max(hour) FILTER (energy AND fault = 0), count(*), "
            "count(*) FILTER (NOT invoice), count(*) FILTER (fault > 0) FROM line GROUP BY account ORDER BY account"
        ).fetchall()

    def quantities(self, account: str) -> Iterator[tuple[int, int, str]]:
        """(hour, key number, quantity text) of an account's good lines that a rate by quantity values."""
        found = self._connection.sql(
            "SELECT line.hour, line.k, line.quantity, line.quantity_text FROM line JOIN card USING (k, month) "
            "WHERE line.account = ? AND line.energy AND line.fault = 0 AND NOT card.by_cost",
            params=[account],
        )
        for batch in found.to_arrow_reader(100_000):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                hour, number, double, text = row
                # The shortest text that reads back as the same double: Python's repr.
                yield hour, number, repr(double) if text is None else text

    def faulty_rows(
        self, verdicts: dict[tuple[int, int], tuple[int, float, float]], limit: int
    ) -> Iterator[tuple[int, int, int, str, int]]:
        """(file, record, fault, account, key number) of quarantined lines, by reading their files again with numbers.

        `verdicts` names per (key number, month) a fault, and the largest rates by quantity and by cost.
        """
        self._connection.execute(
            "CREATE OR REPLACE TEMP TABLE verdict (k UBIGINT, month INTEGER, fault UTINYINT, by_quantity DOUBLE, by_cost DOUBLE)"
        )
        for (number, month), verdict in verdicts.items():
            self._connection.execute("INSERT INTO verdict VALUES (?, ?, ?, ?, ?)", [number, month, *verdict])
        for number, file in enumerate(self.files):
            if not self._one(f"SELECT count(*) FROM line WHERE fault > 0 AND file = {number}"):  # noqa: S608
                continue
            yield from self._connection.execute(
                f"WITH numbered AS ({line_query(file, number, numbered=True)}) "  # noqa: S608
                "SELECT n.file, n.row_no, CASE WHEN n.fault > 0 THEN n.fault WHEN v.fault > 0 THEN v.fault ELSE 8 END, "
                "n.account, n.k "
                "FROM numbered n LEFT JOIN verdict v ON n.k = v.k AND n.month = v.month "
                "WHERE n.fault > 0 OR (n.energy AND (v.fault > 0 "
                f"OR abs(n.quantity) * v.by_quantity >= {_EXACT} OR abs(n.cost_micro) * v.by_cost >= {_EXACT})) "
                "QUALIFY n.h IS NULL OR row_number() OVER (PARTITION BY n.h ORDER BY n.row_no) = 1 "
                "ORDER BY n.row_no LIMIT ?",
                [limit],
            ).fetchall()

    def write_lines(self, path: Path) -> None:
        """Writes every valued line with its integers to a CSV or Parquet file, by the path's ending."""
        import ibis

        kind = "csv, header" if path.suffix == ".csv" else "parquet, compression zstd"
        valued = ibis.to_sql(
            _valued().select("account", "hour", "k", "slot", "quantity", *_MEASURES, "cost_micro"), dialect="duckdb"
        )
        key = ", ".join(KEY_FIELDS)
        self._connection.execute(
            f"COPY (SELECT v.account, v.hour, s.region, s.service, s.category, s.quality, s.basis, keys.usage_type, keys.unit, "  # noqa: S608
            f"keys.instance_type, v.quantity, {', '.join(f'v.{name}' for name in _MEASURES)}, v.cost_micro FROM ({valued}) v "
            f"JOIN slot s USING (slot) JOIN (SELECT DISTINCT k, {key} FROM label WHERE keyed) keys USING (k)) "
            f"TO {literal(str(path))} (FORMAT {kind})"
        )

    def _one(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchall()[0][0])
