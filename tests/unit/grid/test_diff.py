"""What a newer set changes is told figure by figure and region by region; the command says the same."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from emissions.grid.catalog import load_factor_set, make_factor_set
from emissions.grid.cli import factors_app
from emissions.grid.diff import changes, hour_moves, moves

DAY = "2026-02-01"
runner = CliRunner()


@pytest.fixture(scope="module")
def newer():
    genesis = load_factor_set()
    rows = tuple(
        {**row, "value": "0.032717"} if row["id"] == "grid.lifecycle.US-VA.2024" else row for row in genesis.tables["grid"]
    )
    return make_factor_set("newer", {**genesis.tables, "grid": rows, "gwp": genesis.tables["gwp"][1:]})


def test_changes__one_value_and_one_row__are_named(newer):
    told = changes(load_factor_set(), newer)
    assert [(change.table, change.id, change.kind) for change in told] == [
        ("grid", "grid.lifecycle.US-VA.2024", "changed"),
        ("gwp", load_factor_set().tables["gwp"][0]["id"], "removed"),
    ]
    assert told[0].fields == (("value", "0.32717", "0.032717"),)
    assert changes(newer, newer) == []


def test_moves__regions_on_that_grid__fall_by_ninety_per_cent(newer):
    told = moves(load_factor_set(), newer, DAY)
    assert {(move.provider, move.region) for move in told} >= {("aws", "us-east-1"), ("azure", "eastus"), ("gcp", "us-east4")}
    assert {move.basis for move in told} == {"lifecycle"}
    assert {move.percent for move in told} == {Fraction(-90)}
    assert moves(load_factor_set(), newer, "2021-01-01") == []


def test_moves__region_of_one_set_only__has_no_percentage():
    told = moves(load_factor_set(), load_factor_set("2026-oci"), DAY)
    assert {move.provider for move in told} == {"oci"}
    assert {move.percent for move in told} == {None}


def test_hour_moves__profile_of_the_day__tells_its_largest_move(tmp_path):
    genesis = load_factor_set()
    hours = {f"h{hour:02d}": "1.3" if hour == 18 else "0.7" if hour == 4 else "1" for hour in range(24)}
    row = {"id": "p", "provider": "aws", "region": "eu-north-1", "basis": "lifecycle", "month": "2", **hours, "source": "us"}
    row |= {"year": "2026", "note": "", "valid_from": "", "valid_to": ""}
    newer = make_factor_set("newer", {**genesis.tables, "grid_hourly": (row,)})
    assert [change.id for change in changes(genesis, newer)] == ["p"]
    assert moves(genesis, newer, DAY) == []
    (told,) = hour_moves(genesis, newer, DAY)
    assert (told.region, told.basis, told.hour, told.percent) == ("eu-north-1", "lifecycle", 4, Fraction(-30))
    assert hour_moves(genesis, newer, "2026-03-01") == hour_moves(newer, newer, DAY) == []
    folder = tmp_path / "newer"
    folder.mkdir()
    (folder / "set.json").write_text('{"extends": "genesis"}')
    (folder / "grid_hourly.csv").write_text("\n".join((",".join(row), ",".join(row.values()), "")))
    shown = runner.invoke(factors_app, ["diff", "genesis", str(folder), "--day", DAY])
    assert "aws/eu-north-1 lifecycle by hour: most at 04:00 UTC" in shown.stdout
    told = json.loads(runner.invoke(factors_app, ["diff", "genesis", str(folder), "--day", DAY, "--json"]).stdout)
    assert told["hours"][0]["change"] == "-30.00 %"
    shown = runner.invoke(factors_app, ["show", str(folder), "--region", "aws/eu-north-1", "--day", DAY])
    assert "by hour × 0.7 at 04:00 to 1.3 at 18:00 UTC  p" in shown.stdout


def test_factors_list__json__names_ids():
    told = json.loads(runner.invoke(factors_app, ["list", "--json"]).stdout)
    assert [one["name"] for one in told] == ["genesis", "2026-oci"]
    assert told[0]["id"] == load_factor_set().id
    assert load_factor_set().id in runner.invoke(factors_app, ["list"]).stdout


def test_factors_diff__json__has_changes_and_moves():
    told = json.loads(runner.invoke(factors_app, ["diff", "genesis", "2026-oci", "--day", DAY, "--json"]).stdout)
    assert {change["kind"] for change in told["changes"]} == {"added"}
    assert {move["change"] for move in told["moves"]} == {"new"}
    shown = runner.invoke(factors_app, ["diff", "genesis", "2026-oci", "--day", DAY]).stdout
    assert "genesis → 2026-oci" in shown
    assert "oci/us-ashburn-1" in shown


@pytest.mark.parametrize("command", [["show", "--region", "aws/ap-south-1"], ["diff", "genesis", "2026-oci"]])
def test_factors__day_that_is_none__is_refused_and_told(command):
    for wrong in ("2026-02-30", "1.2.2026", "tomorrow"):
        told = runner.invoke(factors_app, [*command, "--day", wrong])
        assert told.exit_code == 2
        assert "YYYY-MM-DD" in told.stderr
    week = runner.invoke(factors_app, [*command, "--day", "20260201"])
    assert week.stdout == runner.invoke(factors_app, [*command, "--day", DAY]).stdout != ""


def test_factors_diff__text_in_brackets__is_shown_as_it_is(tmp_path):
    (tmp_path / "set.json").write_text('{"extends": "genesis"}')
    gwp = "id,gas,assessment,value,unit,quality,source,year,note,valid_from,valid_to\n"
    (tmp_path / "gwp.csv").write_text(gwp + "gwp.[/-],HFC-32,AR6,771,kgCO2e/kg,estimated,us,2021,[a-z],,\n")
    shown = runner.invoke(factors_app, ["diff", "genesis", str(tmp_path), "--day", DAY])
    assert shown.exit_code == 0
    assert "gwp.[/-]" in shown.stdout


def test_factors_show__region__has_both_bases_and_sources():
    shown = runner.invoke(factors_app, ["show", "--region", "aws/ap-south-1", "--day", DAY]).stdout
    assert "direct    0.7117 kgCO2e/kWh" in shown
    assert "CEA CO2 Baseline Database V21.0" in shown
    whole = json.loads(runner.invoke(factors_app, ["show", "2026-oci", "--region", "oci", "--json"]).stdout)
    assert len(whole) == 41
    assert runner.invoke(factors_app, ["show", "--region", "gcp/mars"]).exit_code == 2


def test_factors_show__set_and_table__name_credits_and_rows():
    assert "CC BY 4.0" in runner.invoke(factors_app, ["show"]).stdout
    assert json.loads(runner.invoke(factors_app, ["show", "--json"]).stdout)["tables"]["gwp"] == 18
    rows = json.loads(runner.invoke(factors_app, ["show", "--table", "pue", "--find", "aws us-east-1", "--json"]).stdout)
    assert {row["year"] for row in rows} == {"2022", "2023", "2024"}
    assert "more; --find" in runner.invoke(factors_app, ["show", "--table", "instances"]).stdout
    assert runner.invoke(factors_app, ["show", "--table", "weather"]).exit_code == 2


@pytest.mark.slow
def test_factors_verify__sound_and_sealed_and_tampered__say_so(tmp_path):
    assert runner.invoke(factors_app, ["verify"]).stdout.rstrip().endswith("sound")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "set.json").write_text('{"extends": "genesis"}')
    gwp = "id,gas,assessment,value,unit,quality,source,year,note,valid_from,valid_to\n"
    (folder / "gwp.csv").write_text(gwp + "gwp.hfc-32.ar6,HFC-32,AR6,771,kgCO2e/kg,estimated,IPCC AR6,2021,,,\n")
    assert runner.invoke(factors_app, ["verify", str(folder), "--seal"]).exit_code == 0
    assert json.loads((folder / "set.json").read_text())["id"] == load_factor_set(folder).id
    (folder / "gwp.csv").write_text(gwp + "gwp.hfc-32.ar6,HFC-32,AR6,772,kgCO2e/kg,estimated,IPCC AR6,2021,,,\n")
    tampered = runner.invoke(factors_app, ["verify", str(folder)])
    assert tampered.exit_code == 2
    assert "another id than stated" in tampered.stdout
    (folder / "gwp.csv").write_text(gwp + "gwp.hfc-32.ar6,HFC-32,AR6,771,kg,estimated,,2021,,,\n")
    told = json.loads(runner.invoke(factors_app, ["verify", str(folder), "--json"]).stdout)
    assert told["sound"] is False
    assert any("row.unit" in fault for fault in told["faults"])
