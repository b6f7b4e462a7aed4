"""What a bill is made of, found by one reading: its profiles, and how many lines with which amounts each has.

A profile is one combination of what lines share (account, service, usage type, line type, …; `emissions.billing.profile`).
Everything that is decided by texts alone is decided here, once per profile; the lines afterwards are numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import numpy as np
import numpy.typing as npt

from cloudtuner.errors import CloudTunerError
from emissions.billing.formats import KEY_FIELDS, BillFormat
from emissions.billing.normalise import literal, quoted
from emissions.billing.profile import SHARED
from emissions.engine.counting import zeros
from emissions.engine.faults import FORMULA, NO_ACCOUNT, NO_LINE_TYPE, NO_PERIOD, NO_START, OUTSIDE_PERIOD
from emissions.engine.lines import HOUR_US, LineSource, month_sql
from emissions.engine.reading import reading
from emissions.engine.slices import Slice

# A line's amounts, which the sums need again.
AMOUNTS = ("hour", "quantity", "cost_micro")
# Two lines stand for one when they share it. NULL: the line has no id, so it stands for itself.
TWIN = "hash(line_id, start_us, end_us)"
_STATISTICS = """
  count(*) AS lines, count(hour) AS timed, min(hour) AS first_hour, max(hour) AS last_hour,
  count(quantity) AS sound, count(cost_micro) AS priced, max(abs(quantity)) AS largest_quantity,
  max(abs(cost_micro)) AS largest_cost_micro, min(place) AS sample
"""
# A place is a file's number and a row's: no file has a billion rows a thousand times.
FILE_BITS = 40


def profile_number(source: LineSource, *, by_month: bool) -> str:
    """The number of a line's profile: a hash of its parts, and of its month where lines of one profile span months."""
    return f"(hash({', '.join(_halves(source, by_month=by_month))}) >> 1)::BIGINT"


def _halves(source: LineSource, *, by_month: bool) -> tuple[str, str]:
    """The hashes of a profile's first and other parts. Together they tell apart profiles that share a number."""
    parts = [*source.profile.parts, *(["month"] if by_month else [])]
    middle = len(parts) // 2
    return f"hash({', '.join(parts[:middle])})", f"hash({', '.join(parts[middle:])})"


def _lines(source: LineSource, cut: Slice, *, by_month: bool) -> str:
    return (
        f"SELECT {profile_number(source, by_month=by_month)} AS profile, {_halves(source, by_month=by_month)[0]} AS half, "  # noqa: S608
        f"({source.number}::BIGINT << {FILE_BITS}) + row_no AS place, {', '.join(AMOUNTS)}, "
        f"CASE WHEN {source.identified} THEN {TWIN} END AS twin FROM ({source.lines(cut.where(source))})"
    )


def look(connection: duckdb.DuckDBPyConnection, sources: Sequence[LineSource], *, by_month: bool) -> bool:
    """Fills the tables `profile` and `key`, or answers False: a profile spans months, so they have to be told apart.

    That is the case for lines of one profile in two months, and for those of which only some have a time.
    """
    lines = " UNION ALL ".join(_lines(source, Slice(), by_month=by_month) for source in sources)
    # Lines of two files are told apart until their texts are known: the same parts may mean other fields there.
    apart = f", place >> {FILE_BITS}" if len(sources) > 1 else ""
    sampled = " UNION ALL ".join(_sampled(source) for source in sources)
    with _naming(connection, sources, Slice()):
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE grouped AS "  # noqa: S608
            f"SELECT profile, half, {_STATISTICS} FROM ({lines}) GROUP BY profile, half{apart}"
        )
        connection.execute(f"CREATE OR REPLACE TEMP TABLE surveyed AS {sampled}")
    _profiles(connection, sources[0].file.bill_format, monthly=all(source.monthly for source in sources))
    if not by_month and connection.execute("SELECT count(*) FROM profile WHERE energy AND mixed").fetchall()[0][0]:
        return False
    _keys(connection)
    return True


def twins(
    cursor: duckdb.DuckDBPyConnection, sources: Sequence[LineSource], cut: Slice, *, part: int, parts: int, about: int
) -> npt.NDArray[np.uint64]:
    """The hashes that more than one line of a slice has, of those that fall into one of so many parts.

    `about` is how many lines such a part has; each takes eight bytes.
    """
    within = f" AND twin % {parts} = {part}" if parts > 1 else ""
    lines = " UNION ALL ".join(
        f"SELECT twin FROM ({_lines(source, cut, by_month=False)}) WHERE twin IS NOT NULL{within}"  # noqa: S608
        for source in sources
    )
    hashes, used = zeros(about, np.uint64), 0
    with _naming(cursor, sources, cut):
        for batch in cursor.sql(lines).to_arrow_reader():
            if used + batch.num_rows > len(hashes):
                hashes = np.concatenate((hashes, zeros(max(about, batch.num_rows), np.uint64)))
            hashes[used : used + batch.num_rows] = batch["twin"].to_numpy()
            used += batch.num_rows
    # Sorted, equal ones stand together: a fifth of the time that grouping them takes.
    found = hashes[:used]
    found.sort()
    return np.unique(found[1:][found[1:] == found[:-1]])


