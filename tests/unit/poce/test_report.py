"""Reports follow from their lines and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudtuner.errors import ProofError
from emissions.poce.eip712 import Domain
from emissions.poce.lines import StrippedLines, rate_key
from emissions.poce.report import Level, NodeReport, State, build_report, hours_root, month_range, report_faults

DOMAIN = Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3")
KEY = rate_key({"provider": "aws", "usage_type": "BoxUsage:m5.large"})


@dataclass(frozen=True)
class Figures:
    energy_uwh: int
    operational_ug: int
    embodied_ug: int
    hours: tuple[tuple[int, int], ...]
    line_count: int


@dataclass(frozen=True)
class Weighed:
    work_uwh: int
    scored_ug: int


LINES = StrippedLines.collect([(484296, KEY, "1"), (484297, KEY, "2")])
FIGURES = Figures(70, 30, 12, ((484296, 14), (484297, 28)), 2)
WORK = Weighed(60, 29)


def _report(word, **change):
    base = {"node": word("node"), "seq": 1, "prev": "0x" + "00" * 32, "hour_from": 484296, "hour_through": 485015}
    base |= {"state": State.FINAL, "level": Level.A0, "lines": LINES, "recomputed": FIGURES, "bill_digest": word("bill")}
    base |= {"work": WORK, "coverage_bp": 9_000, "factor_set_id": word("factors"), "engine_id": word("engine")}
    return build_report(**{**base, **change})


def test_report__built__has_no_faults_and_survives_json(word):
    report = _report(word)
    assert report_faults(report, LINES, FIGURES, WORK) == []
    assert report.ug == 42
    assert NodeReport.from_json(report.to_json()) == report
    assert report.to_json()["energy_uwh"] == "70"
    assert report.to_json()["line_count"] == 2


def test_report__no_lines__roots_are_zero(word):
    nothing = StrippedLines.collect([])
    report = _report(word, lines=nothing, recomputed=Figures(0, 0, 0, (), 0), work=Weighed(0, 0))
    assert report.usage_root == report.hours_root == "0x" + "00" * 32
    assert report_faults(report, nothing, Figures(0, 0, 0, (), 0), Weighed(0, 0)) == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("energy_uwh", 71, "report.energy"),
        ("operational_ug", 31, "report.operational"),
        ("embodied_ug", 13, "report.embodied"),
        ("work_uwh", 61, "report.work"),
        ("scored_ug", 28, "report.scored"),
        ("line_count", 3, "report.line_count"),
        ("usage_root", "0x" + "11" * 32, "report.usage_root"),
        ("hours_root", "0x" + "11" * 32, "report.hours_root"),
        ("hour_through", 485014, "report.range"),
        ("hour_from", 484297, "report.hours"),
    ],
)
def test_report_faults__one_field_wrong__named(word, field, value, code):
    assert report_faults(replace(_report(word), **{field: value}), LINES, FIGURES, WORK) == [code]


@pytest.mark.parametrize(
    "change", [{"hour_through": 485016}, {"hour_from": 484297}, {"hour_from": 483000}, {"state": 3}, {"level": 7}]
)
def test_build_report__range_state_or_level_out_of_place__refused(word, change):
    with pytest.raises(ProofError):
        _report(word, **change)


def test_build_report__figures_of_other_lines__refused(word):
    with pytest.raises(ProofError) as caught:
        _report(word, recomputed=replace(FIGURES, line_count=3))
    assert caught.value.code == "report.line_count"


FIELDS = sorted(NodeReport.__dataclass_fields__)


@given(st.sampled_from(FIELDS), st.integers(0, 7))
def test_digest__one_bit_of_one_field_changed__differs(field, bit):
    base = NodeReport(
        "0x" + "01" * 32,
        1,
        484296,
        485015,
        2,
        0,
        "0x" + "02" * 32,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        *("0x" + f"0{n}" * 32 for n in (3, 4, 5, 6, 7)),
    )
    value = getattr(base, field)
    changed = value ^ 1 << bit if isinstance(value, int) else value[:-2] + f"{int(value[-2:], 16) ^ 1 << bit:02x}"
    assert replace(base, **{field: changed}).digest(DOMAIN) != base.digest(DOMAIN)


def test_digest__another_chain_or_contract__differs(word):
    report = _report(word)
    others = [Domain(1, DOMAIN.verifying_contract), Domain(31337, "0x" + "11" * 20)]
    assert len({report.digest(DOMAIN), *(report.digest(other) for other in others)}) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("node", "0x" + "AB" * 32), ("node", "0x00"), ("seq", "1"), ("seq", -1), ("seq", True), ("seq", 1.0), ("state", 3),
        ("energy_uwh", 70), ("energy_uwh", "070"), ("energy_uwh", "-0"), ("energy_uwh", "+1"), ("energy_uwh", str(2**127)),
        ("level", 7), ("line_count", 2**60), ("coverage_bp", 10_001), ("coverage_bp", "9000"), ("work_uwh", 60),
    ],
)  # fmt: skip
def test_from_json__field_spelled_otherwise__refused(word, field, value):
    with pytest.raises(ProofError) as caught:
        NodeReport.from_json({**_report(word).to_json(), field: value})
    assert field in caught.value.message


def test_from_json__field_missing_or_not_known__refused(word):
    value = _report(word).to_json()
    with pytest.raises(ProofError, match="not known: cost"):
        NodeReport.from_json({**value, "cost": 1})
    del value["prev"]
    with pytest.raises(ProofError, match="missing: prev"):
        NodeReport.from_json(value)


@given(st.integers(400_000, 600_000), st.integers(0, 600_000))
def test_month_range__any_hour__holds_it_when_it_counts(hour, first_hour):
    start, end = month_range(hour, first_hour)
    assert hour <= end
    assert start >= first_hour or end < first_hour
    assert start <= hour or start == first_hour
    assert end - start < 31 * 24


def test_hours_root__against_openzeppelin__same(trees):
    made = next(tree for tree in trees if tree["name"] == "hours")
    assert hours_root([(int(hour), int(ug)) for hour, ug in made["values"]]) == made["root"]
