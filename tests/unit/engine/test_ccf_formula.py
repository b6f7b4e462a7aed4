"""Our reading of Cloud Carbon Footprint's formula answers as its own npm package does; the vectors are its answers."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from emissions.engine.ccf.formula import BYTES, EMBODIED, UNLISTED, Line, footprint
from emissions.engine.ccf.tables import tables
from emissions.engine.ratecard import hours_in_month

VECTORS = list(csv.DictReader((Path(__file__).parents[2] / "golden" / "ccf" / "footprints.csv").read_text().splitlines()))


def _line(vector: dict[str, str]) -> Line:
    year, month = map(int, vector["month"].split("-"))
    hours = hours_in_month(12 * year + month - 1)
    return Line(vector["service"], vector["usage_type"], vector["unit"], vector["region"], hours)


def _close(ours: float, theirs: str) -> bool:
    return math.isclose(ours, float(theirs), rel_tol=1e-9, abs_tol=0.0) or (ours == 0 and float(theirs) == 0)


def test_vectors__cover_every_type_and_region_that_the_package_lists():
    listed = {f"BoxUsage:{name}" for name in tables().sizes["ec2"]}
    assert listed <= {vector["usage_type"] for vector in VECTORS}
    assert set(tables().grid) <= {vector["region"] for vector in VECTORS}
    assert len(VECTORS) > 650


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: "-".join((v["service"], v["usage_type"], v["unit"], v["region"])))
def test_footprint__against_the_npm_package__same_to_a_billionth(vector):
    found = footprint(_line(vector), float(vector["amount"]))
    if vector["kind"] == "unknown":
        assert found.kind == "unknown"
        return
    if vector["kind"] == "none":
        assert found.kind in ("nothing", "unsupported")
        return
    if vector["co2e_t"] == "NaN":
        # Where the package ends in NaN, ours says that the type is not listed.
        assert (found.kind, found.defects[0], found.operational_kwh) == ("nothing", UNLISTED, 0)
        return
    assert found.kind == "known"
    if vector["compute_kwh"]:
        assert _close(found.compute_kwh, vector["compute_kwh"])
        assert _close(found.memory_kwh, vector["memory_kwh"])
        assert _close(found.embodied_t, vector["embodied_t"])
    assert _close(found.kwh_with_embodied, vector["kwh"])
    assert _close(found.operational_t + found.embodied_t, vector["co2e_t"])


def test_footprint__linear__twice_the_amount_is_twice_the_figure():
    for vector in VECTORS[::37]:
        one, two = (footprint(_line(vector), amount) for amount in (3.0, 6.0))
        assert math.isclose(two.operational_kwh, 2 * one.operational_kwh, rel_tol=1e-12)


def test_footprint__defects__are_named_with_the_corrected_figure():
    storage = footprint(Line("AmazonS3", "TimedStorage-ByteHrs", "GB-Mo", "us-east-1", 720), 1000)
    assert storage.defects == (BYTES,)
    # 1 TB x 720 h x 0.65 Wh x 6 copies x PUE 1.135; CCF prints 4.03e-12 kWh.
    assert math.isclose(storage.corrected_kwh, 3.18708, rel_tol=1e-12)
    assert math.isclose(storage.operational_kwh, 4.0258e-12, rel_tol=1e-4)
    machine = footprint(Line("AmazonEC2", "BoxUsage:m5.24xlarge", "Hrs", "us-east-1", 720), 24)
    assert machine.defects == (EMBODIED,)
