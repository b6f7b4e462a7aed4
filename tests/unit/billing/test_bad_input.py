"""What is thrown at the readers: each file is refused whole, or each bad line told, with file and line; memory stays small.

One list of files, used twice: here for what is said, and in a process of its own for what it costs.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cloudtuner.errors import BillError
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.sample_exports import (
    csv_bytes,
    cur2_rows,
    cur_parquet_rows,
    focus_aws_rows,
    focus_azure_rows,
    gcp_rows,
    gcp_text_rows,
    json_lines,
)

ROWS = cur2_rows()
PLAIN = csv_bytes(ROWS)
LINES = PLAIN.split(b"\n")
JSON = json_lines(gcp_rows())


def _changed(line: int, **cells: str) -> bytes:
    """The bill with some cells of one line changed; the header is line 1."""
    rows = [dict(row) for row in ROWS]
    rows[line - 2] |= cells
    return csv_bytes(rows)


def _parquet(change: Callable[[pa.Table], pa.Table] = lambda table: table, **options: object) -> bytes:
    return _written(change(pa.Table.from_pylist(cur_parquet_rows())), **options)


def _written(table: pa.Table, **options: object) -> bytes:
    out = pa.BufferOutputStream()
    pq.write_table(table, out, **options)
    return out.getvalue().to_pybytes()


def _with_column(name: str, values: pa.Array) -> Callable[[pa.Table], pa.Table]:
    return lambda table: table.set_column(table.column_names.index(name), name, values)


def _varint(number: int) -> bytes:
    """Thrift's zigzag varint."""
    number, out = number * 2, b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _claiming(rows: int) -> bytes:
    """A Parquet file whose footer claims so many rows everywhere it counts them."""
    data = _parquet()
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    footer = data[start:-8].replace(b"\x16" + _varint(len(ROWS)), b"\x16" + _varint(rows))
    return data[:start] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _two_providers() -> bytes:
    return csv_bytes([*focus_aws_rows()[:3], *({**row, "SkuMeter": ""} for row in _common(focus_azure_rows()[:3]))])


def _common(rows: list[dict]) -> list[dict]:
    names = focus_aws_rows()[0]
    return [{name: row.get(name, "") for name in names} for row in rows]


