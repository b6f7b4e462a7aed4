"""What a bill is made of, found by one reading: its profiles, and how many lines with which amounts each has.

A profile is one combination of what lines share (account, service, usage type, line type, …; `emissions.billing.profile`).
Everything that is decided by texts alone is decided here, once per profile; the lines afterwards are numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from cloudtuner.errors import CloudTunerError
from emissions.billing.formats import KEY_FIELDS, BillFormat
from emissions.billing.normalise import literal, quoted
from emissions.billing.profile import SHARED
from emissions.engine.faults import FORMULA, NO_ACCOUNT, NO_LINE_TYPE, NO_PERIOD, NO_START, OUTSIDE_PERIOD
from emissions.engine.lines import LineSource, month_sql

_STATISTICS = """
  count(*) AS lines, count(hour) AS timed, min(start_us) AS first_us, max(start_us) AS last_us,
  count(quantity) AS sound, count(cost_micro) AS priced, max(abs(quantity)) AS largest_quantity,
  max(abs(cost_micro)) AS largest_cost_micro, min(row_no) AS sample
"""


def profile_number(source: LineSource, *, by_month: bool) -> str:
    """The number of a line's profile: a hash of its parts, and of its month where lines of one profile span months."""
    return f"(hash({', '.join(_parts(source, by_month=by_month))}) >> 1)::BIGINT"


def _parts(source: LineSource, *, by_month: bool) -> list[str]:
    return [*source.profile.parts, *(["month"] if by_month else [])]


def survey(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[LineSource], *, run: Callable[[LineSource, str], None]
) -> bool:
    """Fills the tables `profile` and `key`; tells whether profiles are told apart by month.

    `run` executes a query that reads a file. The first reading takes a profile for one month's, as it is in nearly every
    bill; when one turns out to span months, or to have lines without a time, they are read again by month.
    """
    for by_month in (False, True):
        connection.execute("DROP TABLE IF EXISTS surveyed")
        for source in sources:
            _read(connection, source, by_month=by_month, run=run)
        _profiles(connection, sources[0].file.bill_format, monthly=all(source.monthly for source in sources))
        mixed = connection.execute("SELECT count(*) FROM profile WHERE energy AND mixed").fetchall()[0][0]
        if by_month or not mixed:
            break
    _keys(connection)
    return by_month


def _read(
    connection: duckdb.DuckDBPyConnection,
    source: LineSource,
    *,
    by_month: bool,
    run: Callable[[LineSource, str], None],
) -> None:
    """Groups one file's lines by their profiles, then reads one line of each for its texts."""
    parts = _parts(source, by_month=by_month)
    number = profile_number(source, by_month=by_month)
    run(
        source,
        # The parts hashed the other way round: profiles that share a number would differ in it.
        f"CREATE OR REPLACE TEMP TABLE grouped AS SELECT {number} AS profile, hash({', '.join(reversed(parts))}) AS again, "  # noqa: S608
        f"{_STATISTICS} FROM ({source.lines()}) GROUP BY ALL",
    )
    texts = ", ".join(f"{source.profile.fields[field]} AS {quoted(field)}" for field in SHARED)
    period = month_sql(source.profile.fields["period_start"]) if source.monthly else "NULL::INTEGER"
    sampled = (
        f"SELECT {texts}, {period} AS period, {source.profile.fields['formula']} AS formula, "  # noqa: S608
        "grouped.* EXCLUDE (sample) "
        f"FROM ({source.lines()}) AS line JOIN grouped ON line.row_no = grouped.sample"
    )
    there = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'surveyed'").fetchall()[0][0]
    run(source, f"INSERT INTO surveyed {sampled}" if there else f"CREATE TEMP TABLE surveyed AS {sampled}")


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
  SELECT profile, again, {shared}, period, formula, line_type IN ({energy}) AS energy, invoice <> '' AS invoiced,
    month(make_timestamp(min(first_us))) IS DISTINCT FROM month(make_timestamp(max(last_us)))
      OR year(make_timestamp(min(first_us))) IS DISTINCT FROM year(make_timestamp(max(last_us)))
      OR (sum(timed) > 0 AND sum(timed) < sum(lines)) AS mixed,
    {month_sql("make_timestamp(min(first_us))")} AS month,
    sum(lines)::BIGINT AS lines, sum(sound)::BIGINT AS sound,
    sum(priced)::BIGINT AS priced, max(largest_quantity) AS largest_quantity,
    max(largest_cost_micro) AS largest_cost_micro
  FROM surveyed GROUP BY ALL
))""")  # noqa: S608
    numbers, profiles = connection.execute("SELECT count(DISTINCT profile), count(*) FROM profile").fetchall()[0]
    if numbers != profiles:
        raise CloudTunerError("two profiles share a number.", code="engine.key_collision", hint="Report this bill's columns.")


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
