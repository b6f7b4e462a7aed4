"""Bad bill files are refused whole, with file and line, and nothing is left behind."""

from __future__ import annotations

import csv
import gzip
import io

import pyarrow as pa
import pytest

from cloudtuner.errors import BillError
from emissions.billing.files import open_files
from emissions.billing.registry import FORMATS, unit_of
from emissions.engine.estimate import estimate
from emissions.grid.catalog import load_factor_set
from emissions.samples import write_sample_bills


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> bytes:
    return write_sample_bills(tmp_path_factory.mktemp("samples")).first.path.read_bytes()


@pytest.fixture(scope="module")
def plain(packed) -> bytes:
    return gzip.decompress(packed)


def _without(plain: bytes, *columns: str) -> bytes:
    rows = list(csv.DictReader(io.StringIO(plain.decode())))[:5]
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name in rows[0] if name not in columns], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


# What is said of other faults: test_bad_input.py.
BAD = {
    "empty": ("a.csv", lambda p, g: b"", "bill.empty", r"a\.csv: the file is empty"),
    "empty gzip": ("a.csv.gz", lambda p, g: gzip.compress(b""), "bill.empty", r"a\.csv\.gz: the file is empty"),
    "empty Parquet": ("a.parquet", lambda p, g: b"", "bill.empty", r"a\.parquet"),
    "broken Parquet": ("a.parquet", lambda p, g: b"PAR1junkPAR1", "bill.truncated", r"a\.parquet: not a whole Parquet"),
    "header only": ("a.csv", lambda p, g: p.split(b"\n")[0] + b"\n", "bill.empty", r"a\.csv: the bill has no lines"),
    "other columns": ("a.csv", lambda p, g: b"a,b\n1,2\n", "bill.columns", r"a\.csv, line 1"),
    "missing columns": (
        "a.csv",
        lambda p, g: _without(p, "pricing_unit", "bill_invoice_id"),
        "bill.columns",
        r"needs the columns bill_invoice_id, pricing_unit",
    ),
    "cut in a value": ("a.csv", lambda p, g: b"\n".join(p.split(b"\n")[:9])[:-60], "bill.unreadable", r"a\.csv, line 9"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bill_file__bad__is_refused_with_file_and_line(case, plain, packed, tmp_path):
    name, make, code, message = BAD[case]
    inside = tmp_path / "bills"
    inside.mkdir()
    (inside / name).write_bytes(make(plain, packed))
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(BillError, match=message) as caught:
        estimate([inside / name], factor_set=load_factor_set(), work_dir=work)
    assert caught.value.code == code
    assert not list(work.iterdir())


@pytest.mark.parametrize("name", ["plain.csv", "packed.csv.gz", "packed.csv.zst", "we[i]rd *?'name.csv", "no-ending"])
def test_bill_file__readable__gives_columns_and_digest(name, plain, packed, tmp_path):
    data = packed if name.endswith("gz") else pa.compress(plain, codec="zstd", asbytes=True) if name.endswith("zst") else plain
    (tmp_path / name).write_bytes(data)
    work = tmp_path / "work"
    work.mkdir()
    (opened,) = open_files([tmp_path / name], work_dir=work)
    assert opened.bill_format.name == "cur2"
    assert opened.names[0] == "identity_line_item_id"
    with estimate([tmp_path / name], factor_set=load_factor_set()) as found:
        assert found.counts.lines == 10950


def test_bill_file__byte_order_mark_and_crlf__are_read(plain, tmp_path):
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(plain.split(b"\n")[:50]))
    with estimate([tmp_path / "a.csv"], factor_set=load_factor_set()) as found:
        assert found.counts.with_energy == 49


def test_bill_file__two_gzip_members__are_read_to_the_end(plain, tmp_path):
    lines = plain.split(b"\n")
    first, second = b"\n".join(lines[:20]) + b"\n", b"\n".join(lines[20:30])
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(first) + gzip.compress(second))
    with estimate([tmp_path / "a.csv.gz"], factor_set=load_factor_set()) as found:
        assert found.counts.lines == 29


def test_bill__two_payers__is_refused(plain, tmp_path):
    lines = plain.decode().split("\n")[:6]
    lines[3] = lines[3].replace("900011112222", "900011112223")
    (tmp_path / "a.csv").write_text("\n".join(lines))
    with pytest.raises(BillError, match="2 payer accounts in one bill"):
        estimate([tmp_path / "a.csv"], factor_set=load_factor_set())


def test_bill__no_files__is_refused(tmp_path):
    with pytest.raises(BillError, match="no such file"):
        estimate([tmp_path / "nothing.csv"], factor_set=load_factor_set())
    with pytest.raises(BillError, match="no bill file"):
        estimate([], factor_set=load_factor_set())
    (tmp_path / "a.csv").write_text("a,b\n")
    with pytest.raises(BillError, match="no bill format is called 'cur9'"):
        estimate([tmp_path / "a.csv"], factor_set=load_factor_set(), format_name="cur9")


def test_formats__declared__are_whole():
    for declared in FORMATS:
        assert declared.optional <= set(declared.columns)
        assert declared.required
        assert all(text == text.lower() and unit.factor > 0 for text, unit in declared.units.items())
    assert unit_of("aws", "GB-Mo") is not None
    assert unit_of("aws", "parsec") is None