N = len(ROWS)
# name → (file name, bytes, code, what is said)
REFUSED: dict[str, tuple[str, Callable[[], bytes], str, str]] = {
    "truncated gzip": (
        "a.csv.gz",
        lambda: gzip.compress(PLAIN)[:-900],
        "bill.truncated",
        r"a\.csv\.gz, line \d+: the gzip ends early",
    ),
    "damaged gzip": ("a.csv.gz", lambda: _hit(gzip.compress(PLAIN), 700), "bill.truncated", r"a\.csv\.gz, line \d+"),
    "truncated zstd": (
        "a.csv.zst",
        lambda: pa.compress(PLAIN, codec="zstd", asbytes=True)[:-300],
        "bill.truncated",
        r"a\.csv\.zst, line",
    ),
    "truncated Parquet": ("a.parquet", lambda: _parquet()[:-100], "bill.truncated", r"a\.parquet: not a whole Parquet"),
    "headless Parquet": ("a.parquet", lambda: _parquet()[4000:], "bill.truncated", r"a\.parquet: not a whole Parquet|a\.parquet"),
    "damaged Parquet": ("a.parquet", lambda: _hit(_parquet(compression="gzip"), 300), "bill", r"a\.parquet"),
    "gzip bomb": (
        "a.csv.gz",
        lambda: gzip.compress(PLAIN + b"a,b\n" * (20 << 20), 9),
        "bill.bomb",
        r"a\.csv\.gz, line \d+: it unpacks to more",
    ),
    "zstd bomb": (
        "a.csv.zst",
        lambda: pa.compress(PLAIN + b"0" * (80 << 20), codec="zstd", asbytes=True),
        "bill.bomb",
        r"a\.csv\.zst, line \d+: it unpacks to more",
    ),
    "huge row group": ("a.parquet", lambda: _claiming(1 << 40), "bill.bomb", r"a\.parquet: it claims 1099511627776 lines"),
    "list for a quantity": (
        "a.parquet",
        lambda: _parquet(_with_column("line_item_usage_amount", pa.array([[1.0]] * N))),
        "bill.types",
        r"a\.parquet: the column line_item_usage_amount holds list",
    ),
    "number for a time": (
        "a.parquet",
        lambda: _parquet(_with_column("line_item_usage_start_date", pa.array([1] * N))),
        "bill.types",
        r"a\.parquet: the column line_item_usage_start_date holds int64, .* has a time there",
    ),
    "mixed currencies": ("a.csv", lambda: _changed(3, line_item_currency_code="EUR"), "bill.currencies", r"a\.csv: .*EUR, USD"),
    "two payers": ("a.csv", lambda: _changed(3, bill_payer_account_id="1"), "bill.payers", r"2 payer accounts"),
    "two providers": ("a.csv", _two_providers, "bill.payers", r"2 payer accounts in one bill: .*Microsoft"),
    "unknown provider": (
        "a.csv",
        lambda: csv_bytes([{**row, "ProviderName": "Gramado Cloud"} for row in focus_aws_rows()]),
        "bill.provider",
        r"a\.csv, line 2: the first line names the provider 'Gramado Cloud'",
    ),
    "doubled column": (
        "a.csv",
        lambda: PLAIN.replace(b"product\n", b"pricing_unit\n", 1),
        "bill.columns",
        r"a\.csv, line 1: the column pricing_unit occurs twice",
    ),
    "NUL": (
        "a.csv",
        lambda: b"\n".join([*LINES[:6], b"a\0b", *LINES[6:]]),
        "bill.encoding",
        r"a\.csv, line 7: the text holds a NUL",
    ),
    "UTF-16": ("a.csv", lambda: PLAIN.decode().encode("utf-16"), "bill.kind", r"a\.csv: this is UTF-16 text"),
    "UTF-16 without mark": (
        "a.csv",
        lambda: PLAIN.decode().encode("utf-16-le"),
        "bill.encoding",
        r"a\.csv, line 1: the text holds a NUL",
    ),
    "UTF-16 in gzip": (
        "a.csv.gz",
        lambda: gzip.compress(PLAIN.decode().encode("utf-16-be")),
        "bill.encoding",
        r"a\.csv\.gz, line 1",
    ),
    "Latin-1": (
        "a.csv",
        lambda: b"\n".join([*LINES[:8], b"\xe9t\xe9", *LINES[8:]]),
        "bill.encoding",
        r"a\.csv, line 9: the text is not UTF-8",
    ),
    "old Mac line ends": (
        "a.csv",
        lambda: PLAIN.replace(b"\n", b"\r"),
        "bill.line_ends",
        r"a\.csv, line 1: a line ends in a carriage return",
    ),
    "one carriage return": (
        "a.csv",
        lambda: b"\n".join([*LINES[:4], LINES[4] + b"\r" + LINES[5], *LINES[6:]]),
        "bill.line_ends",
        r"a\.csv, line 5",
    ),
    "short line": ("a.csv", lambda: b"\n".join([*LINES[:5], b"a,b", *LINES[6:]]), "bill.unreadable", r"a\.csv, line 6"),
    "long line": (
        "a.csv",
        lambda: b"\n".join([*LINES[:5], LINES[5] + b",1,2", *LINES[6:]]),
        "bill.unreadable",
        r"a\.csv, line 6",
    ),
    "open quote": ("a.csv", lambda: b"\n".join([*LINES[:-2], LINES[-2] + b',"open']), "bill.unreadable", r"a\.csv, line \d+"),
    "line of 3 MB": ("a.csv", lambda: _changed(4, product="x" * (3 << 20)), "bill.unreadable", r"a\.csv"),
    "no columns": ("a.csv", lambda: b"\n\n", "bill.columns", r"a\.csv, line 1: the first line names no columns"),
    "broken JSON line": (
        "a.jsonl",
        lambda: JSON + b'{"cost": \n',
        "bill.columns",
        r"a\.jsonl, line 146: not a line of JSON",
    ),
    "broken JSON line far down": (
        "a.jsonl",
        lambda: JSON * 20 + b'{"cost": \n',
        "bill.unreadable",
        r"a\.jsonl, line 2901: .*Malformed JSON",
    ),
    "JSON without a bottom": ("a.jsonl", lambda: b'{"a":' * 90_000, "bill.columns", r"a\.jsonl, line 1: not a line of JSON"),
    "JSON that is no object": ("a.jsonl", lambda: b'{"a": 1}\n[1]\n', "bill.columns", r"a\.jsonl, line 2: the line is no object"),
    "JSON of something else": (
        "a.json",
        lambda: b'{"start_url": "/"}\n',
        "bill.columns",
        r"a\.json, line 1: the first line names no column",
    ),
    "columns without end": (
        "a.csv",
        lambda: ",".join(f"c{number}" for number in range(120_000)).encode() + b"\n",
        "bill.columns",
        r"a\.csv, line 1: it names 120000 columns",
    ),
    "columns that differ in case only": (
        "a.parquet",
        lambda: _parquet(lambda table: table.append_column("Line_Item_Unblended_Cost", table["line_item_unblended_cost"])),
        "bill.columns",
        r"a\.parquet: the columns line_item_unblended_cost and Line_Item_Unblended_Cost differ in case only",
    ),
    "an archive": ("a.csv", lambda: b"PK\x03\x04" + bytes(100), "bill.kind", r"a\.csv: this is a ZIP archive or a workbook"),
}

