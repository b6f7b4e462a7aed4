"""Sets stack: a folder adds and replaces rows of the set it stands on; a tampered or damaged one is refused."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from importlib import resources

import pytest

from cloudtuner.errors import FactorError
from emissions.grid.catalog import load_factor_set, read_factor_set
from emissions.grid.folder import seal

GRID = "id,zone,basis,place,value,unit,quality,source,year,note,valid_from,valid_to\n"
SWEDEN = "grid.lifecycle.SWE.2025,SWE,lifecycle,Sweden,{value},kgCO2e/kWh,estimated,a newer release,2025,,2025-01-01,\n"
HOURLY = f"id,provider,region,basis,month,{','.join(f'h{hour:02d}' for hour in range(24))},source,year,note,valid_from,valid_to\n"


def _folder(path, *, value="0.031", manifest=None, extra=""):
    path.mkdir()
    (path / "grid.csv").write_text(GRID + SWEDEN.format(value=value) + extra)
    (path / "set.json").write_text(json.dumps({"extends": "genesis", **(manifest or {})}))
    return path


def test_stacked__row_with_a_known_id__replaces_it(tmp_path):
    genesis, newer = load_factor_set(), load_factor_set(_folder(tmp_path / "newer"))
    assert newer.name == "newer"
    assert newer.id != genesis.id
    assert newer.grid("aws", "eu-north-1", "2026-02-01").factor.value == Fraction("0.031")
    assert newer.grid("aws", "eu-north-1", "2024-02-01") == genesis.grid("aws", "eu-north-1", "2024-02-01")
    assert sum(map(len, newer.tables.values())) == sum(map(len, genesis.tables.values()))


def test_stacked__same_rows_again__is_the_set_below(tmp_path):
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "set.json").write_text('{"extends": "genesis", "name": "again"}')
    shutil.copy(str(resources.files("emissions.grid.data") / "genesis" / "pue.csv"), folder)
    assert load_factor_set(str(folder)) == load_factor_set()


def test_stacked__oracle__answers_where_genesis_does_not():
    genesis, oracle = load_factor_set(), load_factor_set("2026-oci")
    assert not genesis.has_region("oci", "us-ashburn-1")
    assert oracle.grid("oci", "ap-mumbai-1", "2026-02-01").basis == "direct"
    assert oracle.grid("oci", "ap-mumbai-1", "2026-02-01").factor.value == Fraction("0.7117")
    assert oracle.grid("aws", "us-east-1", "2026-02-01") == genesis.grid("aws", "us-east-1", "2026-02-01")
    assert load_factor_set(oracle.id) is oracle


def test_sealed__rows_as_stated__loads_and_tampered__is_refused(tmp_path):
    folder = _folder(tmp_path / "sealed", manifest={"name": "ours", "note": "by us"})
    seal(folder, load_factor_set(folder).id)
    assert load_factor_set(folder).name == "ours"
    assert json.loads((folder / "set.json").read_text())["note"] == "by us"
    (folder / "grid.csv").write_text(GRID + SWEDEN.format(value="0.030"))
    with pytest.raises(FactorError, match=r"but set\.json states") as refusal:
        load_factor_set(folder)
    assert refusal.value.code == "factors.tampered"
    found, stated = read_factor_set(folder)
    assert found.id != stated


def test_shipped__cannot_be_sealed_from_outside():
    with pytest.raises(FactorError, match="no folder"):
        seal("genesis", "0x00")


@pytest.mark.parametrize(
    ("name", "text", "code", "words"),
    [
        ("grid.csv", GRID + SWEDEN.format(value="0.031") * 2, "factors.damaged", "stands twice"),
        ("grid.csv", GRID + "grid.x,SWE\n", "factors.damaged", "line 2: 2 cells where the header has 12"),
        ("grid.csv", "id,zone\n", "factors.damaged", "the column basis is missing"),
        ("grid.csv", GRID + SWEDEN.format(value="0.031").replace("grid.lifecycle.SWE.2025", ""), "factors.damaged", "no id"),
        ("grid.csv", GRID.replace("place,", "") + SWEDEN.format(value="1").replace("Sweden,", ""), "factors.damaged", "columns"),
        ("grid.csv", GRID + '"grid.x\n', "factors.damaged", "no CSV"),
        ("weather.csv", "id\n", "factors.damaged", "no table of a factor set"),
        ("set.json", "{", "factors.damaged", "no JSON"),
        ("set.json", '["genesis"]', "factors.damaged", "an object of texts"),
        ("set.json", '{"extends": "genesis", "colour": "green"}', "factors.damaged", "It may hold extends"),
        ("set.json", '{"extends": "2019"}', "factors.missing", "stands on 2019"),
        ("set.json", "{}", "factors.damaged", "table aliases.csv is missing"),
        ("grid.csv", GRID + SWEDEN.format(value="31"), "", ""),
        ("grid.csv", GRID + SWEDEN.format(value="31").replace("kgCO2e/kWh", "g/kWh"), "factors.unsound", "factors verify"),
    ],
)
def test_folder__damaged__refused_with_file_and_line(tmp_path, name, text, code, words):
    folder = _folder(tmp_path / "set")
    (folder / name).write_text(text)
    if not code:
        assert load_factor_set(folder).grid("aws", "eu-north-1", "2026-02-01").factor.value == 31
        return
    with pytest.raises(FactorError) as refusal:
        load_factor_set(folder)
    assert refusal.value.code == code
    assert words in str(refusal.value)


def test_folder__not_utf8__refused(tmp_path):
    folder = _folder(tmp_path / "set")
    (folder / "grid.csv").write_bytes(b"id,\xff\n")
    with pytest.raises(FactorError, match="not UTF-8"):
        load_factor_set(folder)


def test_hourly__profile_of_a_set__answers_by_month_and_basis(tmp_path):
    assert load_factor_set().hourly_profile("aws", "us-east-1", "2026-02-01") is None
    folder = _folder(tmp_path / "hourly")
    day, night = ",".join(["0.5"] * 12), ",".join(["1.5"] * 12)
    row = "hourly.aws.eu-north-1.{month},aws,eu-north-1,lifecycle,{month},{hours},measured by us,2025,,,\n"
    (folder / "grid_hourly.csv").write_text(HOURLY + row.format(month="2", hours=f"{day},{night}"))
    found = load_factor_set(folder)
    profile = found.hourly_profile("aws", "eu-north-1", "2026-02-28")
    assert profile.ratios == (Fraction(1, 2),) * 12 + (Fraction(3, 2),) * 12
    assert (profile.id, profile.source, profile.year) == ("hourly.aws.eu-north-1.2", "measured by us", "2025")
    assert found.hourly_profile("aws", "eu-north-1", "2026-03-01") is None
    assert found.hourly_profile("aws", "eu-north-1", "2026-02-01", "direct") is None
    (folder / "grid_hourly.csv").write_text(HOURLY + row.format(month="2", hours=f"{night},{night}"))
    with pytest.raises(FactorError, match="mean 1"):
        load_factor_set(folder)
