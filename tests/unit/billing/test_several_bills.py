"""Files with lines of several months, payers or providers are sorted into bills, line for line and figure for figure."""

from __future__ import annotations

import csv
import io
import json
from itertools import cycle

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cloudtuner.cli import app
from cloudtuner.errors import BillError
from emissions import sample_exports as exports
from emissions.billing.files import LINE_COLUMN
from emissions.engine.estimate import estimate
from emissions.engine.sorting import sort_into_bills
from emissions.grid.catalog import load_factor_set

FOCUS = {"aws": exports.focus_aws_rows, "azure": exports.focus_azure_rows, "gcp": exports.focus_gcp_rows}


def _whole(rows: list[dict]) -> list[dict]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [{name: row.get(name) or "" for name in names} for row in rows]


def _shuffled(*parts: list[dict]) -> list[dict]:
    """The lines of several exports, in turn, as a vendor's file has them."""
    left = [iter(part) for part in parts]
    found: list[dict] = []
    turns = cycle(range(len(left)))
    while len(found) < sum(map(len, parts)):
        found.extend([row] if (row := next(left[next(turns)], None)) else [])
    return _whole(found)


def _moved(rows: list[dict], month: str) -> list[dict]:
    """The same lines in another month."""
    return [
        {name: str(value or "").replace("2026-02", month).replace("2026-03", "2026-02") for name, value in row.items()}
        for row in rows
    ]


def _ug(paths) -> int:
    with estimate(paths, factor_set=load_factor_set()) as found:
        assert found.counts.quarantined == 0
        return found.ug


@pytest.fixture
def write(tmp_path):
    def written(rows: list[dict], name: str = "vendor.csv"):
        path = tmp_path / name
        if name.endswith("parquet"):
            exports.write_parquet(rows, path)
        else:
            path.write_bytes(exports.csv_bytes(rows))
        return path

    return written


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("name", ["vendor.csv", "vendor.parquet"])
def test_sort__focus_of_three_clouds_in_one_file__is_each_clouds_own_figures(name, write, work):
    path = write(_shuffled(*(rows() for rows in FOCUS.values())), name)
    found = sort_into_bills([path], folder=work)
    assert [(bill.provider, bill.month_text) for bill in found.bills] == [(provider, "2026-02") for provider in FOCUS]
    assert [file.name for file in found.cut] == [name]
    for (bill, parts), rows in zip(found.bills.items(), FOCUS.values(), strict=True):
        ((file, lines, cut_from),) = ((part.file, part.lines, part.cut_from) for part in parts)
        assert (file.name, lines, cut_from.name) == (name, len(rows()), name)
        assert _ug([file]) == _ug([write(rows(), f"{bill.provider}.csv")])


def test_sort__year_of_months_and_payers__is_a_bill_each_and_the_same_bytes_again(write, work, tmp_path):
    rows = exports.focus_aws_rows()
    other = [{**row, "BillingAccountId": "900011119999"} for row in rows]
    path = write(_whole([*_moved(rows, "2026-01"), *rows, *other]))
    found = sort_into_bills([path], folder=work)
    assert [(bill.month_text, bill.payer[-4:]) for bill in found.bills] == [
        ("2026-01", "2222"),
        ("2026-02", "2222"),
        ("2026-02", "9999"),
    ]
    together = sort_into_bills([path], folder=work, by_month=False)
    assert [(bill.month, bill.payer[-4:]) for bill in together.bills] == [(None, "2222"), (None, "9999")]
    longer = write([*_whole([*_moved(rows, "2026-01"), *rows, *other]), *_whole(_moved(rows, "2026-04"))], "longer.csv")
    again = sort_into_bills([longer], folder=tmp_path)
    digests = {name: parts[0].file.digest for name, parts in again.bills.items()}
    assert len(digests) == 4
    assert all(digests[name] == parts[0].file.digest for name, parts in found.bills.items()), (
        "unchanged months are the same files"
    )


@pytest.mark.parametrize("name", ["vendor.csv", "vendor.parquet"])
def test_sort__column_of_our_own_name_in_a_strangers_file__is_one_of_theirs(name, write, work):
    rows = [{**row, LINE_COLUMN: "no line"} for row in _whole([*exports.focus_aws_rows(), *exports.focus_gcp_rows()])]
    rows[3]["ConsumedQuantity"] = rows[3]["PricingQuantity"] = "much"
    found = sort_into_bills([write(rows, name)], folder=work)
    (part,) = found.bills[next(iter(found.bills))]
    with estimate([part.file], factor_set=load_factor_set()) as figures:
        assert [line.line for line in figures.quarantined] == [5 if name.endswith("csv") else 4]
    with estimate([write(rows[: part.lines], name)], factor_set=load_factor_set()) as figures:
        assert [line.line for line in figures.quarantined] == [5 if name.endswith("csv") else 4]


