"""The database of one estimate: the bill's profiles, its rate card, and the passes over its files.

The survey finds the profiles, then the duplicates, then the sums follow. Each reads the files again, slice by slice, and
takes from them what it needs: nothing is held between, so memory does not grow with the number of lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb import DuckDBPyConnection

from cloudtuner.errors import CloudTunerError
from emissions.billing.files import BillFile
from emissions.billing.formats import KEY_FIELDS
from emissions.billing.normalise import literal
from emissions.engine import doubles
from emissions.engine.card import rated_table
from emissions.engine.explain import KeySum
from emissions.engine.facts import CARD_SCHEMA, LABELS, MEASURES, priced_sql, profile_sql
from emissions.engine.figures import Figures
from emissions.engine.hourly import MEAN, numbered_sql, slotted_sql
from emissions.engine.kept import Kept, whole
from emissions.engine.lines import LineSource, open_lines, parse_query
from emissions.engine.ratecard import Rate, month_range
from emissions.engine.ratekey import RateKey
from emissions.engine.reading import Progress, Running, Team, connect, following, reading
from emissions.engine.slices import Slice, slices_of
from emissions.engine.survey import AMOUNTS, look, profile_number, twins

_EXACT = 2.0**53
# Hashes of lines that may be in memory at once.
_HASHES = 16_000_000


@dataclass(frozen=True)
class KeyUse:
    """One distinct rate key in one month: its number, and its largest amounts."""

    key: RateKey
    month: int
    number: int
    largest_quantity: float
    largest_cost_micro: int


@dataclass(frozen=True)
class Summed:
    """The hourly rows of one account and quality, added up; `ug` is operational and embodied together."""

    account: str
    quality: str
    hour_from: int
    hour_through: int
    lines: int
    cost_micro: int
    energy_uwh: int
    ug: int


class Workings:
    """One bill being estimated, until it is closed."""

    def __init__(
        self, files: Sequence[BillFile], work_dir: Path, *, threads: int, memory_limit: str, kept: Kept | None = None
    ) -> None:
        self.files = files
        self.kept = kept or Kept()
        self.work_dir = work_dir
        self.connection = connect(work_dir, threads=threads, memory_limit=memory_limit)
        self.team = Team(self.connection, threads)
        self.sources: list[LineSource] = []
        self.slices: list[Slice] = [Slice()]
        self.by_month = False
        self._twice: Running[npt.NDArray[np.uint64]] | None = None
        self.duplicates = 0
        self.plain = False
        self.hourly = False

    def close(self) -> None:
        """Lets go of the database, and of what is kept of an unfinished run."""
        if self._twice is not None:
            self._twice.stop()
        self.connection.close()
        self.kept.release()

    def read(self, tell: Progress) -> None:
        """Parses text files and finds the profiles; tells rows on the way. The search for duplicates goes on after it."""
        self._open(tell)
        self.slices = slices_of(self.sources)
        self.survey()
        self._twice = self.team.start(self._searches())

    def _searches(self) -> list[Callable[[DuckDBPyConnection], npt.NDArray[np.uint64]]]:
        """The search for duplicates, in pieces whose hashes may be in memory at once."""
        rows = sum(file.rows for file in self.files)
        cuts = [Slice()] if rows <= _HASHES else self.slices
        parts = max(1, -(-rows // (len(cuts) * _HASHES)))
        search = partial(twins, sources=self.sources, parts=parts, about=-(-rows // (len(cuts) * parts)))
        return [partial(search, cut=cut, part=part) for cut in cuts for part in range(parts)]

    def survey(self) -> None:
        """Fills `profile` and `key`. The first reading takes a profile for one month's, as it is in nearly every bill."""
        if not self.sources:
            self._open(_silent)
        for self.by_month in (False, True):
            if look(self.connection, self.sources, by_month=self.by_month):
                break

    def drop_doubles(self) -> None:
        """Takes away lines that stand there twice, when the search for them has ended."""
        if self._twice is not None:
            self.duplicates = doubles.drop(self.connection, self.sources, list(self._twice), by_month=self.by_month)
            self._twice = None

    def _open(self, tell: Progress) -> None:
        total, before = sum(file.rows for file in self.files), 0
        tell("rows", 0, total)
        for number, file in enumerate(self.files):
            parsed = None
            if file.kind != "parquet":
                parsed = self.kept.path(f"lines-{number}.parquet") or self.work_dir / f"lines-{number}.parquet"
                if not parsed.exists():
                    with reading(file), whole(parsed) as beside:
                        copy = f"COPY ({parse_query(file)}) TO {literal(str(beside))} (FORMAT parquet, COMPRESSION snappy)"
                        for share in following(self.connection, copy):
                            tell("rows", min(before + int(share * file.rows), total), total)
            self.sources.append(open_lines(file, number, parsed))
            before += file.rows
            tell("rows", before, total)
            tell("read", number + 1, len(self.files))

    def keys(self) -> list[KeyUse]:
        """The distinct rate keys and months of the lines that carry energy."""
        provider = self.files[0].bill_format.provider
        rows = self.connection.execute(
            f"SELECT {', '.join(KEY_FIELDS)}, month, number, largest_quantity, largest_cost_micro FROM key ORDER BY number"  # noqa: S608
        ).fetchall()
        return [KeyUse(RateKey(provider, *row[:6]), *row[6:]) for row in rows]

    def lay_card(self, rates: Iterable[tuple[KeyUse, Rate]]) -> None:
        """Puts a rate card beside the lines, in place of any before it, and numbers the places of the sums in order."""
        given = [(use.number, rate) for use, rate in rates]
        self.hourly = any(rate.hours for _, rate in given)
        labels = ", ".join(f"profile.{name}" if name in ("account", "service") else f"rated.{name}" for name in LABELS)
        self.connection.register("rated_arrow", rated_table(given))
        self.connection.execute("CREATE OR REPLACE TEMP TABLE rated AS SELECT * FROM rated_arrow")
        self.connection.unregister("rated_arrow")
        key = ", ".join((*KEY_FIELDS, "month"))
        number = slotted_sql("profile.profile", "rated.slot") if self.hourly else "profile.profile"
        self.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE carded AS SELECT {number} AS profile, profile.* EXCLUDE (profile), key.number, "  # noqa: S608
            f"rated.* EXCLUDE (number, region), profile.profile AS base, "
            f"rated.region AS grid_region, (dense_rank() OVER (ORDER BY {labels}))::INTEGER AS place "
            f"FROM profile JOIN key USING ({key}) JOIN rated ON rated.number = key.number WHERE profile.fault = 0 AND energy"
        )
        names = ", ".join(CARD_SCHEMA)
        self.connection.execute(f"CREATE OR REPLACE TABLE card AS SELECT {names} FROM carded")  # noqa: S608
        if self.hourly and self.connection.execute("SELECT count(*) > count(DISTINCT profile) FROM card").fetchall()[0][0]:
            raise CloudTunerError("two profiles share a number.", code="engine.key_collision", hint="Report this bill's columns.")
        shown = ", ".join("grid_region AS region" if name == "region" else name for name in LABELS)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE place AS SELECT DISTINCT place, {shown} FROM carded")  # noqa: S608
        self.plain = self._is_plain()

    def _is_plain(self) -> bool:
        """Whether every line that has a rate can be valued, and no sum of a place can reach 2^53, whichever it adds.

        Asked while duplicates may still be among the lines: without them sums are smaller only.
        """
        faulty, amount, money = self.connection.execute(
            "SELECT sum(faulty), max(amount), max(money) FROM (SELECT sum(2 * lines - sound - priced) AS faulty, "  # noqa: S608
            "sum(lines * ceiling * CASE WHEN by_cost THEN largest_cost_micro ELSE largest_quantity END) AS amount, "
            f"sum(lines * largest_cost_micro::DOUBLE) AS money FROM carded WHERE slot = {MEAN} GROUP BY place)"
        ).fetchall()[0]
        # The bounds are sums of doubles themselves, and each line may be rounded up: half of the room is more than enough.
        return bool(faulty == 0 and max(amount, money) < _EXACT / 2)

    def lines(self, cut: Slice, columns: str = ", ".join(AMOUNTS), sources: Sequence[LineSource] | None = None) -> str:
        """The lines of a slice without duplicates, each with the number of its profile and the columns asked for."""
        parts = (
            f"SELECT {profile_number(source, by_month=self.by_month)} AS profile, {columns} "  # noqa: S608
            f"FROM ({source.lines(cut.where(source), without=self.duplicates > 0)})"
            for source in sources or self.sources
        )
        return " UNION ALL ".join(parts)

    def numbered(self, cut: Slice, columns: str = ", ".join(AMOUNTS)) -> str:
        """The lines of a slice as the card numbers them: by profile, and by slot of the day where a rate knows hours."""
        return numbered_sql(self.lines(cut, f"{columns}, start_us, end_us"), columns) if self.hourly else self.lines(cut, columns)

    def span(self) -> tuple[int, int] | None:
        """First and last hour of the months that the card values; None where it values nothing."""
        first, last = self.connection.execute("SELECT min(month), max(month) FROM carded").fetchall()[0]
        return None if first is None else (month_range(first)[0], month_range(last)[1])

    def summary(self, hours: pa.Table) -> list[Summed]:
        """What hourly rows come to per account and quality, in their order."""
        if not hours.num_rows:
            return []
        # Grouped by the numbers of the names: in half the time.
        same = hours.select(["account", "quality"]).unify_dictionaries()
        accounts, qualities = (column.chunk(0).dictionary.to_pylist() for column in same.columns)
        for name in same.column_names:
            numbers = pa.chunked_array([chunk.indices for chunk in same[name].chunks])
            hours = hours.set_column(hours.schema.get_field_index(name), name, numbers)
        self.connection.register("hours_arrow", hours)
        rows = self.connection.execute(
            "SELECT account, quality, min(hour), max(hour), sum(lines), sum(cost_micro), sum(energy_uwh), "
            "sum(operational_ug) + sum(embodied_ug) FROM hours_arrow GROUP BY account, quality"
        ).fetchall()
        self.connection.unregister("hours_arrow")
        named = sorted((accounts[account], qualities[quality], *map(int, figures)) for account, quality, *figures in rows)
        return [Summed(*row) for row in named]

    def priced(self) -> dict[str, tuple[int, int, int]]:
        """Per service: energy µWh, embodied µg and money of the lines that used energy and cost something."""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW line AS {self.numbered(Slice())}")
        with reading(self.files[0]):
            rows = self.connection.execute(priced_sql(plain=self.plain)).fetchall()
        return {service: (energy, embodied, cost) for service, energy, embodied, cost in rows}

    def sums_by_key(self) -> list[KeySum]:
        """Per rate key and month that the card values: its lines, their money and their integers."""
        uses = {use.number: use for use in self.keys()}
        names = ("lines", "cost_micro", *MEASURES)
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW line AS {self.numbered(Slice())}")
        with reading(self.files[0]):
            rows = self.connection.execute(
                f"SELECT number, {', '.join(f'sum(found.{name})' for name in names)} FROM ({profile_sql()}) AS found "  # noqa: S608
                "JOIN carded USING (profile) GROUP BY number ORDER BY number"
            ).fetchall()
        return [
            KeySum(uses[number].key, uses[number].month, int(lines), int(cost), Figures(*map(int, figures)))
            for number, lines, cost, *figures in rows
        ]

    def totals(self) -> tuple[int, int, int]:
        """How many lines there are, how many of them should have a value, and how many carry no energy."""
        lines, meant, idle = self.connection.execute(
            "SELECT coalesce(sum(lines), 0), coalesce(sum(lines) FILTER (energy OR fault > 0), 0), "
            "coalesce(sum(lines) FILTER (NOT energy AND fault = 0), 0) FROM profile"
        ).fetchall()[0]
        return int(lines), int(meant), int(idle)

    def distinct(self, column: str) -> list[str]:
        """The texts of payer or currency that the lines name, sorted, without the empty one."""
        rows = self.connection.execute(f"SELECT DISTINCT {column} FROM profile WHERE {column} <> '' ORDER BY 1").fetchall()  # noqa: S608
        return [row[0] for row in rows]

    def periods(self) -> list[int]:
        """The billing months that the lines name, or that they start in where the file names none."""
        rows = self.connection.execute("SELECT DISTINCT told FROM profile WHERE told IS NOT NULL ORDER BY 1").fetchall()
        return [row[0] for row in rows]

    def accounts(self) -> list[tuple[str, int, int, int]]:
        """Per account: its lines, those without an invoice id, and those that should have a value."""
        rows = self.connection.execute(
            "SELECT account, sum(lines), coalesce(sum(lines) FILTER (NOT invoiced), 0), "
            "coalesce(sum(lines) FILTER (energy OR fault > 0), 0) FROM profile GROUP BY account ORDER BY account"
        ).fetchall()
        return [(account, int(lines), int(without), int(meant)) for account, lines, without, meant in rows]


def _silent(step: str, done: int, total: int) -> None:
    pass
