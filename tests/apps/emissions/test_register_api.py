"""Reports posted by a customer's own node: accepted when every figure follows from the lines, refused by name otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloudtuner import clock
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import public_context
from emissions import selectors, services
from emissions.engine.estimate import ENGINE_ID, estimate
from emissions.engine.recompute import recompute
from emissions.engine.work import weigh
from emissions.grid.catalog import load_factor_set
from emissions.poce import keys
from emissions.poce.hexes import ZERO_32, to_hex
from emissions.poce.report import build_report
from emissions.register import selectors as register
from emissions.register.domain import report_domain
from emissions.register.models import ReportCommitment

KEY = (7).to_bytes(32, "big")


@pytest.fixture
def node(room, cur):
    """An account enrolled with a key of its own."""
    return services.node_enrol(provider="aws", account=cur.account, key=keys.address_of(KEY), first_hour=cur.june[0])


def test_enrol__again_as_it_is__changes_nothing(cur, node):
    key = keys.address_of(KEY)
    assert (
        services.node_enrol(provider="aws", account=cur.account, key=key.upper().replace("X", "x"), first_hour=cur.june[0])
        == node
    )


@pytest.mark.parametrize(("key", "hours_later"), [(9, 0), (7, 1)], ids=["another key", "another first hour"])
def test_enrol__bound_in_another_way__is_refused_and_says_how(cur, node, key, hours_later):
    other = keys.address_of(key.to_bytes(32, "big"))
    with pytest.raises(ServiceError, match=f"{cur.account} is bound already: the key {keys.address_of(KEY)}") as refused:
        services.node_enrol(provider="aws", account=cur.account, key=other, first_hour=cur.june[0] + hours_later)
    assert refused.value.code == "node.bound"
    assert register.node(node).key == keys.address_of(KEY)


def test_enrol__account_that_the_platform_signs_for__is_refused(room, cur):
    room.version(cur.hours(cur.Line(), 5))
    with pytest.raises(ServiceError, match="the platform signs its reports from 2026-06-01") as refused:
        services.node_enrol(provider="aws", account=cur.account, key=keys.address_of(KEY), first_hour=cur.june[0])
    assert refused.value.code == "node.bound"


@pytest.fixture
def posted(room, cur, node, tmp_path, public_client):
    """Builds a report of thirty hours, lets a test spoil it, signs and posts it."""
    path = tmp_path / "own.csv.gz"
    path.write_bytes(cur.bytes(cur.hours(cur.Line(), 30)))
    factor_set = load_factor_set()
    with estimate([path], factor_set=factor_set) as found:
        lines, digest = found.stripped(cur.account), found.bill.bill_digest
    again = recompute(lines, factor_set)
    report = build_report(
        node=node,
        seq=1,
        prev=ZERO_32,
        hour_from=cur.june[0],
        hour_through=cur.june[1],
        state=2,
        level=0,
        lines=lines,
        recomputed=again,
        work=weigh(lines, factor_set),
        coverage_bp=10_000,
        factor_set_id=factor_set.id,
        engine_id=ENGINE_ID,
        bill_digest=digest,
    )

    def post(*, key=KEY, body=None, **changes):
        told = replace(report, **changes)
        value = {
            "report": told.to_json(),
            "signature": to_hex(keys.sign(key, told.digest(report_domain()))),
            "lines": lines.to_json(),
        }
        value = body(value) if body else value
        with public_context():
            return public_client.post("/poce/v1/reports", json.dumps(value), content_type="application/json")

    post.report = report
    return post


def test_post__genuine_report__is_accepted_and_served_back(posted, node, public_client):
    response = posted()
    assert response.status_code == 201, response.content
    report_hash = response.json()["report_hash"]
    assert report_hash == posted.report.report_hash(report_domain())
    assert public_client.get(f"/poce/v1/nodes/{node}").json() == {
        "node": node,
        "seq": 1,
        "prev": report_hash,
        "first_hour": posted.report.hour_from,
        "key": keys.address_of(KEY),
        "wallet": register.node(node).wallet,
    }
    body = json.loads(register.report_body(report_hash))
    assert body["report"] == posted.report.to_json()
    assert len(body["lines"]["lines"]) == 30
    assert sum(ug for _, ug in register.report(report_hash).hours) == posted.report.ug


def test_post__same_report_again__is_the_same_row(posted):
    assert posted().json() == posted().json()
    assert ReportCommitment.objects.count() == 1


def test_post__anything_wrong__is_refused_by_name_and_writes_nothing(posted, cur):
    def another_line(value):
        value["lines"]["lines"].append([cur.june[0] + 40, 0, "1"])
        return value

    cases = [
        ("report.signature_mismatch", 422, {"key": (8).to_bytes(32, "big")}),
        ("report.node_unknown", 422, {"node": "0x" + "9" * 64}),
        ("report.operational", 422, {"operational_ug": posted.report.operational_ug + 1}),
        ("report.embodied", 422, {"embodied_ug": posted.report.embodied_ug - 1}),
        ("report.energy", 422, {"energy_uwh": 0}),
        ("report.usage_root", 422, {"usage_root": "0x" + "1" * 64}),
        ("report.usage_root", 422, {"body": another_line}),
        ("report.hours_root", 422, {"hours_root": "0x" + "1" * 64}),
        ("report.line_count", 422, {"line_count": 31}),
        ("report.factor_set", 422, {"factor_set": "0x" + "1" * 64}),
        ("report.engine", 422, {"engine": "0x" + "1" * 64}),
        ("report.level", 422, {"level": 3}),
        ("report.range", 422, {"hour_from": cur.june[0] + 1}),
        ("report.range", 422, {"hour_through": cur.june[1] - 1}),
        ("report.amount", 422, {"operational_ug": 2**100}),
        ("report.seq", 409, {"seq": 2}),
        ("report.seq", 409, {"prev": "0x" + "1" * 64}),
        ("json.shape", 422, {"body": lambda value: {**value, "more": 1}}),
        ("json.shape", 422, {"body": lambda value: []}),
        ("hex.invalid", 422, {"body": lambda value: {**value, "signature": "0x00"}}),
    ]
    for code, status, changes in cases:
        response = posted(**changes)
        assert (response.status_code, response.json()["code"]) == (status, code), (changes, response.content)
        assert response["Content-Type"] == "application/problem+json"
    assert not ReportCommitment.objects.exists()


def test_post__final_before_the_months_end__is_refused(posted, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 20, tzinfo=UTC))
    assert posted().json()["code"] == "report.month_open"
    assert posted(state=0).status_code == 201


def test_post__node_that_the_platform_signs_for__is_refused(room, cur, public_client):
    room.version(cur.hours(cur.Line(), 3))
    services.reports_build()
    body = json.loads(register.report_body(ReportCommitment.objects.get().report_hash))
    response = public_client.post("/poce/v1/reports", json.dumps(body), content_type="application/json")
    assert response.json()["code"] == "report.hosted"


def test_reports__account_with_a_node_of_its_own__waits_for_that_node(room, cur, posted):
    room.version(cur.hours(cur.Line(), 30))
    assert services.reports_build() == 0
    (month,) = selectors.claimability().months
    assert (month.state, month.reason_code) == ("waiting", "month.own_node")
    assert posted().status_code == 201
    (month,) = selectors.claimability().months
    assert (month.state, month.claimable_ug) == ("final", room.total())


def test_get_node__unknown__is_a_problem(public_client):
    response = public_client.get("/poce/v1/nodes/0x00")
    assert (response.status_code, response.json()["code"]) == (404, "node.unknown")