QUARANTINED: dict[str, tuple[Callable[[], bytes], int, str]] = {
    "formula in the service": (lambda: _changed(4, line_item_product_code="=cmd|' /C calc'!A0"), 4, "line.formula"),
    "formula in the account": (lambda: _changed(4, line_item_usage_account_id="@SUM(1)"), 4, "line.formula"),
    "formula behind a sign": (lambda: _changed(4, line_item_usage_type="-2+3+cmd|' /C calc'!A0"), 4, "line.formula"),
    "formula for a quantity": (lambda: _changed(4, line_item_usage_amount="=1+1"), 4, "line.quantity"),
    "text for a quantity": (lambda: _changed(5, line_item_usage_amount="one"), 5, "line.quantity"),
    "infinity": (lambda: _changed(5, line_item_usage_amount="inf"), 5, "line.quantity"),
    "no time": (lambda: _changed(6, line_item_usage_start_date="yesterday"), 6, "line.timestamp"),
    "time past the calendar": (lambda: _changed(6, line_item_usage_start_date="2026-13-01 00:00:00"), 6, "line.timestamp"),
    "infinite time": (lambda: _changed(6, line_item_usage_start_date="infinity"), 6, "line.timestamp"),
    "other month": (lambda: _changed(6, line_item_usage_start_date="2025-02-01 00:00:00"), 6, "line.outside_period"),
    "no account": (lambda: _changed(8, line_item_usage_account_id="NULL"), 8, "line.account"),
    "text for a cost": (lambda: _changed(8, line_item_unblended_cost="free"), 8, "line.cost"),
    "2^53 and more": (lambda: _changed(8, line_item_usage_amount="1e29"), 8, "line.too_large"),
    "wrong unit": (lambda: _changed(2, pricing_unit="GB"), 2, "line.unit"),
}


def _hit(data: bytes, place: int) -> bytes:
    return data[:place] + bytes(byte ^ 0x5A for byte in data[place : place + 12]) + data[place + 12 :]


@pytest.fixture(scope="module")
def factors():
    return load_factor_set()


@pytest.mark.parametrize("case", REFUSED)
def test_bad_file__any_kind__is_refused_with_file_and_line(case, factors, tmp_path):
    name, make, code, message = REFUSED[case]
    (tmp_path / "in").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "in" / name).write_bytes(make())
    with pytest.raises(BillError, match=message) as caught:
        estimate([tmp_path / "in" / name], factor_set=factors, work_dir=tmp_path / "work")
    assert caught.value.code.startswith(code)
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.parametrize("case", QUARANTINED)
def test_bad_line__any_kind__is_told_with_file_and_line_and_the_rest_counts(case, factors, tmp_path):
    make, line, code = QUARANTINED[case]
    path = tmp_path / "a.csv"
    path.write_bytes(make())
    with estimate([path], factor_set=factors) as found:
        assert [(bad.file, bad.line, bad.code) for bad in found.quarantined] == [("a.csv", line, code)]
        assert found.counts.lines == N


FORMULAS: dict[str, tuple[str, Callable[[list[dict]], bytes], int]] = {
    "CSV": ("a.csv", csv_bytes, 4),
    "JSON lines": ("a.jsonl", json_lines, 3),
    "Parquet": ("a.parquet", lambda rows: _written(pa.Table.from_pylist(rows)), 3),
}


@pytest.mark.parametrize("kind", FORMULAS)
@pytest.mark.parametrize(("text", "codes"), [("=1+1", ["line.formula"]), ("+1", ["line.formula"]), ("Compute - x", [])])
def test_formula__in_any_kind_of_file__quarantines_its_line(kind, text, codes, factors, tmp_path):
    name, write, line = FORMULAS[kind]
    rows = gcp_text_rows()
    rows[2]["service.description"] = text
    (tmp_path / name).write_bytes(write(rows))
    with estimate([tmp_path / name], factor_set=factors) as found:
        assert [(bad.file, bad.line, bad.code) for bad in found.quarantined] == [(name, line, code) for code in codes]


