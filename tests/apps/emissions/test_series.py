"""Hours by series: what is copied is what was estimated, in order, whatever the order it came in."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace

import psycopg
import pyarrow as pa
import pytest
from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from cloudtuner import clock
from cloudtuner.clock import month_hours
from cloudtuner.errors import BillError
from cloudtuner.tenancy import tenant_context
from emissions import selectors, services
from emissions.engine.results import HOURS_SCHEMA
from emissions.models import LedgerBatch, LedgerDay, LedgerHour, LedgerMonth, LedgerSeries, Upload
from emissions.models.ledger import BOUNDED, MEASURES, SERIES_KEY
from emissions.register.models import WaitingJob
from emissions.selectors.figures import LedgerFilters
from emissions.selectors.ledger import SORTS
from emissions.services import ledger
from emissions.services.copying import binary_rows
from emissions.services.series import FIGURES, stated

JUNE, JULY = month_hours(2026, 6)[0], month_hours(2026, 7)[0]


def rows_of(count, seed=1):
    draw = random.Random(seed)
    keys = [
        (
            f"{draw.randrange(3):012d}",
            draw.choice(["ap-south-1", "us-east-1"]),
            draw.choice(["é", "a b"]),
            "compute",
            "proxy",
            "direct",
        )
        for _ in range(9)
    ]
    cells = {(draw.choice(keys), draw.randrange(JULY - 40, JULY + 40)) for _ in range(count)}
    rows = [
        dict(zip(SERIES_KEY, key, strict=True))
        | {"hour": hour}
        | {name: draw.randrange(-(10**12), 10**12) for name in MEASURES[:-1]}
        for key, hour in cells
    ]
    return [row | {"lines": draw.randrange(1, 9)} for row in rows]


def key_of(row):
    return tuple(row[name] for name in SERIES_KEY)


def table_of(rows):
    return pa.Table.from_pylist(rows).select(HOURS_SCHEMA.names).cast(HOURS_SCHEMA)


@pytest.mark.parametrize("pieces", [1, 7])
def test_series__rows_in_any_order_and_pieces__are_the_rows_by_series_and_hour(pieces):
    rows = rows_of(200)
    size = -(-len(rows) // pieces)
    found = stated(pa.concat_tables(table_of(rows[start : start + size]) for start in range(0, len(rows), size)))
    keys = sorted({key_of(row) for row in rows})
    assert [tuple(row[name] for name in SERIES_KEY) for row in found.series.to_pylist()] == keys
    expected = sorted((keys.index(key_of(row)) + 41, row["hour"], *(row[name] for name in MEASURES)) for row in rows)
    assert [tuple(row.values()) for block in found.blocks(41) for row in block.to_pylist()] == expected


def test_series__bounds_and_sums__are_those_of_its_rows():
    rows = rows_of(300, seed=2)
    found = stated(table_of(rows))
    by_key = defaultdict(list)
    for row in rows:
        by_key[key_of(row)].append(row | {"ug": row["operational_ug"] + row["embodied_ug"]})
    for told in found.series.to_pylist():
        mine = by_key[key_of(told)]
        hours = [row["hour"] for row in mine]
        assert (told["row_count"], told["hour_from"], told["hour_through"]) == (len(mine), min(hours), max(hours))
        for name, pick in (("least", min), ("most", max)):
            assert told[name] == "{" + ",".join(str(pick(row[amount] for row in mine)) for amount in BOUNDED) + "}"
    for sums, begin in (
        (found.days(1), lambda hour: hour // 24 * 24),
        (found.months(1), lambda hour: JULY if hour >= JULY else JUNE),
    ):
        expected = defaultdict(int)
        for place, key in enumerate(sorted(by_key), start=1):
            for row in by_key[key]:
                expected[place, begin(row["hour"])] += row["energy_uwh"]
        assert {(row["series_id"], row["hour"]): row["energy_uwh"] for row in sums.to_pylist()} == expected


def test_series__use_at_first_hours_alone__is_billed_by_the_day_and_in_no_hour():
    rows = [row for row in rows_of(60, seed=4) if row["account"].endswith(("0", "1"))]
    for row in rows:
        row["hour"] -= row["hour"] % 24 if row["account"].endswith("0") else 0
    rows = list({(key_of(row), row["hour"]): row for row in rows}.values())
    # One use in two qualities: the rows of one begin days, those of the other do not.
    one = rows[0] | {"account": "000000000009", "hour": JUNE}
    rows += [one, one | {"quality": "measured", "hour": JUNE + 5}]
    found = stated(table_of(rows))
    assert {row["account"]: row["daily"] for row in found.series.to_pylist()} == {
        "000000000000": "t", "000000000001": "f", "000000000009": "f",
    }  # fmt: skip
    told = {(row["account"], row["hour"]): row for row in found.account_days().to_pylist()}
    expected = defaultdict(lambda: ["NULL"] * 24)
    bits = defaultdict(int)
    for row in rows:
        day, at = divmod(row["hour"], 24)
        bits[row["account"], day * 24] |= 1 << at
        amounts = expected[row["account"], day * 24]
        if row["account"] != "000000000000":
            amounts[at] = str(int(amounts[at].replace("NULL", "0")) + row["operational_ug"] + row["embodied_ug"])
    assert {key: row["hours"] for key, row in told.items()} == bits
    assert {key: row["ug"] for key, row in told.items()} == {key: "{" + ",".join(value) + "}" for key, value in expected.items()}


def test_series__no_rows__are_none():
    found = stated(HOURS_SCHEMA.empty_table())
    assert found.series.num_rows == found.days(1).num_rows == found.months(1).num_rows == found.account_days().num_rows == 0
    assert list(found.blocks(1)) == []


def test_series__amounts_that_a_month_could_not_hold__are_refused():
    row = rows_of(1)[0]
    with pytest.raises(BillError) as refused:
        stated(table_of([row | {"energy_uwh": 2**53}]))
    assert refused.value.code == "bill.too_large"


def test_binary_rows__slice_of_a_column__holds_its_own_values():
    block = pa.record_batch([pa.array([5, -1, 2**40], pa.int64()), pa.array([7, -2, 9], pa.int32())], names=["a", "b"])
    row = b"\0\2" + b"\0\0\0\x08" + (-1).to_bytes(8, "big", signed=True) + b"\0\0\0\x04" + (-2).to_bytes(4, "big", signed=True)
    assert bytes(binary_rows(block.slice(1, 1))) == row
    assert len(binary_rows(block)) == 3 * len(row)


def test_ledger__rows_as_they_are_sent__have_the_types_of_the_table(room, cur):
    room.version(cur.hours(cur.Line(), 3))
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'emissions_ledgerhour'")
        kinds = dict(cursor.fetchall())
    (block,) = stated(table_of(rows_of(5))).blocks(1)
    assert list(kinds) == list(FIGURES)
    assert [kinds[name] for name in FIGURES] == [
        {pa.int32(): "integer", pa.int64(): "bigint"}[block.schema.field(name).type] for name in FIGURES
    ]


@pytest.mark.django_db(transaction=True)
def test_post__session_dies_among_its_copies__nothing_is_there_and_the_next_has_all(room, cur, test_database, monkeypatch):
    lines = [*cur.hours(cur.Line(), 40), *cur.hours(cur.Line(account=cur.other), 40)]
    real, sent = ledger.binary_rows, []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()

    def dies_at_the_third(block):
        sent.append(block.num_rows)
        if len(sent) == 3:
            with psycopg.connect(test_database.url()) as other:
                assert other.execute(f"SELECT count(*) FROM {room.tenant.schema}.emissions_ledgerseries").fetchone() == (0,)
                other.execute("SELECT pg_terminate_backend(%s)", [pid])
        return real(block)

    monkeypatch.setattr("emissions.services.series._BLOCK_ROWS", 16)
    monkeypatch.setattr(ledger, "binary_rows", dies_at_the_third)
    with pytest.raises((psycopg.OperationalError, OperationalError, InterfaceError)):
        room.upload(lines)
    connection.close()
    monkeypatch.setattr(ledger, "binary_rows", real)
    with tenant_context(room.tenant.schema):
        assert not any(model.objects.exists() for model in (LedgerSeries, LedgerHour, LedgerDay, LedgerMonth, LedgerBatch))
        upload = Upload.objects.get()
        WaitingJob.objects.update(due_at=clock.now(), taken_until=None)
        services.upload_read(upload_id=upload.pk)
        assert LedgerBatch.objects.get().row_count == LedgerHour.objects.count() == 80
        assert services.ledger_verify() == []


@pytest.fixture
def uneven(room, cur):
    """Two accounts with amounts that differ from hour to hour, and some that do not."""
    draw = random.Random(3)
    lines = [
        *(replace(line, quantity=str(draw.randrange(1, 9))) for line in cur.hours(cur.Line(), 40)),
        *(replace(line, quantity=str(draw.randrange(1, 9))) for line in cur.hours(cur.Line(account=cur.other), 40)),
        *cur.hours(replace(cur.Line(), account=cur.other, place=cur.virginia), 30),
    ]
    room.version(lines)
    return room


@pytest.mark.parametrize("sort", [f"{sign}{name}" for name in SORTS for sign in ("", "-")])
def test_ledger__pages_in_any_order__are_the_sorted_rows(uneven, cur, sort):
    column = SORTS[sort.lstrip("-")]
    start = cur.june[0]
    for filters in (
        LedgerFilters(),
        LedgerFilters(hour_from=start + 3, hour_through=start + 33),
        LedgerFilters(accounts=(cur.other,)),
    ):
        rows = selectors.ledger_page(filters, sort=sort, limit=1000).rows
        found, cursor = [], ""
        while True:
            page = selectors.ledger_page(filters, sort=sort, limit=23, cursor=cursor)
            found += page.rows
            cursor = page.next_cursor
            if not cursor:
                break
        assert found == list(rows)
        assert len({(row.account, row.hour, row.region) for row in rows}) == len(rows) > 30
        values = [getattr(row.amount, column, None) if hasattr(row.amount, column) else getattr(row, column) for row in rows]
        assert values == sorted(values, reverse=sort.startswith("-"))