@contextmanager
def _naming(cursor: duckdb.DuckDBPyConnection, sources: Sequence[LineSource], cut: Slice) -> Iterator[None]:
    """Turns a complaint about several files into one about the first that cannot be read."""
    try:
        yield
    except duckdb.Error as error:
        for source in sources:
            with reading(source.file):
                if source is sources[-1]:
                    raise error
                cursor.execute(f"SELECT count(*), bit_xor(profile), bit_xor(twin) FROM ({_lines(source, cut, by_month=False)})")  # noqa: S608


def _sampled(source: LineSource) -> str:
    """One line of each profile of a file, with its texts."""
    texts = ", ".join(f"{source.profile.fields[field]} AS {quoted(field)}" for field in SHARED)
    period = month_sql(source.profile.fields["period_start"]) if source.monthly else "NULL::INTEGER"
    return (
        f"SELECT {texts}, {period} AS period, {source.profile.formula} AS formula, "  # noqa: S608
        f"grouped.* EXCLUDE (sample) FROM ({source.lines()}) AS line "
        f"JOIN grouped ON line.row_no = grouped.sample - ({source.number}::BIGINT << {FILE_BITS}) "
        f"WHERE grouped.sample >> {FILE_BITS} = {source.number}"
    )


def _profiles(connection: duckdb.DuckDBPyConnection, bill_format: BillFormat, *, monthly: bool) -> None:
    """Sums the profiles of all files and says of each in which month it is, and what is wrong with it as a whole."""
    shared = ", ".join(quoted(field) for field in SHARED)
    energy = ", ".join(literal(kind) for kind in sorted(bill_format.energy_line_types))
    told = "period" if monthly else "coalesce(period, month)"
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE profile AS
SELECT *, CASE WHEN formula THEN {FORMULA} WHEN line_type = '' THEN {NO_LINE_TYPE} WHEN NOT energy THEN 0
    WHEN account = '' THEN {NO_ACCOUNT} WHEN month IS NULL THEN {NO_START} WHEN told IS NULL THEN {NO_PERIOD}
    WHEN told <> month THEN {OUTSIDE_PERIOD} ELSE 0 END::UTINYINT AS fault
FROM (SELECT *, {told} AS told FROM (
  SELECT profile, half, {shared}, period, formula, line_type IN ({energy}) AS energy, invoice <> '' AS invoiced,
    {month_sql(_moment("max(last_hour)"))} IS DISTINCT FROM {month_sql(_moment("min(first_hour)"))}
      OR (sum(timed) > 0 AND sum(timed) < sum(lines)) AS mixed,
    {month_sql(_moment("min(first_hour)"))} AS month,
    sum(lines)::BIGINT AS lines, sum(sound)::BIGINT AS sound,
    sum(priced)::BIGINT AS priced, max(largest_quantity) AS largest_quantity,
    max(largest_cost_micro) AS largest_cost_micro
  FROM surveyed GROUP BY ALL
))""")  # noqa: S608
    numbers, profiles = connection.execute("SELECT count(DISTINCT profile), count(*) FROM profile").fetchall()[0]
    if numbers != profiles:
        raise CloudTunerError("two profiles share a number.", code="engine.key_collision", hint="Report this bill's columns.")


def _moment(hour: str) -> str:
    return f"make_timestamp({hour} * {HOUR_US})"


def _keys(connection: duckdb.DuckDBPyConnection) -> None:
    """Numbers the distinct rate keys and months of the profiles that carry energy."""
    key = ", ".join(KEY_FIELDS)
    connection.execute(f"""
CREATE OR REPLACE TEMP TABLE key AS
SELECT row_number() OVER (ORDER BY {key}, month)::INTEGER AS number, * FROM (
  SELECT {key}, month, sum(lines)::BIGINT AS lines, max(largest_quantity) AS largest_quantity,
    coalesce(max(largest_cost_micro), 0) AS largest_cost_micro
  FROM profile WHERE energy AND fault = 0 AND sound > 0 GROUP BY ALL
)""")  # noqa: S608