LINE_ENDS: dict[str, Callable[[], bytes]] = {
    "CRLF": lambda: PLAIN.replace(b"\n", b"\r\n"),
    "CRLF, last line LF": lambda: PLAIN[:-1].replace(b"\n", b"\r\n") + b"\n",
    "CRLF, last line open": lambda: PLAIN[:-1].replace(b"\n", b"\r\n"),
    "LF, header CRLF": lambda: PLAIN.replace(b"\n", b"\r\n", 1),
    "every other": lambda: b"".join(line + (b"\r\n" if number % 2 else b"\n") for number, line in enumerate(LINES[:-1])),
    "mark and CRLF": lambda: b"\xef\xbb\xbf" + PLAIN.replace(b"\n", b"\r\n"),
    "empty lines": lambda: PLAIN.replace(b"\n", b"\n\n", 2),
    "times in India": lambda: _started(_indian),
    "times with Z": lambda: _started(lambda text: text.replace(" ", "T") + "Z"),
    "times with T and without zone": lambda: _started(lambda text: text.replace(" ", "T")),
    "a stray column": lambda: csv_bytes([{"Id": "1", **row, "Unnamed: 9": "NULL"} for row in ROWS]),
    "tags that differ in case": lambda: csv_bytes([{**row, "tag/Team": "a", "tag/team": "b"} for row in ROWS]),
}


def _started(write: Callable[[str], str]) -> bytes:
    return csv_bytes([{**row, "line_item_usage_start_date": write(row["line_item_usage_start_date"])} for row in ROWS])


def _indian(text: str) -> str:
    return (datetime.fromisoformat(text) + timedelta(hours=5, minutes=30)).isoformat(sep=" ") + "+05:30"


@pytest.fixture(scope="module")
def whole(factors, tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "a.csv"
    path.write_bytes(PLAIN)
    with estimate([path], factor_set=factors) as found:
        assert not found.quarantined
        return found.hours.to_pylist()


@pytest.mark.parametrize("case", LINE_ENDS)
def test_odd_file__harmless__gives_the_same_integers(case, factors, whole, tmp_path):
    (tmp_path / "a.csv").write_bytes(LINE_ENDS[case]())
    with estimate([tmp_path / "a.csv"], factor_set=factors) as found:
        assert found.hours.to_pylist() == whole


def test_bad_line__after_values_across_lines_and_mixed_line_ends__is_told_by_its_place_in_the_file(factors, tmp_path):
    rows = [dict(row) for row in ROWS[:12]]
    rows[1]["product"] = '{"note": "two\nlines"}'
    rows[9]["line_item_usage_amount"] = "=1"
    mixed = csv_bytes(rows).replace(b"\n", b"\r\n", 3)
    (tmp_path / "a.csv").write_bytes(mixed)
    with estimate([tmp_path / "a.csv"], factor_set=factors) as found:
        (bad,) = found.quarantined
    assert b",=1," in mixed.split(b"\n")[bad.line - 1]


_RUN = """
import json, sys
from pathlib import Path
from cloudtuner.errors import CloudTunerError
from emissions.grid.catalog import load_factor_set
from emissions.engine.estimate import estimate
factors, codes = load_factor_set(), {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        estimate([path], factor_set=factors).close()
        codes[path.name] = ""
    except CloudTunerError as error:
        codes[path.name] = error.code
# Not ru_maxrss: a process has it from the one that started it.
peak_kb = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps({"codes": codes, "mib": peak_kb / 1024}))
"""


def test_bad_files__all_in_one_process__stay_below_600_mb(tmp_path):
    for number, (name, make, _, _) in enumerate(REFUSED.values()):
        (tmp_path / f"{number:02d}-{name}").write_bytes(make())
    done = subprocess.run([sys.executable, "-c", _RUN, str(tmp_path)], capture_output=True, text=True, check=True, timeout=300)
    told = json.loads(done.stdout)
    assert all(told["codes"].values())
    assert told["mib"] < 600


def test_bad_file__on_the_command_line__exits_2_and_writes_nothing(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(PLAIN)[:-900])
    out = tmp_path / "hours.csv"
    command = [str(Path(sys.executable).parent / "cloudtuner"), "estimate", str(tmp_path / "a.csv.gz"), "--lines-out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert "line" in done.stderr + done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv.gz"]
