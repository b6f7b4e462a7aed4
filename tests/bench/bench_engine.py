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

from emissions.billing.cur2 import CUR2
from emissions.engine.estimate import estimate
from emissions.engine.facts import fact_sql, priced_sql
from emissions.grid.catalog import load_factor_set

_TYPES = ("m5.large", "c5.xlarge", "r5.2xlarge", "t3.medium", "m6i.4xlarge", "c6g.large", "m5.xlarge", "r6g.large")
_LINES = """
SELECT md5(n::VARCHAR) || md5((n + 1)::VARCHAR) AS identity_line_item_id,
  strftime(start, '%Y-%m-%dT%H:00:00Z') || '/' || strftime(start + INTERVAL 1 HOUR, '%Y-%m-%dT%H:00:00Z')
    AS identity_time_interval,
  'INV1' AS bill_invoice_id, 'AWS' AS bill_billing_entity, 'Anniversary' AS bill_bill_type,
  '900011112222' AS bill_payer_account_id, {moment} AS bill_billing_period_start_date,
  printf('%012d', 100000000000 + n % 40) AS line_item_usage_account_id,
  CASE WHEN n % 20 = 0 THEN 'Tax' WHEN n % 5 = 0 THEN 'DiscountedUsage' ELSE 'Usage' END AS line_item_line_item_type,
  {start} AS line_item_usage_start_date, {end} AS line_item_usage_end_date,
  CASE WHEN n % 50 = 1 THEN 'AmazonBedrock' ELSE 'AmazonEC2' END AS line_item_product_code,
  CASE WHEN n % 50 = 1 THEN 'APS3-Tokens' WHEN n % 4 = 3 THEN 'APS3-EBS:VolumeUsage.gp3' ELSE 'APS3-BoxUsage:' || kind END
    AS line_item_usage_type,
  CASE WHEN n % 4 = 3 THEN 'CreateVolume-Gp3' ELSE 'RunInstances' END AS line_item_operation,
  'arn:aws:ec2:ap-south-1:' || (n % 40) || ':instance/i-' || left(md5((n % 5000)::VARCHAR), 17) AS line_item_resource_id,
  {quantity} AS line_item_usage_amount, 'USD' AS line_item_currency_code, {cost} AS line_item_unblended_cost,
  'USD 0.101 per On Demand Linux Instance Hour' AS line_item_line_item_description,
  CASE WHEN n % 4 = 3 AND n % 50 <> 1 THEN 'GB-Mo' ELSE 'Hrs' END AS pricing_unit,
  '{{"region":"Asia Pacific (Mumbai)","operating_system":"Linux"}}' AS product, 'ap-south-1' AS product_region_code,
  CASE WHEN n % 4 = 3 THEN '' ELSE kind END AS product_instance_type
FROM (SELECT range AS n, TIMESTAMP '2026-02-01' + INTERVAL 1 HOUR * (range * 672 // {lines}) AS start,
  {kinds}[1 + range % {count}] AS kind FROM range({lines}))
"""


def write_bill(path: Path, lines: int) -> None:
    """A generated CUR 2.0 bill: texts in CSV, timestamps and doubles in Parquet, as AWS delivers them."""
    parquet = path.suffix == ".parquet"

    def moment(expression: str) -> str:
        return expression if parquet else f"strftime({expression}, '%Y-%m-%dT%H:%M:%SZ')"

    def number(expression: str) -> str:
        return f"({expression})::DOUBLE" if parquet else f"({expression})::VARCHAR"

    query = _LINES.format(
        moment=moment("TIMESTAMP '2026-02-01'"),
        start=moment("start"),
        end=moment("start + INTERVAL 1 HOUR"),
        quantity=number("CASE WHEN n % 4 = 3 THEN round(0.0014880952 * (n % 97), 10) ELSE 1.0 END"),
        cost=number("round(0.001 * (n % 331), 6)"),
        lines=lines,
        kinds=list(_TYPES),
        count=len(_TYPES),
    )
    form = "FORMAT parquet, COMPRESSION snappy" if parquet else "FORMAT csv, HEADER"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' ({form})")


def bare_scan(path: Path, threads: int) -> float:
    """Seconds that DuckDB takes to read the engine's columns and look at every value."""
    names = ", ".join(f"bit_xor(hash({name}))" for name in CUR2.columns.values())
    source = f"read_parquet('{path}')" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar=true)"
    with duckdb.connect(config={"threads": threads}) as connection:
        started = time.perf_counter()
        connection.execute(f"SELECT {names} FROM {source}").fetchall()
        return time.perf_counter() - started


def measure(path: Path, threads: int, memory: str) -> dict[str, float]:
    """One estimate in this process: seconds of each step, and the peak of resident memory in MiB."""
    factors = load_factor_set()
    # Loading Ibis takes a second once per process, whatever the bill.
    fact_sql(), priced_sql()
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
