"""The engine's id changes exactly when its answers do."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from emissions.engine.estimate import ENGINE_ID
from emissions.engine.identity import ENGINE_VERSION, VECTORS_DIGEST, engine_id
from emissions.engine.ratecard import Rate, month_of, rate_of
from emissions.engine.ratekey import RateKey
from emissions.engine.recompute import value_quantity

GOLDEN = Path(__file__).parents[2] / "golden" / "engine"
VECTORS = json.loads((GOLDEN / "vectors.json").read_text())


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: json.loads(vector["rate_key"])["usage_type"])
def test_engine__golden_vector__still_holds(vector, factors):
    assert VECTORS["factor_set"] == factors.id
    rate = rate_of(RateKey.from_text(vector["rate_key"]), month_of(vector["hour"]), factors)
    assert isinstance(rate, Rate)
    figures = value_quantity(vector["quantity"], rate)
    names = ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug")
    assert {name: str(figure) for name, figure in zip(names, figures, strict=True)} == {name: vector[name] for name in names}
    assert [rate.region, rate.category, rate.quality, rate.basis] == [
        vector[name] for name in ("region", "category", "quality", "basis")
    ]


def test_engine_id__vectors_changed__needs_a_new_version():
    digest = "0x" + hashlib.sha256((GOLDEN / "vectors.json").read_bytes()).hexdigest()
    versions = json.loads((GOLDEN / "versions.json").read_text())
    assert digest == VECTORS_DIGEST, "answers changed: raise ENGINE_VERSION and add its digest to versions.json"
    assert versions[str(ENGINE_VERSION)] == VECTORS_DIGEST, "a published version keeps its digest"
    assert len(set(versions.values())) == len(versions)
    assert max(map(int, versions)) == ENGINE_VERSION
    assert engine_id(ENGINE_VERSION, digest) == ENGINE_ID
    assert engine_id(ENGINE_VERSION + 1, digest) != ENGINE_ID
