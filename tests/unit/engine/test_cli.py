"""`cloudtuner estimate` on the terminal."""

from __future__ import annotations

import json

import typer
from typer.testing import CliRunner

from emissions.engine.cli import estimate_command

app = typer.Typer()
app.command()(estimate_command)
runner = CliRunner()


def test_estimate_command__sample_bill__prints_the_table(samples, factors):
    result = runner.invoke(app, [str(samples.first.path)], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert "1,874.995" in result.stdout
    assert "24 duplicates counted once" in result.stdout
    assert factors.id in result.stdout
    assert "no invoice id" not in result.stdout


def test_estimate_command__json__is_strings_of_integers(samples):
    result = runner.invoke(app, [str(samples.uninvoiced.path), "--json"])
    told = json.loads(result.stdout)
    assert told["ug"] == "1874995019020"
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
