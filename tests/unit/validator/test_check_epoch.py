"""A validator agrees with a true epoch and names what is wrong with every other one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cloudtuner.clock import month_hours
from emissions.engine.identity import ENGINE_ID
from emissions.engine.ratekey import RateKey
from emissions.engine.recompute import recompute
from emissions.engine.work import weigh
from emissions.grid.catalog import load_factor_set
from emissions.node.spool import SignedReport
from emissions.poce.eip712 import Domain
from emissions.poce.epoch import Bundle, EpochHeader, NodeState, build_bundle, header_of
from emissions.poce.hexes import ZERO_32
from emissions.poce.keys import address_of, sign
from emissions.poce.lines import StrippedLines
from emissions.poce.live import LiveReport, live_reports
from emissions.poce.report import NodeReport, build_report
from emissions.poce.score import GENESIS_TERMS, RewardTerms, Schedule, scores
from tokens.chain.contracts import NodeRecord
from tokens.validator.check import check_epoch
from tokens.validator.store import Store
from tokens.validator.verdict import Verdict

KEY, OTHER_KEY = bytes([3]) * 32, bytes([4]) * 32
WALLET = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
REGISTRY = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
NODE = "0x" + "a1" * 32
FEBRUARY, MARCH = (491640, 492311), (492312, 493055)
RATE_KEY = RateKey("aws", "AmazonEC2", "BoxUsage:m5.large", "RunInstances", "Hrs", "us-east-1", "m5.large").text
FACTORS = load_factor_set()
DOMAIN = Domain(31337, REGISTRY)


@dataclass
class Caps:
    """The same cap for every hour."""

    hour_ug: int = 10**13

    def ceiling_ug(self, node: str, *, first_hour: int, through_hour: int, ug: int) -> int:
        return self.hour_ug * max(0, through_hour - first_hour + 1)


@dataclass
class Chain:
    """What `ChainView` says, from values."""

    record: NodeRecord | None = field(default_factory=lambda: NodeRecord(address_of(KEY), WALLET, 491000, 0))
    chain_id: int = 31337
    registry: str = REGISTRY
    hour: int = 500_000
    report_domain: Domain = DOMAIN
    factor_set: str = FACTORS.id
    terms: Schedule = GENESIS_TERMS
    caps: Caps = field(default_factory=Caps)

    def node(self, node: str) -> NodeRecord | None:
        return self.record

    def factor_set_at(self, hour: int) -> str:
        return self.factor_set

    def reward_terms(self, through_hour: int) -> Schedule:
        return self.terms


@dataclass
class Epochs:
    """A host's reports and the epochs sealed over them."""

    store: Store
    chain: Chain = field(default_factory=Chain)
    packages: dict[str, Any] = field(default_factory=dict)
    reports: list[tuple[str, NodeReport]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    previous: Bundle | None = None

    def add(
        self,
        quantity: str,
        *,
        hours: tuple[int, int] = FEBRUARY,
        rate_key: str = RATE_KEY,
        key: bytes = KEY,
        change: Callable[[NodeReport], NodeReport] | None = None,
    ) -> str:
        """A signed report of one line, falsified by `change` before it is signed."""
        lines = StrippedLines.collect([(hours[0], rate_key, quantity)])
        report = build_report(
            node=NODE, seq=len(self.reports) + 1, prev=self.reports[-1][0] if self.reports else ZERO_32, hour_from=hours[0],
            hour_through=hours[1], state=2, level=0, lines=lines, recomputed=recompute(lines, FACTORS),
            work=weigh(lines, FACTORS), coverage_bp=10_000, factor_set_id=FACTORS.id, engine_id=ENGINE_ID,
            bill_digest="0x" + "b1" * 32,
        )  # fmt: skip
        report = change(report) if change else report
        report_hash = report.report_hash(DOMAIN)
        signed = SignedReport(report, sign(key, report.digest(DOMAIN)), lines)
        self.packages[report_hash] = {
            "report": report.to_json(),
            "signature": "0x" + signed.signature.hex(),
            "lines": lines.to_json(),
        }
        self.reports.append((report_hash, report))
        return report_hash

    def seal(self, live: tuple[LiveReport, ...] | None = None) -> Bundle:
        states = [NodeState(NODE, WALLET, live or live_reports(self.reports))]
        context = {"chain_id": 31337, "registry": REGISTRY, "factor_set": FACTORS.id, "engine": ENGINE_ID, "set_id": 4}
        return build_bundle(self.previous, states, **context)[0]

    def check(self, bundle: Bundle, *, header: EpochHeader | None = None, data: bytes | None = None) -> Verdict:
        return check_epoch(
            header or header_of(bundle),
            bundle.to_bytes() if data is None else data,
            self.previous,
            chain=self.chain,
            set_id=4,
            fetch_report=self._fetch,
            store=self.store,
        )

    def _fetch(self, report_hash: str) -> Any:
        self.fetched.append(report_hash)
        return self.packages[report_hash]


@pytest.fixture
def epochs(tmp_path) -> Epochs:
    return Epochs(Store(tmp_path, genesis_hash="0x" + "9e" * 32))


def test_check__true_epoch__agrees_and_fetches_each_report_once(epochs):
    first = epochs.add("744")
    bundle = epochs.seal()
    assert epochs.check(bundle).agrees
    assert epochs.check(bundle).agrees
    epochs.previous = bundle
    second = epochs.add("10", hours=MARCH)
    assert epochs.check(epochs.seal()).agrees
    assert epochs.fetched == [first, second]


STOCKHOLM_KEY = RateKey("aws", "AmazonEC2", "EUN1-BoxUsage:m5.large", "RunInstances", "Hrs", "eu-north-1", "m5.large").text


def _moved(epochs: Epochs) -> None:
    """Twelve months in Virginia, then one in Stockholm with the same work."""
    epochs.chain.record = NodeRecord(address_of(KEY), WALLET, month_hours(2025, 2)[0], 0)
    for place in range(12):
        epochs.add("1000", hours=month_hours(2025 + (place + 1) // 12, (place + 1) % 12 + 1))
    epochs.add("1000", hours=month_hours(2026, 2), rate_key=STOCKHOLM_KEY)


def test_check__node_that_moved__both_sides_come_to_20000_and_the_same_units(epochs):
    _moved(epochs)
    bundle = epochs.seal()
    assert epochs.check(bundle).agrees
    entry = bundle.leaves[0]
    assert entry.scores_bp == (*[10_000] * 12, 20_000)
    last = scores(live_reports(epochs.reports))[-1]
    assert last.base is not None
    assert last.base.intensity / last.intensity > 9
    assert entry.leaf.cum_tuner == (entry.leaf.cum_ug - last.ug) * 10**9 + last.tuner_units
    assert last.tuner_units == 2 * (last.ug + last.avoided_ug) * 10**9


def test_check__epoch_under_other_reward_terms__refused(epochs):
    _moved(epochs)
    bundle = epochs.seal()
    assert epochs.check(replace(bundle, terms=(RewardTerms(units_per_ug=2 * 10**9),))).codes == ("bundle.terms",)
    epochs.chain.terms = (RewardTerms(avoided_weight_bp=0),)
    wrong = replace(bundle, terms=epochs.chain.terms)
    assert epochs.check(wrong).codes == ("leaf.cum_tuner",)


def test_check__score_written_up__refused(epochs):
    _moved(epochs)
    bundle = epochs.seal()
    entry = bundle.leaves[0]
    wrong = replace(bundle, leaves=(replace(entry, scores_bp=(*[20_000] * 13,)),))
    assert epochs.check(wrong).codes == ("leaf.scores_bp",)


def test_check__more_than_its_hours_may_have__refused_since_signers_would_be_slashed(epochs):
    epochs.add("744")
    bundle = epochs.seal()
    (entry,) = bundle.leaves
    hours = entry.leaf.through_hour - 491000 + 1
    epochs.chain.caps.hour_ug = -(-entry.leaf.cum_ug // hours)
    assert epochs.check(bundle).agrees
    epochs.chain.caps.hour_ug = (entry.leaf.cum_ug - 1) // hours
    assert epochs.check(bundle).codes == ("leaf.over_cap",)


def test_check__restated_downwards__agrees_and_keeps_the_ceiling(epochs):
    epochs.add("744")
    epochs.previous = epochs.seal()
    epochs.add("20")
    bundle = epochs.seal()
    assert epochs.check(bundle).agrees
    assert bundle.leaves[0].high_ug > bundle.leaves[0].leaf.cum_ug


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (lambda r: replace(r, operational_ug=r.operational_ug + 1), ("report.operational",)),
        (lambda r: replace(r, embodied_ug=0), ("report.embodied",)),
        (lambda r: replace(r, energy_uwh=1), ("report.energy",)),
        (lambda r: replace(r, work_uwh=r.work_uwh * 2), ("report.work",)),
        (lambda r: replace(r, scored_ug=r.scored_ug - 1), ("report.scored",)),
        (lambda r: replace(r, usage_root="0x" + "11" * 32), ("report.usage_root",)),
        (lambda r: replace(r, hours_root="0x" + "11" * 32), ("report.hours_root",)),
        (lambda r: replace(r, line_count=2), ("report.line_count",)),
        (lambda r: replace(r, level=3), ("report.level",)),
        (lambda r: replace(r, engine="0x" + "11" * 32), ("report.engine",)),
        (lambda r: replace(r, factor_set="0x" + "11" * 32), ("report.factor_set",)),
        (lambda r: replace(r, node="0x" + "cc" * 32), ("report.node",)),
        (lambda r: replace(r, hour_through=r.hour_through + 24), ("report.range",)),
        (lambda r: replace(r, hour_from=r.hour_from + 1), ("report.range",)),
    ],
)
def test_check__report_falsified_and_signed__refused_by_name(epochs, change, codes):
    epochs.add("744", change=change)
    assert epochs.check(epochs.seal()).codes == codes


def test_check__report_that_is_not_final__refused(epochs):
    report_hash = epochs.add("744", change=lambda r: replace(r, state=1))
    live = (LiveReport.of(epochs.reports[0][1], report_hash),)
    assert epochs.check(epochs.seal(live)).codes == ("report.not_final",)


def test_check__signed_by_another_key__refused_until_a_quorum_stood_behind_it(epochs):
    epochs.add("744", key=OTHER_KEY)
    bundle = epochs.seal()
    assert epochs.check(bundle).codes == ("report.signature",)
    epochs.previous = bundle  # the node's key was changed after the epoch that counted it
    epochs.add("10", hours=MARCH)
    assert epochs.check(epochs.seal()).agrees


def test_check__host_sends_another_report_than_named__refused(epochs):
    wanted, other = epochs.add("744"), epochs.add("745")
    epochs.packages[wanted] = epochs.packages[other]
    live = (LiveReport.of(epochs.reports[0][1], wanted),)
    assert epochs.check(epochs.seal(live)).codes == ("report.hash",)


@pytest.mark.parametrize("package", [None, [], {}, {"report": {}, "signature": "0x", "lines": {}}])
def test_check__host_sends_something_else__refused(epochs, package):
    epochs.packages[epochs.add("744")] = package
    assert epochs.check(epochs.seal()).codes == ("json.shape",)


def test_check__lines_that_no_rate_values__refused(epochs):
    report_hash = epochs.add("744")
    lines = StrippedLines.collect([(FEBRUARY[0], RATE_KEY.replace("BoxUsage:m5.large", "Tax"), "1")])
    epochs.packages[report_hash]["lines"] = lines.to_json()
    assert epochs.check(epochs.seal()).codes == ("report.not_computable",)


def test_check__lines_of_another_month__refused(epochs):
    report_hash = epochs.add("744")
    lines = StrippedLines.collect([(MARCH[0], RATE_KEY, "744")])
    epochs.packages[report_hash]["lines"] = lines.to_json()
    assert epochs.check(epochs.seal()).codes == ("report.hours",)


def test_check__month_that_has_not_ended__refused(epochs):
    epochs.chain.hour = FEBRUARY[1]
    epochs.add("744")
    assert epochs.check(epochs.seal()).codes == ("report.month_open",)


@pytest.mark.parametrize(
    ("record", "codes"),
    [
        (None, ("node.unknown",)),
        (NodeRecord(address_of(KEY), REGISTRY, 491000, 0), ("node.wallet",)),
        (NodeRecord(address_of(KEY), WALLET, FEBRUARY[0] + 5, 0), ("report.range",)),
        (NodeRecord(address_of(KEY), WALLET, MARCH[0], 0), ("bundle.no_report",)),
    ],
)
def test_check__chain_says_otherwise_of_the_node__refused(epochs, record, codes):
    epochs.chain.record = record
    epochs.add("744")
    assert epochs.check(epochs.seal()).codes == codes


def _with_leaf(bundle: Bundle, **change: Any) -> Bundle:
    entry = bundle.leaves[0]
    high = change.pop("high_ug", entry.high_ug)
    return replace(bundle, leaves=(replace(entry, leaf=replace(entry.leaf, **change), high_ug=high),))


@pytest.mark.parametrize("field", ["cum_ug", "cum_tuner", "through_hour", "level", "high_ug", "history_root"])
def test_check__leaf_falsified_with_a_consistent_header__refused_by_name(epochs, field):
    epochs.add("744")
    honest = epochs.seal()
    value = honest.leaves[0].high_ug if field == "high_ug" else getattr(honest.leaves[0].leaf, field)
    lie = _with_leaf(honest, **{field: "0x" + "11" * 32 if isinstance(value, str) else value + 1})
    assert epochs.check(lie).codes == (f"leaf.{field}",)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"epoch": 2}, "bundle.epoch"),
        ({"chain_id": 1}, "bundle.chain"),
        ({"registry": WALLET}, "bundle.registry"),
        ({"engine": "0x" + "11" * 32}, "bundle.engine"),
        ({"set_id": 5}, "bundle.set_id"),
        ({"factor_set": "0x" + "11" * 32}, "bundle.factor_set"),
    ],
)
def test_check__bundle_of_another_frame__refused_before_any_report_is_fetched(epochs, change, code):
    epochs.add("744")
    assert epochs.check(replace(epochs.seal(), **change)).codes == (code,)
    assert epochs.fetched == []


