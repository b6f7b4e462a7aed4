"""A text is the same wherever it is cut into pieces: line ends, line numbers and characters."""

from __future__ import annotations

import gzip
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudtuner.errors import BillError
from emissions.billing import text_files
from emissions.billing.units import read_unit

CELLS = st.sampled_from(["a", "é", "1.5", '"x\ny"', '"x\r\ny"', '"a ""b"""', "", "-3"])
LINES = st.lists(st.tuples(st.lists(CELLS, min_size=2, max_size=2), st.sampled_from(["\n", "\r\n"])), min_size=1, max_size=9)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)
@given(lines=LINES, size=st.integers(1, 9), packed=st.booleans())
def test_text__cut_anywhere__has_one_kind_of_line_end_and_keeps_its_rows(lines, size, packed, tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "_CHUNK", size)
    text = "k,v\n" + "".join(",".join(cells) + end for cells, end in lines)
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    found = text_files.read_text_file(path, "a", codec="gzip" if packed else None, unpacked=tmp_path / "b.csv")
    told = found.path.read_bytes().decode()
    assert told in (text, text.replace("\r\n", "\n"))
    assert told.count("\r\n") in (0, told.count("\n"))
    assert found.rows == text.count("\n") - 1
    assert found.header == ["k", "v"]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(before=st.integers(0, 6), size=st.integers(1, 9), quoted=st.booleans())
def test_text__carriage_return_alone__is_refused_with_its_line_unless_quoted(before, size, quoted, tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "_CHUNK", size)
    path = tmp_path / "a"
    path.write_bytes(b"k,v\n" + b'"1\n",2\n' * before + (b'"1\r2",3\n' if quoted else b"1\r2,3\n"))
    if quoted:
        assert text_files.read_text_file(path, "a", codec=None, unpacked=tmp_path / "b").rows == 2 * before + 1
        return
    with pytest.raises(BillError) as caught:
        text_files.read_text_file(path, "a", codec=None, unpacked=tmp_path / "b")
    assert caught.value.where == f"a, line {2 * before + 2}"


@given(number=st.integers(1, 10**6), scale=st.sampled_from([("", 1), ("K", 10**3), ("M", 10**6)]), spaced=st.booleans())
def test_unit__any_multiplier__multiplies(number, scale, spaced):
    letter, factor = scale
    gap = " " if spaced or letter == "" else ""
    unit = read_unit(f"{number}{letter}{gap or ' '}Requests")
    assert (unit.dimension, unit.factor) == ("count", number * factor)
    hours = read_unit(f"{number:,} Hours")
    assert (hours.dimension, hours.factor) == ("hour", number)


@pytest.mark.parametrize(
    ("text", "dimension", "factor"),
    [
        ("1 GB/Month", "gb_month", 1),
        ("100 GB/Month", "gb_month", 100),
        ("GB-Mo", "gb_month", 1),
        ("1/Month", "month", 1),
        ("1/Day", "day", 1),
        ("10K", "count", 10_000),
        ("Hrs", "hour", 1),
        ("seconds", "hour", Fraction(1, 3600)),
        ("byte-seconds", "gb_hour", Fraction(1, 3600 * 10**9)),
        ("gibibyte month", "gb_month", Fraction(2**30, 10**9)),
        ("1 TiB MONTHS STORAGE_SIZE", "gb_month", Fraction(2**40, 10**9)),
        ("1 GiB HOURS MEMORY", "gb_hour", Fraction(2**30, 10**9)),
        ("1 GiB HOURS DATA_TRANSFERRED", "gb", Fraction(2**30, 10**9)),
        ("1 NONE HOURS INSTANCE", "hour", 1),
        ("1000000 NONE NONE DATAPOINTS", "count", 10**6),
        ("OCPU Per Hour", "hour", 1),
        ("1K tokens", "token", 1000),
        ("Units/Month", "month", 1),
    ],
)
def test_unit__as_providers_write_it__is_read(text, dimension, factor):
    unit = read_unit(text)
    assert (unit.dimension, unit.factor) == (dimension, factor)


@pytest.mark.parametrize("text", ["", "parsec", "  ", "Marketplace"])
def test_unit__that_says_nothing__is_none(text):
    assert read_unit(text) is None


def test_json_lines__line_end_of_another_kind_inside_a_text__is_a_part_of_it(tmp_path):
    path = tmp_path / "a"
    path.write_bytes('{"k": "1", "note": "one\u2028two\u0085three"}\n{"k": "2", "v": "x"}\n'.encode())
    found = text_files.read_text_file(path, "a", codec=None, unpacked=tmp_path / "b")
    assert (found.rows, found.header) == (2, ["k", "note", "v"])
