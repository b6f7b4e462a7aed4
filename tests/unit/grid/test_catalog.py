"""A factor set is sourced, whole, and named by its digest."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib import resources
from pathlib import Path

import pytest
import rfc8785

from cloudtuner.errors import FactorError
from emissions.grid.catalog import SHIPPED, TABLES, load_factor_set, make_factor_set, set_id, shipped_sets

# Pinned where the engine's answers are: whoever changes a row makes both anew.
GENESIS_ID = json.loads((Path(__file__).parents[2] / "golden" / "engine" / "vectors.json").read_text())["factor_set"]


def test_factor_set__genesis__has_the_id_it_was_published_under():
    genesis = load_factor_set()
    assert genesis.id == GENESIS_ID
    assert load_factor_set(GENESIS_ID) is genesis
    assert load_factor_set("genesis") is genesis
    assert shipped_sets()[0] is genesis


def test_factor_set__one_digit_changed__is_another_set():
    genesis = load_factor_set()
    rows = genesis.tables["pue"]
    changed = {**genesis.tables, "pue": ({**rows[0], "value": rows[0]["value"] + "1"}, *rows[1:])}
    assert set_id(changed) != genesis.id
    assert set_id({**genesis.tables, "pue": tuple(reversed(rows))}) == genesis.id
    assert make_factor_set("again", genesis.tables) == genesis


def test_set_id__bytes__are_those_of_rfc_8785():
    genesis = load_factor_set()
    rows = sorted(({"table": table, **row} for table in ("regions", "gwp") for row in genesis.tables[table]), key=_order)
    mine = json.dumps(rows, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert mine == rfc8785.dumps(rows)
    assert all(column.isascii() for table in TABLES for row in genesis.tables[table][:1] for column in row)


def _order(row: dict[str, str]) -> tuple[str, str]:
    return row["table"], row["id"]


def test_factor_set__unknown__is_refused_by_name():
    with pytest.raises(FactorError, match="no factor set 0x12"):
        load_factor_set("0x12")
    with pytest.raises(FactorError, match="no factor set /nowhere"):
        load_factor_set("/nowhere")


@pytest.mark.parametrize("table", TABLES)
def test_factor_table__every_row__has_source_year_validity_and_its_own_id(table):
    rows = load_factor_set().tables[table]
    assert len({row["id"] for row in rows}) == len(rows)
    assert rows or TABLES[table].may_be_empty
    for row in rows:
        assert row["source"]
        assert row["year"]
        assert row["valid_from"] < row["valid_to"] or not row["valid_to"], row["id"]
        assert None not in row.values()


@pytest.mark.parametrize("name", SHIPPED)
def test_factor_table__files__stay_small(name):
    for entry in (resources.files("emissions.grid.data") / name).iterdir():
        assert len(entry.read_bytes()) < 1_000_000, entry.name


def test_grid__india__follows_cea_by_financial_year():
    genesis = load_factor_set()
    for provider, region in (("aws", "ap-south-1"), ("azure", "centralindia"), ("gcp", "asia-south2")):
        assert genesis.grid(provider, region, "2024-03-31").factor.value == Fraction("0.7290")
        assert genesis.grid(provider, region, "2024-04-01").factor.value == Fraction("0.7117")
        assert genesis.grid(provider, region, "2026-02-01").factor.value == Fraction("0.7117")
        assert genesis.grid(provider, region, "2026-02-01").basis == "direct"


def test_cea__older_version__keeps_the_value_it_was_published_with():
    genesis = load_factor_set()
    at_the_time = [row["value"] for row in genesis.tables["cea"] if row["id"] == "cea.v20.0.fy2023.headline_incl_res"]
    restated = genesis.row("cea", "cea.V21.0.weighted_avg_incl_res_captive.excluding", "2023-10-01")
    assert at_the_time == ["0.727"]
    assert restated is not None
    assert restated["value"] == "0.729"


def test_grid__virginia_to_stockholm__cuts_location_based_intensity_9_7_times():
    genesis = load_factor_set()
    from_, to = (
        genesis.grid("aws", region, "2026-02-01", "lifecycle").factor.value * genesis.pue("aws", region, "2026-02-01").value
        for region in ("us-east-1", "eu-north-1")
    )
    assert (from_, to) == (Fraction("0.32717") * Fraction("1.15"), Fraction("0.03526") * Fraction("1.1"))
    assert from_ / to > 2


def test_grid__basis__is_asked_for_or_preferred():
    genesis = load_factor_set()
    virginia = {basis: genesis.grid("aws", "us-east-1", "2026-02-01", basis) for basis in (None, "lifecycle", "direct")}
    assert virginia[None] == virginia["lifecycle"]
    assert (virginia["direct"].zone, virginia["direct"].basis) == ("egrid.SRVC", "direct")
    malaysia = genesis.grid("aws", "ap-southeast-5", "2026-02-01", "direct")
    assert (malaysia.factor.quality, malaysia.zone) == ("proxy", "MYS")
    assert "lifecycle value stands" in malaysia.proxy
    with pytest.raises(FactorError, match="no basis 'marginal'"):
        genesis.grid("aws", "us-east-1", "2026-02-01", "marginal")


def test_grid__same_id_of_two_providers__is_two_places():
    genesis = load_factor_set()
    assert genesis.has_region("gcp", "us-east1")
    assert not genesis.has_region("aws", "us-east1")
    with pytest.raises(FactorError, match="no grid intensity for gcp us-east-1"):
        genesis.grid("gcp", "us-east-1", "2026-01-01")


def test_pue__past_year__is_not_restated_by_todays():
    genesis = load_factor_set()
    by_year = [genesis.pue("aws", "ap-south-1", f"{year}-06-01").value for year in (2022, 2023, 2024, 2026)]
    assert by_year == [Fraction("1.43"), Fraction("1.44"), Fraction("1.42"), Fraction("1.42")]
    sweden = [genesis.grid("azure", "swedencentral", f"{year}-06-01").factor.value for year in (2020, 2023, 2025)]
    assert sweden == [Fraction("0.03871"), Fraction("0.03839"), Fraction("0.03526")]


def test_gwp__by_assessment__differs():
    genesis = load_factor_set()
    assert genesis.gwp("CH4 fossil").value == Fraction("29.8")
    assert genesis.gwp("CH4 fossil", "AR4").value == 25
    with pytest.raises(FactorError, match="no AR6 warming potential of XeF6"):
        genesis.gwp("XeF6")


@pytest.mark.parametrize(
    ("provider", "text", "region"),
    [
        ("aws", "us-east-1a", "us-east-1"),
        ("aws", "us-east-1-bos-1", "us-east-1"),
        ("aws", "Asia Pacific (Mumbai)", "ap-south-1"),
        ("azure", "EU West", "westeurope"),
        ("azure", "East US 2", "eastus2"),
        ("azure", "Global", "global"),
        ("gcp", "europe-west1-b", "europe-west1"),
        ("gcp", "us", "us"),
        ("azure", "Norway", "country:NOR"),
        ("gcp", "atlantis-west1", None),
        ("gcp", " ", None),
    ],
)
def test_find_region__text_of_a_bill__means_a_region(provider, text, region):
    genesis = load_factor_set()
    assert genesis.find_region(provider, text) == region
    if region:
        assert genesis.grid(provider, region, "2025-06-01").factor.value > 0
        assert genesis.pue(provider, region, "2025-06-01").value > 1


def test_country__without_a_region__answers_with_its_mean_as_a_proxy():
    kenya = load_factor_set().grid("azure", "country:KEN", "2025-06-01", "direct")
    assert (kenya.factor.quality, kenya.basis) == ("proxy", "direct")
    assert kenya.factor.low < kenya.factor.value < kenya.factor.high
    assert "stands for direct CO2" in kenya.proxy


def test_coefficient__unknown__names_the_set():
    with pytest.raises(FactorError, match=r"genesis has no storage\.crystal"):
        load_factor_set().coefficient("storage.crystal", "2026-01-01")
    with pytest.raises(FactorError, match="no grid intensity for aws mars-1"):
        load_factor_set().grid("aws", "mars-1", "2026-01-01")


def test_attributions__ember__is_credited():
    credits_ = {told.name: told for told in load_factor_set().attributions()}
    assert credits_["Ember"].licence == "CC BY 4.0"
    assert "Ember, Yearly Electricity Data" in str(credits_["Ember"])
