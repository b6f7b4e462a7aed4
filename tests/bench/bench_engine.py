"""How fast and in how much memory bills are estimated, against DuckDB's bare scan of the same columns in the same run.

python tests/bench/bench_engine.py --lines 2000000
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
from emissions.engine.facts import fact_sql, priced_sql
from emissions.grid.catalog import load_factor_set

# What the engine reads of a line.
COLUMNS = (
    *dict.fromkeys(columns_of(source)[0] for source in CUR2.columns.values()),
    *(columns_of(source)[0] for source in CUR2.effective_costs.values()),
)


def bare_scan(path: Path, threads: int) -> float:
    """Seconds that DuckDB takes to read the engine's columns and look at every value."""
    names = ", ".join(f"bit_xor(hash({name}))" for name in COLUMNS)
    source = f"read_parquet('{path}')" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar=true)"
    with duckdb.connect(config={"threads": threads}) as connection:
        started = time.perf_counter()
        connection.execute(f"SELECT {names} FROM {source}").fetchall()
        return time.perf_counter() - started


def measure(path: Path, threads: int, memory: str) -> dict[str, float]:
    """One estimate in this process: seconds of each step, and the peak of resident memory in MiB."""
    factors = load_factor_set()
    # Loading Ibis takes a second once per process, whatever the bill.
    fact_sql(plain=True), priced_sql(plain=True)
    marks: dict[str, float] = {}
    notes = 0
    started = time.perf_counter()

    def tell(step: str, done: int, total: int) -> None:
        nonlocal notes
        notes += step == "rows"
        marks[step] = time.perf_counter() - started

    with estimate([path], factor_set=factors, threads=threads, memory_limit=memory, on_progress=tell) as found:
        seconds = time.perf_counter() - started
        lines = found.counts.lines
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"lines": lines, "seconds": seconds, "read": marks["read"], "notes": notes, "peak_mib": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--kinds", nargs="+", choices=["csv", "parquet"], default=["parquet", "csv"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="1GiB")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.threads, given.memory)))
        return
    with tempfile.TemporaryDirectory(prefix="cloudtuner-bench-") as folder:
        for kind in given.kinds:
            path = Path(folder) / f"bill.{kind}"
            write_bill(path, given.lines)
            bare = bare_scan(path, given.threads)
            # A process of its own, so that the peak of memory is the estimate's alone.
            words = [sys.executable, __file__, "--one", str(path), "--threads", str(given.threads), "--memory", given.memory]
            told = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
            print(
                f"{kind:8} {told['lines']:>10,} lines  {path.stat().st_size / 2**20:>7,.0f} MiB  {told['seconds']:6.2f} s  "
                f"{told['lines'] / told['seconds']:>10,.0f} lines/s  read {told['read']:5.2f} s  "
                f"bare scan {bare:5.2f} s  ratio {told['seconds'] / bare:4.1f}x  peak {told['peak_mib']:,.0f} MiB  "
                f"{told['notes']} notes of rows"
            )
            path.unlink()


if __name__ == "__main__":
    main()
