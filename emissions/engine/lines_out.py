"""Every valued line written to a file: what it came to, and by which factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.errors import ConfigurationError
from emissions.billing.normalise import literal
from emissions.engine.cells import neutral_sql
from emissions.engine.facts import lines_sql
from emissions.engine.kept import whole
from emissions.engine.numbering import line_shifts
from emissions.engine.ratecard import Rate
from emissions.engine.ratekey import LONGER, RateKey
from emissions.engine.reading import reading
from emissions.engine.slices import Slice
from emissions.engine.terms import Term
from emissions.engine.workings import Workings

COLUMNS = (
    "file",
    "line_number",
    "line_id",
    "hour_utc",
    "usage_account",
    "provider",
    "service",
    "region",
    "rate_key",
    "quantity",
    "unit",
    "energy_uwh",
    "co2e_operational_ug",
    "co2e_embodied_ug",
    "co2e_low_ug",
    "co2e_high_ug",
    "water_ul",
    "category",
    "quality",
    "reason",
    "basis",
    "factor_ids",
)
ENDINGS = (".csv", ".parquet")
_FORMS = {".csv": "csv, header", ".parquet": "parquet, compression zstd"}
# Texts that come from the bill; a quantity is a number, and may begin with its sign.
_TEXTS = ("file", "line_id", "usage_account", "service", "region", "rate_key", "unit", "reason")


def write_lines(workings: Workings, rates: Mapping[int, Rate], path: Path) -> None:
    """Writes each valued line with its integers, in the order of the files, to a CSV or Parquet file by the path's ending.

    `rates` are those that lie in the card, by the number of their key. Quantities stay as billed; `factor_ids` are
    separated by spaces. The file is there whole or not at all; raises ConfigurationError where it cannot be written.
    """
    run = workings.connection.execute
    # Lines that last longer than an hour have a key of their own, and not the day's profile among their factors.
    forms = [(number, rate, longer) for number, rate in rates.items() for longer in ((False, True) if rate.hours else (False,))]
    shown = pa.table(
        {
            "number": pa.array([number for number, _, _ in forms], pa.int32()),
            "longer": pa.array([longer for _, _, longer in forms], pa.bool_()),
            "provider": pa.array([rate.key.provider for _, rate, _ in forms], pa.string()),
            "rate_key": pa.array([_key(rate, longer=longer).text for _, rate, longer in forms], pa.string()),
            "reason": pa.array([rate.reason for _, rate, _ in forms], pa.string()),
            "factor_ids": pa.array(
                [_factor_ids(rate.mean_terms if longer else rate.terms) for _, rate, longer in forms], pa.string()
            ),
        }
    )
    shifts = [(file, *shift) for file in range(len(workings.files)) for shift in _shifts(workings, file)]
    names = pa.table({"file": list(range(len(workings.files))), "name": [file.name for file in workings.files]})
    columns = zip(("file", "record", "shift"), zip(*shifts, strict=True), strict=True)
    for name, table in (("shown", shown), ("shift", pa.table({key: list(values) for key, values in columns})), ("named", names)):
        workings.connection.register(f"{name}_arrow", table)
        run(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM {name}_arrow")  # noqa: S608
        workings.connection.unregister(f"{name}_arrow")
    line = workings.numbered(Slice(), "hour, quantity, cost_micro, file, row_no, line_id, quantity_text")
    run(f"CREATE OR REPLACE TEMP VIEW line AS {line}")
    query = (
        "SELECT named.name AS file, v.row_no + shift.shift AS line_number, coalesce(v.line_id, '') AS line_id, "  # noqa: S608
        "strftime(make_timestamp(v.hour * 3600000000), '%Y-%m-%dT%H:00:00Z') AS hour_utc, c.account AS usage_account, "
        "shown.provider, c.service, c.grid_region AS region, shown.rate_key, "
        "coalesce(v.quantity_text, v.quantity::VARCHAR) AS quantity, c.unit, v.energy_uwh::BIGINT AS energy_uwh, "
        "v.operational_ug::BIGINT AS co2e_operational_ug, v.embodied_ug::BIGINT AS co2e_embodied_ug, "
        "v.low_ug::BIGINT AS co2e_low_ug, v.high_ug::BIGINT AS co2e_high_ug, v.water_ul::BIGINT AS water_ul, "
        "c.category, c.quality, shown.reason, c.basis, shown.factor_ids "
        f"FROM ({lines_sql()}) v JOIN carded c USING (profile) JOIN shown USING (number, longer) "
        "JOIN named ON named.file = v.file "
        "ASOF JOIN shift ON shift.file = v.file AND v.row_no >= shift.record ORDER BY v.file, v.row_no"
    )
    form = path.suffix.lower()
    if form == ".csv":
        query = f"SELECT * REPLACE ({', '.join(f'{neutral_sql(name)} AS {name}' for name in _TEXTS)}) FROM ({query})"  # noqa: S608
    with whole(path) as beside:
        try:
            beside.touch()
        except OSError as error:
            raise ConfigurationError(f"it cannot be written: {error.strerror}.", code="cli.out", where=str(path)) from error
        with reading(workings.files[0]):
            run(f"COPY ({query}) TO {literal(str(beside))} (FORMAT {_FORMS[form]})")


def _key(rate: Rate, *, longer: bool) -> RateKey:
    return replace(rate.key, span=LONGER) if longer else rate.key


def _factor_ids(terms: Iterable[Term]) -> str:
    return " ".join(dict.fromkeys(term.id for term in terms))


def _shifts(workings: Workings, number: int) -> list[tuple[int, int]]:
    file, source = workings.files[number], workings.sources[number]
    if file.kind == "csv" and pq.read_metadata(source.path).num_rows == file.rows:
        return [(1, 1)]
    return line_shifts(file)
