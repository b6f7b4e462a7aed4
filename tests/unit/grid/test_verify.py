"""What is wrong with a set is found and named, row by row; and the shipped sets are sound."""

from __future__ import annotations

import pytest

from emissions.grid.catalog import SHIPPED, load_factor_set, make_factor_set
from emissions.grid.verify import by_code, faults


@pytest.mark.parametrize("name", SHIPPED)
def test_faults__shipped_set__none(name):
    assert [str(fault) for fault in faults(load_factor_set(name))] == []


def _changed(table, row_id, **cells):
    genesis = load_factor_set()
    rows = tuple({**row, **cells} if row["id"] == row_id else row for row in genesis.tables[table])
    return make_factor_set("changed", {**genesis.tables, table: rows})


VIRGINIA, INDIA = "region.aws.us-east-1", "cea.v21.0.fy2022.weighted_avg_incl_res_captive.excluding"


@pytest.mark.parametrize(
    ("table", "row_id", "cells", "code", "words"),
    [
        ("pue", "pue.aws.us-east-1.2024", {"source": " "}, "row.unsourced", "no source"),
        ("pue", "pue.aws.us-east-1.2024", {"source": "AWS (from memory)"}, "row.unsourced", "no document"),
        ("pue", "pue.aws.us-east-1.2024", {"value": "-1.15"}, "row.number", "'-1.15'"),
        ("pue", "pue.aws.us-east-1.2024", {"value": "1e3"}, "row.number", "'1e3'"),
        ("pue", "pue.aws.us-east-1.2024", {"value": ""}, "row.number", "no value"),
        ("wue", "wue.aws.us-east-1.2024", {"unit": "gal/kWh"}, "row.unit", "'gal/kWh', not l/kWh"),
        ("grid", "grid.lifecycle.SWE.2025", {"unit": "gCO2e/kWh"}, "row.unit", "not kgCO2e/kWh"),
        ("grid", "grid.lifecycle.SWE.2025", {"quality": "perfect"}, "row.quality", "'perfect'"),
        ("coefficients", "storage.ssd", {"low": "2"}, "row.band", "does not hold its value"),
        ("pue", "pue.aws.us-east-1.2023", {"valid_to": "2023-12-01"}, "days.gap", "nothing answers between"),
        ("pue", "pue.aws.us-east-1.2023", {"valid_to": "2024-02-01"}, "days.overlap", "answers for days of"),
        ("pue", "pue.aws.us-east-1.2024", {"valid_to": "2026-01-01"}, "days.gap", "days after it"),
        ("pue", "pue.aws.us-east-1.2022", {"valid_from": "2020-01-01"}, "days.gap", "days before it"),
        ("pue", "pue.aws.us-east-1.2024", {"valid_from": "2024-13-01"}, "row.validity", "not ISO dates"),
        ("cea", INDIA, {"valid_from": "2022-05-01"}, "days.gap", "nothing answers between"),
        ("regions", VIRGINIA, {"lifecycle_zone": "US-XX"}, "reference", "lifecycle intensity of US-XX"),
        ("regions", VIRGINIA, {"direct_zone": "cea.V99"}, "reference", "direct intensity of cea.V99"),
        ("regions", VIRGINIA, {"direct_zone": "", "direct_proxy": ""}, "region.unanswered", "neither a direct grid area"),
        ("regions", VIRGINIA, {"basis": "marginal"}, "region.basis", "'marginal'"),
        ("regions", VIRGINIA, {"lifecycle_low": "1.2"}, "row.band", "does not hold 1"),
        ("regions", VIRGINIA, {"region": "us-east-9"}, "reference", "has no row for it"),
        ("instances", "instance.aws.p4d.24xlarge", {"gpu": "Nvidia Z9"}, "reference", "no Nvidia Z9"),
        ("aliases", "alias.azure.euwest", {"region": "atlantis"}, "reference", "no region atlantis"),
        ("usage_types", "usage.aws.0010", {"copies": "copies.none"}, "reference", "no coefficient copies.none"),
    ],
)
def test_faults__one_thing_wrong__named(table, row_id, cells, code, words):
    told = faults(_changed(table, row_id, **cells))
    assert code in by_code(told)
    assert any(words in str(fault) for fault in told if fault.code == code), told[:3]


def test_faults__table_without_rows__named():
    genesis = load_factor_set()
    told = faults(make_factor_set("bare", {**genesis.tables, "gwp": ()}))
    assert [fault.code for fault in told] == ["table.empty"]
    assert faults(make_factor_set("same", {**genesis.tables, "grid_hourly": ()})) == []


HOURS = {f"h{hour:02d}": "1" for hour in range(24)}
PROFILE = {"id": "one", "provider": "aws", "region": "eu-north-1", "basis": "lifecycle", "month": "2", **HOURS}
PROFILE |= {"source": "a", "year": "2026", "note": "", "valid_from": "", "valid_to": ""}


@pytest.mark.parametrize(
    ("rows", "code", "words"),
    [
        ([PROFILE | {"h07": ""}], "row.profile", "23 of 24 hours"),
        ([PROFILE | {"h07": "1.5"}], "row.profile", "mean 1"),
        ([PROFILE | {"month": "13"}], "row.profile", "its month is '13'"),
        ([PROFILE | {"basis": "marginal"}], "region.basis", "'marginal'"),
        ([PROFILE | {"region": "atlantis"}], "reference", "no region atlantis"),
        ([PROFILE, PROFILE | {"id": "two", "month": ""}], "days.overlap", "answers for days of"),
    ],
)
def test_faults__hourly_profiles__named(rows, code, words):
    told = faults(make_factor_set("hourly", {**load_factor_set().tables, "grid_hourly": tuple(rows)}))
    assert [fault.code for fault in told] == [code]
    assert words in str(told[0])


def test_faults__hourly_profiles_by_month_and_basis__none():
    rows = (PROFILE, PROFILE | {"id": "two", "month": "3"}, PROFILE | {"id": "three", "basis": "direct"})
    assert faults(make_factor_set("hourly", {**load_factor_set().tables, "grid_hourly": rows})) == []
