"""The figures that docs/methodology.md prints are those that the engine gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from emissions.engine.figures import value_line
from emissions.engine.ratecard import rate_of
from emissions.engine.ratekey import RateKey
from emissions.grid.catalog import load_factor_set

PAGE = (Path(__file__).parents[3] / "docs" / "methodology.md").read_text(encoding="utf-8")
FEBRUARY = 12 * 2026 + 1
MEASURES = ("energy", "operational", "embodied", "low", "high", "water")


def _table(first: str) -> list[dict[str, str]]:
    """The rows of the table whose header starts with `first`."""
    lines = PAGE.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {first} |"))
    rows = []
    for line in [lines[start], *lines[start + 2 :]]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


EXAMPLES = _table("provider")


@pytest.mark.parametrize("row", EXAMPLES, ids=lambda row: f"{row['usage type']}-{row['basis']}")
def test_methodology__example__is_what_the_engine_gives(row):
    key = RateKey(row["provider"], row["service"], row["usage type"], "", row["unit"], row["region"], row["instance type"])
    rate = rate_of(key, FEBRUARY, load_factor_set(), row["basis"])
    figures = value_line(row["quantity"].replace(",", ""), rate, 0)
    assert {name: row[name] for name in MEASURES} == {name: f"{figure:,}" for name, figure in zip(MEASURES, figures, strict=True)}


def test_methodology__steps_of_the_first_example__name_every_factor(factors):
    rate = rate_of(RateKey("aws", "AmazonEC2", "APS3-BoxUsage:m5.large", "", "Hrs", "ap-south-1", "m5.large"), FEBRUARY, factors)
    energy, operational, embodied, low, high, water = value_line("1", rate, 0)
    steps = {row["step"]: f"{row['factor']} {row['value']}" for row in _table("step")}
    for step, figure in (
        ("energy", energy),
        ("operational", operational),
        ("embodied", embodied),
        ("together", operational + embodied),
        ("low to high", low),
        ("low to high", high),
        ("water", water),
    ):
        assert f"{figure:,}" in steps[step], step
    for term in rate.terms:
        if term.part != "embodied":
            assert term.id in " ".join(steps.values()), term
            assert term.text in " ".join(steps.values()), term


@pytest.mark.parametrize(
    ("said", "coefficient", "part"),
    [
        (r"1\.2 \(SSD\)", "storage.ssd", "value"),
        (r"0\.65 \(HDD\) or", "storage.hdd", "value"),
        (r"0\.1625 \(archives\)", "storage.archive", "value"),
        (r"1\.256 \(SSD\)", "embodied.storage.ssd", "value"),
        (r"0\.04566 g \(HDD\)", "embodied.storage.hdd", "value"),
        (r"2\.12 W \(x86\)", "serverless.cpu_x86", "value"),
        (r"0\.2637 g per vCPU-hour", "embodied.per_vcpu_hour", "value"),
        (r"3\.265 g an hour", "embodied.gpu_hour", "value"),
        (r"0\.392 W/GB; serverless", "memory.active", "value"),
        (r"serverless 0\.0598", "serverless.memory", "value"),
        (r"0\.006 Wh per gigabyte", "scan.query", "value"),
        (r"0\.026 g per Wh", "embodied.tokens_share", "value"),
        (r"takes 2\.4 Wh", "tokens.output.unlisted", "value"),
        (r"1\.06 to 8\.81 W", "serverless.cpu_x86", "low"),
        (r"0\.325 to 0\.89 \(HDD\)", "storage.hdd", "low"),
    ],
)
def test_methodology__coefficient_in_the_text__is_the_set_s(said, coefficient, part, factors):
    found = re.search(said, PAGE)
    assert found, said
    first = re.search(r"\d+(\.\d+)?", found[0])
    assert float(first[0]) == pytest.approx(float(getattr(factors.coefficient(coefficient, "2026-02-01"), part)))


@pytest.mark.parametrize(
    ("said", "band"),
    [
        (r"× ([\d.]+) to ([\d.]+) \(components\)", "power.boavizta.band"),
        (r"or ([\d.]+) to ([\d.]+) \(processor\)", "power.processor.band"),
        (r"unlisted type \| × ([\d.]+) to ([\d.]+) of its nearest", "power.relative.band"),
        (r"; ([\d.]+) to ([\d.]+) where only the size", "power.size.band"),
    ],
)
def test_methodology__band_of_power_in_the_text__is_the_set_s(said, band, factors):
    low, high = re.search(said, PAGE).groups()
    found = factors.power(band, "2026-02-01")
    assert (float(low), float(high)) == (float(found.low), float(found.high))


def test_methodology__five_defects__are_each_told_with_their_figure():
    section = PAGE[PAGE.index("## 8.") : PAGE.index("## 9.")]
    assert [line[0] for line in section.splitlines() if re.match(r"\d\. \*\*", line)] == ["1", "2", "3", "4", "5"]
    for figure in ("3.187 kWh, 1.208 kg", "0.01149 kg", "0.231 kWh", "1.507 kWh", "0.3928"):
        assert figure in section