def test_sort__one_bill__stays_the_file_that_was_given(write, work):
    rows = exports.focus_aws_rows()
    found = sort_into_bills([write(rows), write(rows, "same.parquet")], folder=work)
    (parts,) = found.bills.values()
    assert not found.cut
    assert {part.file.name for part in parts} == {"vendor.csv", "same.parquet"}
    assert list(found.parsed) == [part.file.digest for part in parts if part.file.kind == "csv"]


def test_sort__lines_of_a_provider_that_is_not_known__are_left_out_and_counted(write, work):
    rows = exports.focus_aws_rows()
    strange = [{**rows[0], "ProviderName": "Gramado Cloud"}] * 3
    found = sort_into_bills([write([*strange[:1], *rows, *strange[1:]])], folder=work)
    assert found.left_out == {"gramado cloud": 3}
    ((part,),) = found.bills.values()
    assert part.lines == len(rows)
    with pytest.raises(BillError, match="no line is of a provider that is known; named are 'gramado cloud'") as refused:
        sort_into_bills([write(strange)], folder=work)
    assert refused.value.code == "bill.provider"


def test_sort__values_across_lines__keep_the_line_of_the_file_that_was_given(write, work):
    rows = _shuffled(exports.focus_aws_rows(), exports.focus_azure_rows())
    rows[4]["PublisherName"] = "one\nand\nmore"
    azure_uses = [
        number for number, row in enumerate(rows) if (row["ProviderName"], row["ChargeCategory"]) == ("Microsoft", "Usage")
    ]
    bad = azure_uses[9]
    rows[bad]["ConsumedQuantity"] = rows[bad]["PricingQuantity"] = "plenty"
    path = write(rows)
    found = sort_into_bills([path], folder=work)
    (azure,) = (parts[0].file for bill, parts in found.bills.items() if bill.provider == "azure")
    with estimate([azure], factor_set=load_factor_set()) as told:
        ((file, line),) = ((one.file, one.line) for one in told.quarantined)
    assert (file, line) == ("vendor.csv", bad + 2 + 2)
    with estimate([azure], factor_set=load_factor_set(), lines_out=work / "lines.csv"):
        lines = [int(row["line_number"]) for row in csv.DictReader(io.StringIO((work / "lines.csv").read_text()))]
    assert set(lines) < set(pq.read_table(azure.path)[LINE_COLUMN].to_pylist())


def test_sort__lines_without_payer_or_month__go_with_those_that_have_them(write, work):
    rows = exports.focus_aws_rows()
    rows[3] = {**rows[3], "BillingAccountId": ""}
    rows[4] = {**rows[4], "BillingPeriodStart": ""}
    found = sort_into_bills([write(rows)], folder=work)
    ((part,),) = found.bills.values()
    assert part.lines == len(rows)
    with pytest.raises(BillError, match="no line names a payer"):
        sort_into_bills([write([{**row, "BillingAccountId": ""} for row in rows])], folder=work)
    with pytest.raises(BillError, match="no line names a billing period"):
        sort_into_bills([write([{**row, "BillingPeriodStart": ""} for row in rows])], folder=work)


@pytest.mark.slow
def test_estimate_command__file_of_three_clouds__estimates_each_and_writes_a_file_each(write, tmp_path):
    path = write(_shuffled(*(rows() for rows in FOCUS.values())))
    sums, lines = tmp_path / "sums.json", tmp_path / "lines.parquet"
    told = CliRunner().invoke(app, ["estimate", str(path), "--json", "--out", str(sums), "--lines-out", str(lines)])
    assert told.exit_code == 0, told.output
    each = json.loads(told.stdout)["estimates"]
    assert [one["bill"]["provider"] for one in each] == list(FOCUS)
    for one, rows in zip(each, FOCUS.values(), strict=True):
        assert int(one["ug"]) == _ug([write(rows(), "alone.csv")])
        name = f"{one['bill']['provider']}-{one['bill']['payer']}-focus"
        assert json.loads((tmp_path / f"sums.{name}.json").read_text())
        assert pq.read_metadata(tmp_path / f"lines.{name}.parquet").num_rows == one["counts"]["with_energy"]
    shown = CliRunner().invoke(app, ["estimate", str(path)]).output
    assert "Together, 3 payers" in shown


def test_split_command__file_of_three_clouds__writes_bills_that_are_taken_as_they_are(write, tmp_path):
    path = write(_shuffled(*(rows() for rows in FOCUS.values())))
    told = CliRunner().invoke(app, ["split", str(path), "--out", str(tmp_path / "bills")])
    assert told.exit_code == 0, told.output
    assert sorted(one.name.partition("-")[0] for one in (tmp_path / "bills").iterdir()) == list(FOCUS)
    again = sort_into_bills([tmp_path / "bills"], folder=tmp_path)
    assert not again.cut
