"""Writes vectors.json: what the engine answers for the questions in questions.json and for bill.csv.

Run it (`python tests/golden/engine/make_vectors.py`) when an answer was meant to change; then raise ENGINE_VERSION in
emissions/engine/identity.py, once per release, and enter the digest that it prints there and in versions.json.
"""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

from emissions.engine.estimate import estimate
from emissions.engine.figures import value_line
from emissions.engine.ratecard import CostRatio, Rate, month_of, rate_by_cost, rate_of
from emissions.engine.ratekey import RateKey
from emissions.engine.work import weigh
from emissions.grid.catalog import FactorSet, load_factor_set
from emissions.poce.lines import StrippedLines

HERE = Path(__file__).parent
MEASURES = ("energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "water_ul")
LABELS = ("region", "category", "quality", "basis")


def answer(question: dict[str, Any], factors: FactorSet) -> dict[str, str]:
    """Labels and integers of one question: a rate key, an hour, and a quantity or a cost with its ratio.

    A quantity's work and scored micrograms are answers too: reports carry them, and validators compute them again.
    """
    key, month = RateKey.from_text(question["rate_key"]), month_of(question["hour"])
    if "ratio" in question:
        energy, embodied = (Fraction(question["ratio"][name]) for name in ("energy_uwh", "embodied_ug"))
        rate = rate_by_cost(key, month, factors, CostRatio(energy, embodied, question["ratio"]["scope"]), "no model")
        figures = value_line(question["cost_micro"], rate, question["hour"])
        weighed: dict[str, str] = {}
    else:
        told = rate_of(key, month, factors, question.get("basis"))
        assert isinstance(told, Rate), (key, told)
        rate, figures = told, value_line(question["quantity"], told, question["hour"])
        work = weigh(StrippedLines.collect([(question["hour"], question["rate_key"], question["quantity"])]), factors)
        weighed = {"work_uwh": str(work.work_uwh), "scored_ug": str(work.scored_ug)}
    labels = {label: str(getattr(rate, label)) for label in LABELS}
    return labels | dict(zip(MEASURES, map(str, figures), strict=True)) | weighed


def hours_of_bill(factors: FactorSet) -> list[dict[str, Any]]:
    """The hourly rows of bill.csv: usage of every pricing (on demand, reserved, saved), and usage valued by cost."""
    with estimate([HERE / "bill.csv"], factor_set=factors) as found:
        rows = found.hours.to_pylist()
    told = [{name: str(value) if isinstance(value, int) else value for name, value in row.items()} for row in rows]
    # What a row says is an answer of the engine; in which order rows of one hour come is not.
    return sorted(told, key=lambda row: [row[name] for name in ("account", "hour", *LABELS, "service")])


def make() -> dict[str, Any]:
    """The whole of vectors.json."""
    factors = load_factor_set()
    questions = json.loads((HERE / "questions.json").read_text())
    return {
        "factor_set": factors.id,
        "vectors": [question | answer(question, factors) for question in questions],
        "bill": hours_of_bill(factors),
    }


def main() -> None:
    text = json.dumps(make(), indent=1) + "\n"
    (HERE / "vectors.json").write_text(text)
    print("0x" + hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
