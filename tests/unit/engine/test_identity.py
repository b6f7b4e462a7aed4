"""The engine's id changes exactly when its answers do."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import pytest

from emissions.engine.identity import ENGINE_ID, ENGINE_VERSION, VECTORS_DIGEST, engine_id

GOLDEN = Path(__file__).parents[2] / "golden" / "engine"
VECTORS = json.loads((GOLDEN / "vectors.json").read_text())


def _maker():
    spec = importlib.util.spec_from_file_location("make_vectors", GOLDEN / "make_vectors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def maker():
    return _maker()


def _name(vector: dict) -> str:
    return f"{json.loads(vector['rate_key'])['usage_type']}-{vector['hour']}-{vector.get('basis', '')}"


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=_name)
def test_engine__golden_vector__still_holds(vector, factors, maker):
    assert VECTORS["factor_set"] == factors.id
    questions = json.loads((GOLDEN / "questions.json").read_text())
    question = questions[VECTORS["vectors"].index(vector)]
    answer = maker.answer(question, factors)
    assert question | answer == vector


def test_engine__golden_bill__still_holds(factors, maker):
    assert maker.hours_of_bill(factors) == VECTORS["bill"]
    by_cost = [row for row in VECTORS["bill"] if row["quality"] == "unknown"]
    # One within its service at what was paid beforehand, one over the whole bill.
    told = {(row["service"], row["cost_micro"]) for row in by_cost}
    assert told == {("AmazonEC2", "1250000"), ("AmazonRekognition", "1500000")}


def test_engine__golden_bill__by_cost_by_hand(factors):
    """750,000 + 500,000 millionths at what the instances used per millionth of what they cost, effective costs counted."""
    instances, unknown = (
        next(row for row in VECTORS["bill"] if row["service"] == "AmazonEC2" and (row["quality"] == "unknown") == flag)
        for flag in (False, True)
    )
    assert int(instances["cost_micro"]) == 303_000 + 126_200 + 261_900
    for measure in ("energy_uwh", "embodied_ug"):
        per_micro = int(instances[measure]) / int(instances["cost_micro"])
        assert abs(int(unknown[measure]) - per_micro * 1_250_000) <= 1


def test_engine_id__vectors_changed__needs_a_new_version():
    digest = "0x" + hashlib.sha256((GOLDEN / "vectors.json").read_bytes()).hexdigest()
    versions = json.loads((GOLDEN / "versions.json").read_text())
    assert digest == VECTORS_DIGEST, "answers changed: raise ENGINE_VERSION and add its digest to versions.json"
    assert versions[str(ENGINE_VERSION)] == VECTORS_DIGEST, "a published version keeps its digest"
    assert len(set(versions.values())) == len(versions)
    assert max(map(int, versions)) == ENGINE_VERSION
    assert engine_id(ENGINE_VERSION, digest) == ENGINE_ID
    assert engine_id(ENGINE_VERSION + 1, digest) != ENGINE_ID
