"""How much of a generated month's spend a model answers for on Google and Oracle, and which names none answers for.

The bills are made up: names and units as the providers document them, list prices, the quantities of a company of some
fifty thousand dollars a month. Public samples of these two exports hold too few services to say anything.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from emissions.engine.estimate import estimate
from emissions.engine.explain import unknown_usage
from emissions.grid.catalog import load_factor_set
from emissions.sample_exports import csv_bytes, gcp_text_rows, oci_rows
from emissions.sample_uses import MONTH, SampleUse

ROWS = list(csv.DictReader((Path(__file__).parent / "generated_bills.csv").read_text(encoding="utf-8").splitlines()))
EXPORTS = {"gcp": gcp_text_rows, "oci": oci_rows}
UNKNOWN = {
    "gcp": {
        "Assessments",
        "Dynamic Maps",
        "Form Parser",
        "Looker Studio Pro subscription",
        "Monthly Active Users",
        "Speech-to-Text V2 Recognition",
        "Text Translation NMT",
    },
    "oci": {
        "Application Performance Monitoring - Events Per Hour",
        "Data Safe for Database Cloud Service - Databases",
        "Oracle Analytics - Professional",
        "Oracle Integration - Standard",
        "Vision - Image Analysis",
    },
}


@pytest.mark.parametrize("provider", sorted(EXPORTS))
def test_coverage__generated_month__nine_tenths_of_spend_and_the_rest_by_name(tmp_path, provider):
    uses = [
        SampleUse(
            MONTH,
            1,
            "one",
            row["service"],
            row["usage_type"],
            row["unit"],
            row["region"],
            row["quantity"],
            row["cost"],
            "",
            "",
            "Usage",
        )
        for row in ROWS
        if row["provider"] == provider
    ]
    bill = tmp_path / f"{provider}.csv"
    bill.write_bytes(csv_bytes(EXPORTS[provider](uses)))
    with estimate([bill], factor_set=load_factor_set("2026-oci")) as found:
        assert found.counts.quarantined == 0
        assert found.coverage.known_cost_micro >= 0.95 * found.coverage.energy_cost_micro
        unknown = unknown_usage(found.explain())
    assert {one.usage_type for one in unknown} == UNKNOWN[provider]
