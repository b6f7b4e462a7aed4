"""Who has to approve, what is said without a chain, and in which order locks are taken."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import tenant_context
from emissions.register.models import NodeBinding, ReportCommitment
from tokens.models import Retirement
from tokens.selectors.kilograms import final_hours, live_reports
from tokens.selectors.retirements import approval_needed
from tokens.services import retirement_confirm

pytestmark = pytest.mark.django_db


def prepared(tenant: Any, **changes: Any) -> Retirement:
    """A prepared retirement of the organisation that is open."""
    values = {
        "client_token": uuid.uuid4().hex, "hour_from": 1, "hour_through": 2, "label": "x", "ug": 5, "beneficiary_name": "A",
        "beneficiary_address": "0x" + "00" * 20, "prepared_by": tenant.owner.uuid, "prepared_by_email": tenant.owner.email,
        "created_at": clock.now(),
    }  # fmt: skip
    return Retirement.objects.create(**values | changes)


def test_approval__second_person_cannot_log_in_any_more__one_is_enough(two_organizations):
    tenant, _ = two_organizations
    second = tenant.member("lead")
    with tenant_context(tenant.schema):
        assert approval_needed() == "two-person"
        second.is_active = False
        second.save()
        assert approval_needed() == "single-person"


@pytest.mark.parametrize("deed", ["approve", "confirm"])
def test_retirement__sent_off_while_no_chain_is_connected__says_so(two_organizations, settings, tmp_path, deed):
    tenant, _ = two_organizations
    settings.ADDRESS_BOOK = str(tmp_path / "none.json")
    with tenant_context(tenant.schema):
        row = prepared(tenant)
    answer = tenant.client().post(f"/records/retirements/{row.pk}/{deed}/")
    assert answer.status_code == 503
    assert "No chain is connected yet" in answer.content.decode()


def test_confirm__alone__takes_the_lots_before_the_audit_log(two_organizations, book):
    tenant, _ = two_organizations
    with tenant_context(tenant.schema):
        row = prepared(tenant)
        with CaptureQueriesContext(connection) as asked, pytest.raises(ServiceError, match="are in the wallet"):
            retirement_confirm(actor=tenant.owner, retirement_id=row.pk)
    taken = [query["sql"] for query in asked if "pg_advisory_xact_lock" in query["sql"]]
    # Whoever pulls holds the lots; two that took them after the audit log would wait for each other.
    keys = (f"lots:{tenant.schema}", f"audit:{tenant.organization.uuid}")
    assert [next(key for key in keys if str(locks._number(key)) in sql) for sql in taken] == list(keys)


def test_live_reports__of_all_nodes__are_one_query_and_final_counts(two_organizations, django_assert_num_queries):
    nodes = [
        NodeBinding.objects.create(
            node=f"0x{number:064x}", organization=uuid.uuid4(), provider="aws", first_hour=0, key="0x1", wallet="0x2"
        )
        for number in (1, 2)
    ]
    texts = ("usage_root", "hours_root", "factor_set", "engine", "bill_digest", "prev", "signature")
    counts = ("line_count", "energy_uwh", "operational_ug", "embodied_ug", "work_uwh", "scored_ug", "coverage_bp")
    for number, (place, seq, state, ug) in enumerate(
        [(0, 1, 0, 5), (0, 2, 2, 6), (0, 3, 1, 7), (1, 1, 1, 8), (1, 2, 0, 9), (1, 3, 2, 1)]
    ):
        hour = 20 if (place, seq) == (1, 3) else 10
        ReportCommitment.objects.create(
            report_hash=f"0x{number:064x}", node=nodes[place], seq=seq, hour_from=hour, hour_through=hour, state=state, level=0,
            report={}, lines_digest="", hours=[[hour, ug]], **dict.fromkeys(texts, "0x"), **dict.fromkeys(counts, 0),
        )  # fmt: skip
    with django_assert_num_queries(1):
        found = live_reports([node.node for node in nodes])
    told = {node: [(report.seq, report.hours) for report in reports] for node, reports in found.items()}
    # FINAL is unseated by FINAL only; where there is none, the newest counts.
    assert told == {nodes[0].node: [(2, [[10, 6]])], nodes[1].node: [(2, [[10, 9]]), (3, [[20, 1]])]}
    assert final_hours(found[nodes[1].node]).hours == ((20, 1),)


@pytest.mark.parametrize(
    ("role", "offered"),
    [("lead", ["approve", "cancel"]), ("treasury", ["approve", "cancel"]), ("analyst", ["cancel"]), ("auditor", [])],
)
def test_approvals__each_role__is_offered_what_it_may_do_and_no_more(two_organizations, book, role, offered):
    tenant, _ = two_organizations
    browser = tenant.client(tenant.member(role))
    with tenant_context(tenant.schema):
        row = prepared(tenant)
    page = browser.get("/records/approvals/").content.decode()
    assert re.findall(rf'action="/records/retirements/{row.pk}/(\w+)/"', page) == offered
    browser.post(f"/records/retirements/{row.pk}/cancel/")
    with tenant_context(tenant.schema):
        assert Retirement.objects.get(pk=row.pk).state == ("cancelled" if "cancel" in offered else "draft")


@pytest.mark.parametrize(("role", "may"), [("treasury", True), ("analyst", False)])
def test_retirement__approved_and_not_sent__is_confirmed_by_who_may_approve(two_organizations, book, role, may):
    tenant, _ = two_organizations
    browser = tenant.client(tenant.member(role))
    with tenant_context(tenant.schema):
        row = prepared(tenant, state="approved", approved_by=uuid.uuid4(), approval="two-person")
    page = browser.get(f"/records/retirements/{row.pk}/").content.decode()
    assert ("/confirm/" in page) is may


def test_retirements__one_without_a_number_yet__can_be_opened(two_organizations, book):
    tenant, _ = two_organizations
    with tenant_context(tenant.schema):
        row = prepared(tenant)
    page = tenant.client().get("/records/retirements/").content.decode()
    assert f'<a href="/records/retirements/{row.pk}/">no number yet</a>' in page
