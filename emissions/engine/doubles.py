"""Which lines stand in a bill twice: same line id, start and end. One of each stays."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from emissions.billing.formats import KEY_FIELDS
from emissions.engine.faults import NO_COST, NO_QUANTITY
from emissions.engine.lines import LineSource
from emissions.engine.reading import reading
from emissions.engine.survey import TWIN, profile_number

# A correction stays instead of the line it corrects. Of copies that differ, a faulty one stays, else the one with the
# smallest quantity: a duplicate can never overstate. What follows only makes the choice the same every time.
ONE_OF_DOUBLES = (
    "PARTITION BY line_id, start_us, end_us "
    f"ORDER BY revision DESC, fault DESC, quantity, {', '.join(KEY_FIELDS)}, cost_micro, account, energy, invoiced, file, row_no"
)


def line_fault(profile: str = "p", line: str = "l") -> str:
    """The fault of a line by itself, given its profile's: what its texts, then what its amounts say."""
    return (
        f"CASE WHEN {profile}.fault > 0 OR NOT {profile}.energy THEN {profile}.fault "
        f"WHEN {line}.quantity IS NULL THEN {NO_QUANTITY} WHEN {line}.cost_micro IS NULL THEN {NO_COST} ELSE 0 END"
    )


def drop(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[LineSource],
    twice: Sequence[npt.NDArray[np.uint64]],
    *,
    by_month: bool,
) -> int:
    """Fills the table `dropped` (file, row_no) with the copies that do not count; tells how many there are.

    `twice` are the hashes of candidates, slice by slice; the texts decide. Their profiles lose the lines, and of the
    lines with a sound quantity and money those that were such: two copies must never make up for a faulty line.
    """
    connection.execute(
        "CREATE OR REPLACE TABLE dropped (file USMALLINT, row_no BIGINT, profile BIGINT, sound BOOLEAN, priced BOOLEAN)"
    )
    connection.register("twice_arrow", pa.table({"h": np.concatenate(twice)}))
    connection.execute("CREATE OR REPLACE TEMP TABLE doubled AS SELECT h FROM twice_arrow")
    connection.unregister("twice_arrow")
    if not connection.execute("SELECT count(*) FROM doubled").fetchall()[0][0]:
        return 0
    candidates = " UNION ALL ".join(
        f"SELECT {profile_number(source, by_month=by_month)} AS profile, file, row_no, line_id, start_us, end_us, revision, "  # noqa: S608
        f"quantity, cost_micro FROM (SELECT * FROM ({source.lines()}) WHERE {source.identified}) "
        f"WHERE {TWIN} IN (SELECT h FROM doubled)"
        for source in sources
    )
    with reading(sources[0].file):
        connection.execute(
            f"INSERT INTO dropped SELECT file, row_no, profile, quantity IS NOT NULL, cost_micro IS NOT NULL FROM ("  # noqa: S608
            f"SELECT l.*, {line_fault()} AS fault, p.* EXCLUDE (profile, fault) "
            f"FROM ({candidates}) l JOIN profile p USING (profile)) QUALIFY row_number() OVER ({ONE_OF_DOUBLES}) > 1"
        )
    connection.execute(
        "UPDATE profile SET lines = lines - lost, sound = profile.sound - lost_sound, priced = profile.priced - lost_priced "
        "FROM (SELECT profile AS number, count(*) AS lost, countif(sound) AS lost_sound, countif(priced) AS lost_priced "
        "FROM dropped GROUP BY 1) WHERE number = profile"
    )
    return int(connection.execute("SELECT count(*) FROM dropped").fetchall()[0][0])
