"""The options of `cloudtuner estimate`: by which words, by which method and basis, into which file, with which reasons."""

from __future__ import annotations

import csv
import json

import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from emissions.engine import rows_out
from emissions.engine.cli import estimate_command

app = typer.Typer()
app.command()(estimate_command)
runner = CliRunner()


def _json(*words: object) -> dict:
    result = runner.invoke(app, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_out__by_hour_and_service__file_sums_to_the_bill(samples, tmp_path, ending):
    path = tmp_path / f"sums.{ending}"
    told = _json(samples.second.path, "--by", "service,hour", "--out", path)
    if ending == "csv":
        rows = list(csv.DictReader(path.read_text().splitlines()))
    elif ending == "parquet":
        rows = pq.read_table(path).to_pylist()
    else:
        rows = json.loads(path.read_text())
    assert list(rows[0])[:2] == ["service", "hour_utc"]
    assert rows[0]["hour_utc"] == "2026-02-01T00:00:00Z"
    assert sum(int(row["operational_ug"]) + int(row["embodied_ug"]) for row in rows) == int(told["ug"])
    assert len(rows) == len(told["rows"])
    assert list(tmp_path.iterdir()) == [path]


def test_out__cells_that_a_spreadsheet_would_run__are_neutralised(tmp_path):
    path = tmp_path / "sums.csv"
    row = dict.fromkeys(rows_out.MEASURES, 0) | {"service": '=HYPERLINK("http://x")', "energy_uwh": -5}
    rows_out._csv([row], ["service", *rows_out.MEASURES], path)
    written = list(csv.reader(path.read_text().splitlines()))[1]
    assert written[0].startswith("'=")
    assert written[1] == "-5"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--by", "planet"], "cli.by"),
        (["--by", ","], "cli.by"),
        (["--out", "sums.xlsx"], "cli.out"),
        (["--lines-out", "lines.json"], "cli.out"),
        (["--memory", "two bananas"], "engine.memory_limit"),
        (["--method", "guess"], "method.unknown"),
        (["--basis", "green"], "factors.basis"),
        (["--factors", "of-tomorrow"], "factors.missing"),
        (["--engine", "abacus"], "cli.option"),
        (["--emit-sql", "cobol"], "cli.option"),
    ],
)
def test_option__that_says_nothing__exits_2_and_writes_nothing(samples, tmp_path, monkeypatch, words, code):
    monkeypatch.chdir(tmp_path)
    result = runner.invoke(app, [str(samples.second.path), *words, "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == code
    assert list(tmp_path.iterdir()) == []


def test_lines_out__that_cannot_be_written__is_refused_by_its_own_name(write_bill, tmp_path):
    result = runner.invoke(app, [str(write_bill([{}])), "--lines-out", str(tmp_path / "nowhere" / "lines.csv"), "--json"])
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "cli.out"
    assert "nowhere/lines.csv: it cannot be written" in error["message"]


def test_lines_out__texts_that_a_spreadsheet_would_run__are_neutralised_and_numbers_stay(write_bill, tmp_path):
    bill = write_bill([{"identity_line_item_id": "=1+1", "line_item_usage_amount": "-2"}])
    assert runner.invoke(app, [str(bill), "--lines-out", str(tmp_path / "lines.CSV")]).exit_code == 0
    (line,) = csv.DictReader((tmp_path / "lines.CSV").read_text().splitlines())
    assert (line["line_id"], line["quantity"], line["energy_uwh"]) == ("'=1+1", "-2", "-40044000")


def test_terminal__brackets_in_a_bills_texts__are_shown_and_mean_nothing(write_bill):
    mystery = {"line_item_product_code": "Foo [bar]", "line_item_usage_type": "Much [/of] it", "pricing_unit": "Dreams"}
    result = runner.invoke(app, [str(write_bill([{}, mystery])), "--explain"], env={"COLUMNS": "180"})
    assert result.exit_code == 0, result.exception
    assert "Foo [bar]" in result.stdout
    assert "Much [/of] it" in result.stdout


def test_basis__lifecycle_or_direct__is_that_of_every_row(samples):
    for basis in ("lifecycle", "direct"):
        told = _json(samples.second.path, "--basis", basis, "--by", "basis")
        assert [row["basis"] for row in told["rows"]] == [basis]
    assert {row["basis"] for row in _json(samples.second.path, "--by", "basis")["rows"]} == {"lifecycle", "direct"}


def test_method_ccf__by_category__has_its_operational_parts(samples):
    told = _json(samples.second.path, "--method", "ccf", "--by", "category")
    assert {row["category"] for row in told["rows"]} == {"compute", "storage", "network", "none", "unknown"}
    assert all(row["water_ul"] == "0" for row in told["rows"])


def test_explain__terminal_and_json__name_the_unknown_first(samples):
    told = _json(samples.second.path, "--explain")
    assert told["explained"][0]["quality"] == "unknown"
    unknown = {one["usage_type"] for one in told["unknown_usage"]}
    assert unknown == {row["usage_type"] for row in told["explained"] if row["quality"] == "unknown"}
    machine = next(row for row in told["explained"] if row["usage_type"] == "APS3-BoxUsage:m5.2xlarge")
    assert {"power", "PUE", "grid"} <= {term["part"] for term in machine["terms"]}
    assert machine["factor_ids"]
    total = sum(int(row["operational_ug"]) + int(row["embodied_ug"]) for row in told["explained"])
    assert total == int(told["ug"])
    shown = runner.invoke(app, [str(samples.second.path), "--explain", "--by", "category"], env={"COLUMNS": "180"})
    assert "Usage without a model" in shown.stdout
    assert all(name in shown.stdout for name in unknown)
    assert "kWh" in shown.stdout


@pytest.mark.parametrize("dialect", ["trino", "athena", "bigquery", "snowflake", "pyspark"])
def test_emit_sql__dialect__prints_the_query_and_reads_no_bill(dialect):
    result = runner.invoke(app, ["--emit-sql", dialect])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.lstrip().upper().startswith(("SELECT", "WITH"))
    assert "energy_uwh" in result.stdout


def test_no_bill__exits_2_and_says_so():
    result = runner.invoke(app, [])
    assert result.exit_code == 2
    assert "name a bill" in result.stderr


def test_resume__folder_given__same_figures_and_nothing_left(samples, tmp_path):
    told = _json(samples.second.path, "--resume", tmp_path / "kept", "--by", "service")
    assert told["rows"] == _json(samples.second.path, "--by", "service")["rows"]
    assert list((tmp_path / "kept").iterdir()) == []
