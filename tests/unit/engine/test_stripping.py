"""What validators get of a bill, written by the database: byte for byte what the protocol's own code writes."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emissions.engine import stripping
from emissions.poce.lines import StrippedLines, rate_key

# A machine that is busy with other things says nothing about these.
UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
KEYS = {number: rate_key({"provider": "aws", "usage_type": text}) for number, text in enumerate(("b", "a", "é", "Z"), start=7)}
spellings = st.sampled_from(
    ("1", "1.0", "+01.500", "0", "-0.0", "-2.50", "1e-7", "1E3", "0.1", "0.10", "12345678901234567.1", "12345678901234567.25")
)
written = spellings.map(lambda text: (float(text), text))
# A quantity has at most 60 digits before and after the point.
doubles = (
    st.floats(-1e15, 1e15, allow_nan=False).filter(lambda double: not 0 < abs(double) < 1e-50).map(lambda double: (double, None))
)
lines = st.lists(
    st.tuples(st.sampled_from(("1", "22", "३")), st.integers(490_000, 490_040), st.sampled_from(sorted(KEYS)), written | doubles),
    max_size=60,
)


def documents(rows):
    columns = {
        "account": pa.array([row[0] for row in rows], pa.string()),
        "hour": pa.array([row[1] for row in rows], pa.int64()),
        "k": pa.array([row[2] for row in rows], pa.uint64()),
        "quantity": pa.array([row[3][0] for row in rows], pa.float64()),
        "quantity_text": pa.array([row[3][1] for row in rows], pa.string()),
    }
    with duckdb.connect() as connection:
        connection.register("given", pa.table(columns))
        found = stripping.stripped_accounts(connection, "SELECT * FROM given", KEYS)
        return {account: b"".join(parts) for account, parts in found}


def expected(rows):
    return {
        account: StrippedLines.collect(
            (hour, KEYS[k], repr(double) if text is None else text) for whose, hour, k, (double, text) in rows if whose == account
        ).to_bytes()
        for account in {row[0] for row in rows}
    }


@pytest.mark.slow
@UNHURRIED
@given(lines)
def test_documents__any_lines__are_the_protocols_bytes(rows):
    found = documents(rows)
    assert found == expected(rows)
    assert list(found) == sorted(found)
    for data in found.values():
        StrippedLines.from_bytes(data)


@pytest.mark.slow
@UNHURRIED
@given(lines)
def test_documents__numbers_too_large_to_pack__are_in_the_same_order(rows):
    largest, stripping._LARGEST = stripping._LARGEST, 0
    try:
        assert documents(rows) == expected(rows)
    finally:
        stripping._LARGEST = largest


def test_documents__batches_that_cut_an_account__join_up(monkeypatch):
    monkeypatch.setattr(stripping, "_BATCH_ROWS", 7)
    rows = [("1" if number % 3 else "2", 490_000 + number, 7, (float(number), None)) for number in range(5000)]
    assert documents(rows) == expected(rows)


def test_documents__no_lines__are_none():
    assert documents([]) == {}
