"""`cloudtuner estimate` reads a bill where it is delivered."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from emissions.engine.cli import estimate_command
from emissions.sample_exports import azure_rows, csv_bytes

app = typer.Typer()
app.command()(estimate_command)


@pytest.fixture
def container(stand_in, monkeypatch):
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{stand_in.url}/aravali")
    monkeypatch.setenv("AZURE_SKIP_SIGNATURE", "true")
    stand_in.objects = {"cost/202602/part.csv": csv_bytes(azure_rows())}
    return stand_in


def test_estimate__container_from_the_environment__is_read(container):
    result = CliRunner().invoke(app, ["az://exports@aravali/cost", "--json", "--format", "azure"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["bill"]["format"] == "azure"


def test_estimate__container_that_refuses__exits_2_and_says_so(container):
    container.denied = True
    result = CliRunner().invoke(app, ["az://exports@aravali/cost", "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "source.denied"