def test_check__header_not_of_the_bundle__refused(epochs):
    epochs.add("744")
    bundle = epochs.seal()
    header = header_of(bundle)
    assert epochs.check(bundle, header=replace(header, total_ug=header.total_ug + 1)).codes == ("bundle.header",)
    assert "bundle.data_hash" in epochs.check(bundle, header=replace(header, data_hash=ZERO_32)).codes


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"version":1,"version":1}'])
def test_check__bytes_that_are_no_bundle__refused(epochs, data):
    epochs.add("744")
    assert len(epochs.check(epochs.seal(), data=data).faults) == 1


def test_check__epoch_without_a_new_report__refused(epochs):
    epochs.add("744")
    epochs.previous = epochs.seal()
    assert epochs.check(epochs.seal()).codes == ("bundle.nothing_new",)


def test_check__attested_month_left_out_or_put_back__refused(epochs):
    old = LiveReport.of(epochs.reports[0][1], epochs.reports[0][0]) if epochs.add("744") else None
    new_hash = epochs.add("20")
    new = LiveReport.of(epochs.reports[1][1], new_hash)
    march = LiveReport.of(epochs.reports[2][1], epochs.reports[2][0]) if epochs.add("5", hours=MARCH) else None
    assert old is not None
    assert march is not None
    epochs.previous = epochs.seal((new,))
    assert epochs.check(epochs.seal((march,))).codes == ("node.report_gone",)
    assert epochs.check(epochs.seal((old, march))).codes == ("node.report_gone",)
    assert epochs.check(epochs.seal((new, march))).agrees


def test_check__node_left_out__refused(epochs):
    epochs.add("744")
    epochs.previous = epochs.seal()
    other = replace(epochs.previous.leaves[0], leaf=replace(epochs.previous.leaves[0].leaf, node="0x" + "cc" * 32))
    lie = replace(epochs.seal(), leaves=(other,))
    assert not epochs.check(lie).agrees
