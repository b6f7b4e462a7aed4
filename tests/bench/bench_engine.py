"""How fast and in how much memory bills are estimated, in one run with what it is measured against.

python tests/bench/bench_engine.py --lines 8000000 [--orders hour resource] [--kinds parquet csv] [--ccf 100000]

Against DuckDB's bare scan of the same columns of the same file, and against Cloud Carbon Footprint's npm package on the
first lines of the same bill (`--ccf 0` leaves it out; the package is installed into a temporary folder). On a machine
that does other things, read CPU seconds and ratios.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from bills import write_bill

from emissions.billing.cur2 import CUR2
from emissions.billing.places import columns_of
from emissions.engine.estimate import estimate
from emissions.engine.facts import priced_sql, sums_sql, values_sql
from emissions.grid.catalog import load_factor_set

# What the engine reads of a line.
COLUMNS = (
    *dict.fromkeys(columns_of(source)[0] for source in CUR2.columns.values()),
    *(columns_of(source)[0] for source in CUR2.effective_costs.values()),
)
_CCF = ("@cloud-carbon-footprint/aws@0.15.0", "@cloud-carbon-footprint/core@0.17.3", "@cloud-carbon-footprint/common@1.15.0")
_CCF_ROWS = """
SELECT strftime(line_item_usage_start_date::TIMESTAMP, '%Y-%m-%d'), line_item_usage_account_id, product_region_code,
  line_item_product_code, line_item_usage_type, pricing_unit, '', line_item_usage_amount, line_item_unblended_cost
FROM {source} WHERE line_item_line_item_type IN ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage') LIMIT {rows}
"""


def cpu_seconds() -> float:
    """What this process has computed so far, on all cores."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def source_of(path: Path) -> str:
    """The FROM part of a bill."""
    return f"read_parquet('{path}')" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar=true)"


def bare_scan(path: Path, threads: int) -> dict[str, float]:
    """What DuckDB takes to read the engine's columns and look at every value."""
    names = ", ".join(f"bit_xor(hash({name}))" for name in COLUMNS)
    with duckdb.connect(config={"threads": threads}) as connection:
        started, before = time.perf_counter(), cpu_seconds()
        connection.execute(f"SELECT {names} FROM {source_of(path)}").fetchall()
        return {"seconds": time.perf_counter() - started, "cpu_seconds": cpu_seconds() - before}


def measure(path: Path, threads: int, memory: str) -> dict[str, float]:
    """One estimate in this process: seconds, CPU seconds and the peak of resident memory in MiB."""
    factors = load_factor_set()
    # Loading Ibis takes a second once per process, whatever the bill.
    values_sql()
    for plain in (True, False):
        priced_sql(plain=plain), sums_sql(plain=plain)
    marks: dict[str, float] = {}
    started, before = time.perf_counter(), cpu_seconds()

    def tell(step: str, done: int, total: int) -> None:
        marks[step] = time.perf_counter() - started

    with estimate([path], factor_set=factors, threads=threads, memory_limit=memory, on_progress=tell) as found:
        return {
            "lines": found.counts.lines,
            "seconds": time.perf_counter() - started,
            "cpu_seconds": cpu_seconds() - before,
            "keys": len(found.rates),
            "rows": found.hours.num_rows,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def measure_ccf(path: Path, rows: int, folder: Path) -> dict[str, float]:
    """Cloud Carbon Footprint on the first lines of a bill: seconds of its own loop, without reading them."""
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", *_CCF], cwd=folder, check=True)
    lines = folder / "rows.csv"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY ({_CCF_ROWS.format(source=source_of(path), rows=rows)}) TO '{lines}' (FORMAT csv, HEADER false)"
        )
    words = ["node", "--max-old-space-size=8192", str(Path(__file__).with_name("ccf.js")), str(folder), str(lines)]
    told: dict[str, float] = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=8_000_000)
    parser.add_argument("--kinds", nargs="+", choices=["csv", "parquet"], default=["parquet", "csv"])
    parser.add_argument("--orders", nargs="+", choices=["hour", "resource"], default=["hour"])
    parser.add_argument("--accounts", type=int, default=120)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--ccf", type=int, default=100_000, help="lines for Cloud Carbon Footprint, 0 for none")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.threads, given.memory)))
        return
    with tempfile.TemporaryDirectory(prefix="cloudtuner-bench-") as folder:
        for kind in given.kinds:
            for order in given.orders:
                path = Path(folder) / f"bill-{order}.{kind}"
                write_bill(path, given.lines, order=order, accounts=given.accounts)
                bare = bare_scan(path, given.threads)
                # A process of its own, so that the peak of memory is the estimate's alone.
                words = [sys.executable, __file__, "--one", str(path), "--threads", str(given.threads), "--memory", given.memory]
                told = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
                print(
                    f"{kind} by {order}: {told['lines']:,} lines, {path.stat().st_size / 2**20:,.0f} MiB, {told['keys']:,} keys, "
                    f"{told['rows']:,} hourly rows\n"
                    f"  estimate   {told['seconds']:6.2f} s  CPU {told['cpu_seconds']:6.2f} s  "
                    f"{told['lines'] / told['seconds']:>10,.0f} lines/s  peak {told['peak_mib']:,.0f} MiB\n"
                    f"  bare scan  {bare['seconds']:6.2f} s  CPU {bare['cpu_seconds']:6.2f} s  "
                    f"ratio {told['seconds'] / bare['seconds']:.1f}x, in CPU {told['cpu_seconds'] / bare['cpu_seconds']:.1f}x",
                    flush=True,
                )
                if given.ccf and path.suffix == ".parquet" and order == given.orders[0]:
                    ccf = measure_ccf(path, given.ccf, Path(folder))
                    wall = ccf["seconds"] / ccf["rows"] * told["lines"] / told["seconds"]
                    cpu = ccf["cpu_seconds"] / ccf["rows"] * told["lines"] / told["cpu_seconds"]
                    print(
                        f"  Cloud Carbon Footprint, {ccf['rows']:,.0f} lines: {ccf['seconds']:.2f} s  "
                        f"CPU {ccf['cpu_seconds']:.2f} s  {ccf['rows'] / ccf['seconds']:,.0f} lines/s  "
                        f"peak {ccf['peak_mib']:,.0f} MiB  "
                        f"ratio {wall:,.0f}x, in CPU {cpu:,.0f}x",
                        flush=True,
                    )
                path.unlink()


if __name__ == "__main__":
    main()
