"""Ours, Cloud Carbon Footprint's and the provider's own figures side by side: every kilogram of difference has a cause."""

from __future__ import annotations

import gzip
import json
import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from cloudtuner.errors import BillError
from emissions.engine.compare.cli import compare_command
from emissions.engine.compare.provider_export import read_export
from emissions.samples import PRODUCTION

app = typer.Typer()
app.command()(compare_command)
runner = CliRunner()

COLUMNS = (
    "model_version,product_code,total_mbm_emissions_unit,total_mbm_emissions_value,total_lbm_emissions_unit,"
    "total_lbm_emissions_value,total_scope_1_emissions_unit,total_scope_1_emissions_value,total_scope_2_lbm_emissions_unit,"
    "total_scope_2_lbm_emissions_value,total_scope_3_lbm_emissions_unit,total_scope_3_lbm_emissions_value,usage_account_id,"
    "usage_period_start"
)


def _row(service: str, month: str, lbm: float, *, account: str = PRODUCTION, scope3: float = 0.1) -> str:
    scope2 = lbm - scope3 - 0.01
    figures = f"MTCO2e,{lbm / 2},MTCO2e,{lbm},MTCO2e,0.01,MTCO2e,{scope2},MTCO2e,{scope3}"
    return f"v3.1,{service},{figures},{account},{month}-01T00:00:00Z"


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "carbon.csv"
    rows = [
        _row("AmazonEC2", "2026-02", 1.3),
        _row("AmazonEC2", "2026-02", 0.2),
        _row("AmazonBedrock", "2026-02", 0.4),
        _row("AmazonEC2", "2026-03", 9),
        _row("AmazonEC2", "2026-02", 9, account="999999999999"),
    ]
    path.write_text("\n".join([COLUMNS, *rows]) + "\n")
    return path


def test_compare_command__json__causes_add_up_on_both_sides(samples, export):
    result = runner.invoke(app, [str(samples.second.path), "--provider-export", str(export), "--json"])
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    causes = sum(float(cause["kg"]) for cause in told["causes"])
    assert math.isclose(causes, float(told["ours_kg"]) - float(told["ccf_kg"]), abs_tol=1e-6)
    assert math.isclose(sum(float(row["ccf_operational_kg"]) + float(row["ccf_embodied_kg"]) for row in told["rows"]),
                        float(told["ccf_kg"]), abs_tol=1e-6)  # fmt: skip
    provider = told["provider"]
    pairs = {pair["service"]: pair for pair in provider["services"]}
    assert pairs["AmazonEC2"]["provider_kg"] == "1500.000000000"
    assert pairs["AmazonEC2"]["provider_scope3_kg"] == "200.000000000"
    assert pairs["AmazonEC2"]["provider_market_based_kg"] == "750.000000000"
    assert pairs["AmazonBedrock"]["ours_kg"] == "0.000000000"
    assert provider["rows_of_other_accounts_or_months"] == 2
    assert (provider["model_versions"], provider["months"]) == (["v3.1"], ["2026-02"])
    difference = float(told["ours_kg"]) - 1900
    assert math.isclose(sum(float(cause["kg"]) for cause in provider["causes"]), difference, abs_tol=1e-6)
    assert {cause["cause"] for cause in provider["causes"]} == {"absent_there", "absent_here", "scope3", "operational"}


def test_compare_command__terminal__names_each_side_and_each_cause(samples, export):
    result = runner.invoke(app, [str(samples.second.path), "--provider-export", str(export)], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.stderr
    for text in ("Cloud Carbon Footprint", "2^40", "market-based", "model v3.1", "Main reason", "PUE by region"):
        assert text in result.stdout


def test_compare_command__export_of_another_kind__exits_2_with_its_name(samples, tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    result = runner.invoke(app, [str(samples.second.path), "--provider-export", str(tmp_path / "other.csv")])
    assert result.exit_code == 2
    assert "other.csv" in result.stderr


def test_read_export__google_nested_parquet_and_gzip__same_figures(tmp_path):
    nested = {
        "usage_month": ["2026-02-01"],
        "project": [{"id": "aravali"}],
        "service": [{"description": "Compute Engine"}],
        "carbon_model_version": [10],
        "carbon_footprint_kgCO2e": [{"scope1": 1.0, "scope2": {"location_based": 20.0, "market_based": 2.0}, "scope3": 5.0}],
        "carbon_footprint_total_kgCO2e": [{"location_based": 26.0, "market_based": 8.0}],
    }
    pq.write_table(pa.table(nested), tmp_path / "footprint.parquet")
    flat = (
        "usage_month,project.id,service.description,carbon_model_version,carbon_footprint_kgCO2e.scope1,"
        "carbon_footprint_kgCO2e.scope2.location_based,carbon_footprint_kgCO2e.scope3,"
        "carbon_footprint_total_kgCO2e.market_based\n2026-02-01,aravali,Compute Engine,10,1.0,20.0,5.0,8.0\n"
    )
    (tmp_path / "footprint.csv.gz").write_bytes(gzip.compress(flat.encode()))
    found = [
        read_export(tmp_path / name, accounts=["aravali"], months=["2026-02"])
        for name in ("footprint.parquet", "footprint.csv.gz")
    ]
    assert found[0].figures == found[1].figures
    figure = found[0].figures["Compute Engine"]
    assert (figure.operational_kg, figure.embodied_kg, figure.total_kg, figure.market_kg) == (21.0, 5.0, 26.0, 8.0)
    assert found[0].provider == "gcp"


@pytest.mark.parametrize(
    ("told", "operational", "scope_3"),
    [((0, 0, 5, 5), 0, 5000), ((0, 0, 0, 5), 5000, 0), ((1, 2, 5, 8), 3000, 5000)],
    ids=["nothing but scope 3", "a total alone", "every scope"],
)
def test_read_export__aws_scopes__add_up_to_its_total(tmp_path, told, operational, scope_3):
    names = ("total_scope_1", "total_scope_2_lbm", "total_scope_3_lbm", "total_lbm")
    header = ["usage_account_id", "product_code", "usage_period_start", *(f"{name}_emissions_value" for name in names)]
    (tmp_path / "carbon.csv").write_text(",".join(header) + "\n1,AWSLambda,2026-02-01," + ",".join(map(str, told)) + "\n")
    figure = read_export(tmp_path / "carbon.csv", accounts=["1"], months=["2026-02"]).figures["AWSLambda"]
    assert (figure.operational_kg, figure.embodied_kg, figure.total_kg) == (operational, scope_3, 1000 * told[3])


@pytest.mark.parametrize("value", ["many", "nan", "inf", "1e99"])
def test_read_export__value_that_is_no_mass__refused_with_its_line(tmp_path, value):
    path = tmp_path / "carbon.csv"
    good = _row("AmazonEC2", "2026-02", 1.3)
    path.write_text("\n".join([COLUMNS, good, good.replace("MTCO2e,0.65", f"MTCO2e,{value}")]) + "\n")
    with pytest.raises(BillError) as caught:
        read_export(path, accounts=[PRODUCTION], months=["2026-02"])
    assert (caught.value.code, caught.value.where) == ("export.value", "carbon.csv, line 3")


def test_read_export__not_there_or_no_text__refused(tmp_path):
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.csv", "bytes.csv"):
        with pytest.raises(BillError) as caught:
            read_export(tmp_path / name, accounts=[], months=[])
        assert caught.value.code == "export.unreadable"
