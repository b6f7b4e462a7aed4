"""A factor set is sourced, whole, and named by its digest."""

from __future__ import annotations

from fractions import Fraction
from importlib import resources
from itertools import pairwise

import pytest

from cloudtuner.errors import FactorError
from emissions.grid.catalog import TABLES, load_factor_set, make_factor_set, set_id

GENESIS_ID = "0x77528e47fd0fce256d381f7e99aaa8ee6f9dd8bfacc111620e66c6cdfb7a8ae6"


def test_factor_set__genesis__has_the_id_it_was_published_under():
    genesis = load_factor_set()
    assert genesis.id == GENESIS_ID
    assert load_factor_set(GENESIS_ID) is genesis
    assert load_factor_set("genesis") is genesis


def test_factor_set__one_digit_changed__is_another_set():
    genesis = load_factor_set()
    rows = genesis.tables["pue"]
    changed = {**genesis.tables, "pue": ({**rows[0], "value": rows[0]["value"] + "1"}, *rows[1:])}
    assert set_id(changed) != genesis.id
    assert set_id({**genesis.tables, "pue": tuple(reversed(rows))}) == genesis.id
    assert make_factor_set("again", genesis.tables) == genesis


def test_factor_set__unknown__is_refused_by_name():
    with pytest.raises(FactorError, match="no factor set 0x12"):
        load_factor_set("0x12")


@pytest.mark.parametrize("table", TABLES)
def test_factor_table__every_row__has_source_year_validity_and_its_own_id(table):
    rows = load_factor_set().tables[table]
    assert len({row["id"] for row in rows}) == len(rows) > 0
    for row in rows:
        assert row["source"]
        assert row["year"]
        assert row["valid_from"] < row["valid_to"] or not row["valid_to"], row["id"]
        assert None not in row.values()


@pytest.mark.parametrize("table", TABLES)
def test_factor_table__file__stays_small(table):
    assert len((resources.files("emissions.grid.data") / "genesis" / f"{table}.csv").read_bytes()) < 1_000_000


def test_factor_table__validity__leaves_no_gap_and_no_overlap():
    genesis = load_factor_set()
    for table in ("grid", "pue"):
        by_region: dict[str, list[dict[str, str]]] = {}
        for row in genesis.tables[table]:
            by_region.setdefault(row["region"], []).append(row)
        for rows in by_region.values():
            rows.sort(key=lambda row: row["valid_from"])
            assert rows[0]["valid_from"] == ""
            assert rows[-1]["valid_to"] == ""
            assert all(left["valid_to"] == right["valid_from"] for left, right in pairwise(rows))


def test_factor_table__bands__hold_their_value():
    genesis = load_factor_set()
    for row in (*genesis.tables["grid"], *genesis.tables["coefficients"]):
        assert Fraction(row["low"]) <= Fraction(row["value"]) <= Fraction(row["high"]), row["id"]


def test_grid__every_region__has_both_bases_or_a_named_proxy():
    for row in load_factor_set().tables["grid"]:
        assert row["basis"] in ("direct", "lifecycle")
        assert row["value"] == row[row["basis"]]
        assert row["direct"] or row["direct_proxy"]
        assert row["lifecycle"] or row["lifecycle_proxy"]
        assert load_factor_set().row("pue", f"aws.{row['region']}", "2026-01-01")


def test_grid__india__follows_cea_by_financial_year():
    genesis = load_factor_set()
    assert genesis.grid("aws", "ap-south-1", "2024-03-31").factor.value == Fraction("0.7290")
    assert genesis.grid("aws", "ap-south-1", "2024-04-01").factor.value == Fraction("0.7117")
    assert genesis.grid("aws", "ap-south-1", "2026-02-01").factor.value == Fraction("0.7117")
    assert genesis.grid("aws", "ap-south-1", "2026-02-01").basis == "direct"


def test_grid__virginia_to_stockholm__cuts_location_based_intensity_9_7_times():
    genesis = load_factor_set()
    from_, to = (
        genesis.grid("aws", region, "2026-02-01").factor.value * genesis.pue("aws", region, "2026-02-01").value
        for region in ("us-east-1", "eu-north-1")
    )
    assert round(float(from_ / to), 3) == 9.701


def test_coefficient__unknown__names_the_set():
    with pytest.raises(FactorError, match=r"genesis has no storage\.crystal"):
        load_factor_set().coefficient("storage.crystal", "2026-01-01")
    with pytest.raises(FactorError, match="no grid intensity for aws mars-1"):
        load_factor_set().grid("aws", "mars-1", "2026-01-01")


def test_attributions__ember__is_credited():
    assert any("CC BY 4.0" in source for source in load_factor_set().attributions())
