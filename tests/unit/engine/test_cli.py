"""`cloudtuner estimate` on the terminal."""

from __future__ import annotations

import gzip
import json

import pytest
import typer
from typer.testing import CliRunner

from emissions.engine.cli import estimate_command

app = typer.Typer()
app.command()(estimate_command)
runner = CliRunner()


def test_estimate_command__sample_bill__prints_the_table(samples, factors):
    result = runner.invoke(app, [str(samples.first.path)], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "1,987.515" in result.stdout
    assert "24 duplicates counted once" in result.stdout
    assert factors.id in result.stdout
    assert "no invoice id" not in result.stdout


def test_estimate_command__json__is_strings_of_integers(samples):
    result = runner.invoke(app, [str(samples.uninvoiced.path), "--json"])
    told = json.loads(result.stdout)
    assert told["ug"] == "1987515244798"
    assert sum(int(row["operational_ug"]) + int(row["embodied_ug"]) for row in told["rows"]) == int(told["ug"])
    assert told["accounts"][0]["lines_without_invoice"] == told["accounts"][0]["lines"]


def test_estimate_command__bad_file__exits_2_with_file_and_line(samples, tmp_path):
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(samples.first.path.read_bytes()[:200_000])
    result = runner.invoke(app, [str(cut)])
    assert result.exit_code == 2
    assert "cut.csv.gz, line" in result.stderr
    assert result.stdout == ""
    as_json = runner.invoke(app, [str(cut), "--json"])
    assert as_json.exit_code == 2
    assert json.loads(as_json.stdout)["error"]["code"] == "bill.truncated"


def test_estimate_command__strict_with_a_bad_line__exits_2(write_bill):
    path = write_bill([{}, {"line_item_usage_amount": "many"}])
    assert runner.invoke(app, [str(path)]).exit_code == 0
    refused = runner.invoke(app, [str(path), "--strict"])
    assert refused.exit_code == 2
    assert "bill.csv, line 3" in refused.stderr


@pytest.mark.parametrize(
    ("name", "spoil", "place"),
    [
        ("a.csv", lambda text: b"", "a.csv: the file is empty"),
        ("a.parquet", lambda text: b"", "a.parquet: the file is empty"),
        ("a.csv", lambda text: b"a,b\n1,2\n", "a.csv, line 1"),
        ("a.csv.gz", lambda text: gzip.compress(text)[:-60], "a.csv.gz, line "),
        ("a.csv", lambda text: text.decode().encode("utf-16"), "a.csv: this is UTF-16 text"),
        ("a.csv", lambda text: text.replace(b"RunInstances", b"Caf\xe9", 1), "a.csv, line 2: the text is not UTF-8"),
        ("a.csv", lambda text: text + b"1,2\r\n", "a.csv, line 4"),
    ],
    ids=["empty", "empty Parquet", "columns", "truncated gzip", "UTF-16", "Latin-1", "short line"],
)
def test_estimate_command__bad_bill__exits_2_with_its_place(write_bill, tmp_path, name, spoil, place):
    bad = tmp_path / name
    bad.write_bytes(spoil(write_bill([{}, {}], name="good.csv").read_bytes()))
    result = runner.invoke(app, [str(bad)])
    assert result.exit_code == 2
    assert place in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("line_item_usage_amount", "9e30", "line.quantity"),
        ("line_item_usage_amount", "9e15", "line.too_large"),
        ("line_item_usage_start_date", "2076-02-03T05:00:00Z", "line.outside_period"),
        ("line_item_usage_start_date", "9999-99-99T05:00:00Z", "line.timestamp"),
    ],
)
def test_estimate_command__absurd_line__is_named_and_the_rest_counts(write_bill, column, value, code):
    told = json.loads(runner.invoke(app, [str(write_bill([{}, {column: value}, {}])), "--json"]).stdout)
    assert [(line["file"], line["line"], line["code"]) for line in told["quarantined"]] == [("bill.csv", 3, code)]
    assert told["ug"] == str(2 * 14_706_335)
