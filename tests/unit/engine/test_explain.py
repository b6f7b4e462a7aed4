"""Why an estimate came out as it did: every usage type once, the unknown by name and by spend."""

from __future__ import annotations

import pytest

from emissions.engine.estimate import Estimate, estimate
from emissions.engine.explain import unknown_usage
from emissions.engine.results import sums_by


@pytest.fixture(scope="module")
def found(samples, factors):
    with estimate([samples.first.path], factor_set=factors) as estimated:
        yield estimated


def test_explain__sample_bill__adds_up_to_the_estimate(found: Estimate):
    rows = found.explain()
    whole = sums_by(found.hours, [], ["energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul"])[0]
    for measure, total in whole.items():
        assert sum(getattr(row.sums.figures, measure) for row in rows) == total, measure
    assert sum(row.sums.lines for row in rows) == found.counts.with_energy
    assert sum(row.sums.cost_micro for row in rows) == found.coverage.energy_cost_micro
    unknown = [row for row in rows if row.quality == "unknown"]
    assert rows[: len(unknown)] == unknown
    assert sum(row.sums.lines for row in unknown) == found.counts.unknown
    spends = [row.sums.cost_micro for row in rows[len(unknown) :]]
    assert spends == sorted(spends, reverse=True)
    assert all(row.reason and row.factor_ids for row in rows if row.category != "none")
    assert len({(row.sums.key, row.sums.month) for row in rows}) == len(rows)


def test_explain__unknown_usage__is_named_with_its_spend(found: Estimate):
    listed = unknown_usage(found.explain())
    assert [(one.service, one.usage_type) for one in listed] == [
        ("AmazonS3", "APS3-StorageLens-ObjCount"),
        ("AmazonRoute53", "ResolverDNSFirewall-Domains"),
    ]
    assert listed[0].cost_micro > listed[1].cost_micro > 0
    assert listed[0].reason == "no model for this usage type; valued by cost within its service"
    assert listed[1].reason.endswith("valued by cost within the whole bill")
    assert all(one.ug > 0 and one.lines > 0 for one in listed)


def test_estimate__basis_asked__every_row_is_on_it_and_energy_stays(write_bill, factors):
    usage = {
        "line_item_product_code": "AmazonRekognition",
        "line_item_usage_type": "APS3-ImagesProcessed",
        "pricing_unit": "Images",
    }
    path = write_bill([{}, usage])
    told = {}
    for basis in ("lifecycle", "direct", None):
        with estimate([path], factor_set=factors, basis=basis) as found:
            told[basis] = found.hours.to_pylist()
    assert {row["basis"] for row in told["lifecycle"]} == {"lifecycle"}
    assert {row["basis"] for row in told["direct"]} == {"direct"}
    assert told[None] == told["direct"]
    for one, other in zip(told["lifecycle"], told["direct"], strict=True):
        assert one["energy_uwh"] == other["energy_uwh"] > 0
        assert one["operational_ug"] != other["operational_ug"]
