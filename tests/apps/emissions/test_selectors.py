"""What pages show: totals that equal what is filtered, pages that join up, exports that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from cloudtuner.errors import ServiceError
from cloudtuner.templatetags.face import kg_exact
from cloudtuner.tenancy import public_context
from emissions import selectors
from emissions.engine.cells import neutral
from emissions.grid.catalog import load_factor_set
from emissions.selectors.figures import Amount, LedgerFilters


@pytest.fixture
def ledger(room, cur):
    """Two accounts, two regions, storage too, restated once, so that reversals are there."""
    lines = [
        *cur.hours(cur.Line(), 50),
        *cur.hours(replace(cur.Line(), account=cur.other, place=cur.virginia, cost="0.2"), 50),
        *cur.hours(replace(cur.Line(), place=("ap-south-1", "APS3-DataTransfer-Out-Bytes", ""), unit="GB", quantity="3"), 10),
        *cur.hours(replace(cur.Line(), place=("ap-south-1", "APS3-Something:New", ""), unit="Widgets"), 3),
    ]
    room.version([replace(line, quantity="9") for line in lines])
    room.confirm(room.version(lines))
    return room


def pages(filters, **kwargs):
    rows, cursor = [], ""
    while True:
        page = selectors.ledger_page(filters, cursor=cursor, **kwargs)
        rows += page.rows
        cursor = page.next_cursor
        if not cursor:
            return rows


def filters_of(cur):
    start = cur.june[0]
    return {
        "all": LedgerFilters(),
        "account": LedgerFilters(accounts=(cur.account,)),
        "two regions": LedgerFilters(regions=("ap-south-1", "us-east-1")),
        "hours": LedgerFilters(hour_from=start + 5, hour_through=start + 30),
        "day": LedgerFilters(hour_from=start, hour_through=start + 23),
        "by cost": LedgerFilters(qualities=("unknown",)),
        "nothing": LedgerFilters(services=("AmazonNothing",)),
    }


GROUPINGS = [(), ("hour",), ("day", "account"), ("month", "service"), ("account", "region"), ("quality",), ("basis", "category")]


def test_ledger__any_filter_and_grouping__rows_add_up_to_the_totals(ledger, cur):
    for name, filters in filters_of(cur).items():
        totals = selectors.ledger_totals(filters)
        for group_by in GROUPINGS:
            rows = pages(filters, group_by=group_by, limit=37)
            for column in Amount.__dataclass_fields__:
                told = sum(getattr(row.amount, column) for row in rows)
                assert told == getattr(totals, column), (name, group_by, column)
            assert bool(rows) == (name != "nothing"), (name, group_by)


def test_ledger__pages_of_any_size__give_every_row_once_and_in_order(ledger):
    for sort in ("hour", "-hour", "ug", "-ug", "energy", "-account", "service"):
        for limit, filters, count in (
            (1, LedgerFilters(qualities=("unknown",)), 3),
            (7, LedgerFilters(), 113),
            (1000, LedgerFilters(), 113),
        ):
            rows = pages(filters, sort=sort, limit=limit)
            keys = [(row.account, row.hour, row.region, row.service, row.category, row.quality, row.basis) for row in rows]
            assert len(set(keys)) == len(keys) == count, (sort, limit)
            name = {"hour": "hour", "account": "account", "service": "service"}.get(sort.lstrip("-"))
            values = [getattr(row, name) if name else row.amount.ug if "ug" in sort else row.amount.energy_uwh for row in rows]
            assert values == sorted(values, reverse=sort.startswith("-")), (sort, limit)


def test_ledger__question_that_makes_no_sense__is_refused_by_name(ledger):
    for kwargs, code in (
        ({"group_by": ("password",)}, "ledger.group"),
        ({"group_by": ("hour", "day")}, "ledger.group"),
        ({"group_by": ("account",), "sort": "region"}, "ledger.sort"),
        ({"sort": "ug; DROP TABLE emissions_bill"}, "ledger.sort"),
        ({"cursor": "bm9uc2Vuc2U="}, "ledger.cursor"),
        ({"cursor": "%%%"}, "ledger.cursor"),
    ):
        with pytest.raises(ServiceError) as refused:
            selectors.ledger_page(LedgerFilters(), **kwargs)
        assert refused.value.code == code, kwargs


def test_ledger__cursor_of_another_question__is_refused(ledger):
    cursor = selectors.ledger_page(LedgerFilters(), limit=2, sort="ug").next_cursor
    with pytest.raises(ServiceError):
        selectors.ledger_page(LedgerFilters(), limit=2, sort="-ug", cursor=cursor)


def test_csv__formulas_in_a_bill__never_reach_the_ledger(room, cur):
    evil = replace(cur.Line(), service="=cmd|' /C calc'!A0")
    version = room.version([cur.Line(), replace(evil, line_id="a"), replace(evil, service="@x", line_id="b")])
    assert version.quarantined_total == 2
    text = "".join(selectors.ledger_csv(LedgerFilters()))
    assert {row["service"] for row in csv.DictReader(io.StringIO(text))} == {"AmazonEC2"}


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx"])
def test_csv__text_that_a_spreadsheet_would_run__is_kept_a_text(text):
    assert neutral(text) == f"'{text}"


def test_csv__read_after_the_schema_was_closed__still_has_its_own_rows(ledger):
    for group_by in ((), ("month", "account"), ("service",)):
        stream = selectors.ledger_csv(LedgerFilters(), group_by=group_by)
        with public_context():
            text = "".join(stream)
        rows = list(csv.DictReader(io.StringIO(text)))
        assert sum(int(row["operational_ug"]) + int(row["embodied_ug"]) for row in rows) == ledger.total(), group_by
        if not group_by:
            assert len(rows) == 113
            assert rows[0]["from_utc"] == "2026-06-01T00:00Z"


def test_parquet__any_grouping__holds_the_rows_of_the_csv(ledger):
    for group_by in ((), ("day", "service"), ("account",)):
        stream = selectors.ledger_parquet(LedgerFilters(), group_by=group_by)
        with public_context():
            table = pq.read_table(io.BytesIO(b"".join(stream)))
        told = list(csv.DictReader(io.StringIO("".join(selectors.ledger_csv(LedgerFilters(), group_by=group_by)))))
        assert table.column_names == list(told[0])
        for row, line in zip(table.to_pylist(), told, strict=True):
            for name, value in row.items():
                text = value.strftime("%Y-%m-%dT%H:%MZ") if name.endswith("_utc") else str(value)
                assert text == line[name], (group_by, name)


def test_exports__chosen_figures__are_the_only_ones(ledger):
    text = "".join(selectors.ledger_csv(LedgerFilters(), group_by=("region",), amounts=("water_ul", "co2e_kg")))
    assert text.splitlines()[0] == "region,co2e_kg,water_ul"
    assert [row.factor_set for row in pages(LedgerFilters(), limit=500)][:1] == [load_factor_set().id]


def test_dashboard__a_month__every_cut_adds_up_to_the_total(ledger, cur):
    told = selectors.dashboard(*cur.june)
    assert told.total == selectors.ledger_totals(LedgerFilters())
    for cut in (told.months, told.by_region, told.by_service, told.by_category, told.by_account, told.by_quality, told.by_basis):
        assert sum(share.amount.ug for share in cut) == told.total.ug
    assert sum(cell.ug for cell in told.by_month) == told.total.ug
    assert {cell.month for cell in told.by_month} == {"2026-06"}
    assert told.total.low_ug <= told.total.ug <= told.total.high_ug
    assert [(row.account, row.hours_present, row.hours_expected) for row in told.completeness] == [
        (cur.account, 50, 720),
        (cur.other, 50, 720),
    ]
    assert told.coverage_ppm is not None
    assert 0 < told.coverage_ppm < 1_000_000
    assert (told.first_hour, told.last_hour) == cur.june


def test_dashboard__part_of_a_day__reads_the_hours(ledger, cur):
    first = cur.june[0]
    told = selectors.dashboard(first + 3, first + 7)
    assert told.total == selectors.ledger_totals(LedgerFilters(hour_from=first + 3, hour_through=first + 7))
    assert [row.hours_present for row in told.completeness] == [5, 5]
    assert sum(share.amount.ug for share in told.by_account) == told.total.ug > 0


def test_dashboard__empty_ledger__is_zero_everywhere(room, cur):
    told = selectors.dashboard(*cur.june)
    assert told.total == Amount()
    assert (told.by_month, told.completeness, told.coverage_ppm, told.first_hour) == ((), (), None, None)


def test_row_lines__a_row__opens_to_the_lines_that_add_up_to_it(ledger, cur):
    row = next(row for row in pages(LedgerFilters(accounts=(cur.account,)), limit=1000) if row.category == "compute")
    (found,) = selectors.row_lines(
        account=row.account, hour=row.hour, region=row.region, service=row.service, category=row.category
    )
    assert sum(line.figures.ug for line in found.lines) == row.amount.ug
    assert sum(line.figures.energy_uwh for line in found.lines) == row.amount.energy_uwh
    assert {line.file for line in found.lines} == {"bill.csv.gz"}
    assert (found.version_number, found.truncated) == (2, False)
    assert all(line.terms for line in found.lines)


def test_thread_page__a_row__says_what_each_line_comes_to_and_that_it_equals_the_ledger(ledger, cur):
    row = next(row for row in pages(LedgerFilters(accounts=(cur.account,)), limit=1000) if row.category == "compute")
    asked = {"account": row.account, "hour": row.hour, "region": row.region, "service": row.service, "category": row.category}
    with public_context():
        response = ledger.tenant.client().get("/thread/", asked)
    assert response.status_code == 200
    shown = response.content.decode()
    assert kg_exact(row.amount.ug) in shown[shown.index("bill.csv.gz, line") - 400 :]
    assert "equals the ledger to the microgram" in shown


def test_row_lines__hour_without_lines__is_refused(ledger, cur):
    with pytest.raises(ServiceError) as refused:
        selectors.row_lines(account=cur.account, hour=cur.june[1])
    assert refused.value.code == "ledger.no_row"


def test_choices__name_every_value(ledger, cur):
    found = selectors.ledger_choices()
    assert found.accounts == (cur.account, cur.other)
    assert found.regions == ("ap-south-1", "us-east-1")
    assert "unknown" in found.qualities


def test_bills__list_and_review(ledger, cur):
    (bill,) = selectors.bills()
    assert [version.state for version in bill.versions] == ["confirmed", "replaced"]
    assert bill.current is not None
    assert bill.current.ug == ledger.total()
    assert selectors.versions_in_review() == ()
    assert len(selectors.uploads()) == 2
