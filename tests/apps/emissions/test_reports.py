"""Ledger months become signed reports, only when something changed; and what is claimable says why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloudtuner import clock
from cloudtuner.errors import ConfigurationError
from cloudtuner.tenancy import tenant_context
from emissions import selectors, services
from emissions.poce.hexes import ZERO_32, from_hex
from emissions.poce.keys import recover
from emissions.poce.lines import StrippedLines
from emissions.poce.report import State
from emissions.register import selectors as register
from emissions.register.domain import report_domain
from emissions.register.models import NodeBinding, ReportCommitment, WaitingJob
from emissions.store import default_store


@pytest.fixture
def lines(cur):
    return cur.hours(cur.Line(), 30)


def test_reports__first_bill__one_final_report_signed_by_the_organisation(room, cur, lines):
    room.version(lines)
    assert services.reports_build() == 1
    node = NodeBinding.objects.get()
    (committed,) = register.reports(node.node)
    report = committed.report
    assert (report.seq, report.prev, report.state, report.level) == (1, ZERO_32, State.FINAL, 0)
    assert (report.hour_from, report.hour_through) == cur.june
    assert report.ug == room.total() == sum(ug for _, ug in committed.hours)
    assert recover(report.digest(report_domain()), from_hex(committed.signature, length=65)) == node.key
    kept = ReportCommitment.objects.get()
    assert StrippedLines.from_bytes(default_store().read(kept.lines_digest)).root() == from_hex(report.usage_root)
    assert (node.seq, node.prev) == (1, committed.report_hash)


def test_reports__nothing_changed__nothing_is_signed_again(room, lines):
    room.version(lines)
    services.reports_build()
    assert services.reports_build() == 0
    WaitingJob.objects.create(kind="reports", schema=room.tenant.schema, due_at=clock.now())
    assert services.reports_build() == 0
    assert ReportCommitment.objects.count() == 1


def test_reports__restated_bill__next_in_the_chain_and_live(room, lines):
    room.version(lines)
    services.reports_build()
    room.confirm(room.version([replace(line, quantity="0.5") for line in lines]))
    assert services.reports_build() == 1
    (node,) = selectors.nodes()
    first, second = register.reports(node.node)
    assert (second.report.seq, second.report.prev) == (2, first.report_hash)
    assert register.live_final_reports()[node.node] == (second,)
    assert selectors.claimability().claimable_ug == room.total() == second.report.ug < first.report.ug


def test_reports__only_costs_restated__coverage_is_signed_again(room, cur, lines):
    unknown = replace(cur.Line(), service="AmazonUnheardOf", place=("ap-south-1", "APS3-Strange", ""), unit="Widgets", cost="1")
    room.version([*lines, unknown])
    services.reports_build()
    room.confirm(room.version([*lines, replace(unknown, cost="2")]))
    assert services.reports_build() == 1
    (node,) = selectors.nodes()
    first, second = (committed.report for committed in register.reports(node.node))
    assert first.usage_root == second.usage_root
    assert first.coverage_bp > second.coverage_bp


def test_domain__address_book_without_an_address__says_which_file(room, address_book):
    address_book.write_text(address_book.read_text().replace("0x", "0y"))
    with pytest.raises(ConfigurationError) as refused:
        report_domain()
    assert (refused.value.code, refused.value.where) == ("chain.address_book", str(address_book))


def test_reports__account_gone_from_the_bill__is_reported_as_nothing(room, cur, lines):
    room.version([*lines, *(replace(line, account=cur.other) for line in lines)])
    services.reports_build()
    room.confirm(room.version(lines))
    assert services.reports_build() == 1
    gone = next(node for node in selectors.nodes() if node.account == cur.other)
    last = register.reports(gone.node)[-1]
    assert (last.report.ug, last.report.line_count, last.report.usage_root) == (0, 0, ZERO_32)
    assert selectors.claimability().claimable_ug == room.total()


def test_claimability__lines_without_invoice__nothing_is_claimable_and_it_says_why(room, lines):
    room.version([*lines[:10], *(replace(line, invoice="") for line in lines[10:])])
    services.reports_build()
    (month,) = selectors.claimability().months
    assert (month.state, month.reason_code) == ("provisional", "month.no_invoice")
    assert "20 of 30 lines have no invoice id" in month.reason
    assert (month.claimable_ug, month.waiting_ug) == (0, room.total())
    assert ReportCommitment.objects.get().state == State.PROVISIONAL


def test_claimability__invoiced_later__becomes_final(room, lines):
    room.version([replace(line, invoice="") for line in lines])
    services.reports_build()
    room.confirm(room.version(lines))
    services.reports_build()
    (month,) = selectors.claimability().months
    assert (month.state, month.reason_code, month.reason) == ("final", "", "")
    assert (month.claimable_ug, month.waiting_ug) == (room.total(), 0)


def test_claimability__month_still_open__waits_for_its_end(room, lines, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 20, tzinfo=UTC))
    room.version(lines)
    services.reports_build()
    (month,) = selectors.claimability().months
    assert (month.state, month.reason_code) == ("provisional", "month.open")
    assert "2026-07-01 00:00 UTC" in month.reason
    assert WaitingJob.objects.get(kind="reports").due_at == datetime(2026, 7, 1, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 7, 1, 0, 0, 1, tzinfo=UTC))
    assert services.reports_build() == 1
    assert selectors.claimability().claimable_ug == room.total()
    assert not WaitingJob.objects.filter(kind="reports").exists()


def test_claimability__usage_valued_by_cost__is_in_the_ledger_and_never_claimable(room, cur, lines):
    odd = replace(cur.Line(), place=("ap-south-1", "APS3-Something:New", ""), unit="Widgets", line_id="odd", cost="5")
    version = room.version([*lines, odd])
    assert version.counts["unknown"] == 1
    services.reports_build()
    found = selectors.claimability()
    (month,) = found.months
    assert month.by_cost_ug > 0
    assert (month.state, month.reason_code) == ("final", "month.by_cost")
    assert found.ledger_ug == room.total() == found.claimable_ug + found.by_cost_ug + found.waiting_ug
    assert ReportCommitment.objects.get().line_count == 30


def test_claimability__months_before_the_first_bill__count_for_twelve_months(room, cur, lines):
    room.version(lines)
    room.version([cur.Line(month=(2026, 5), hour=cur.june[0] - 5)])
    room.version([cur.Line(month=(2025, 5), hour=cur.june[0] - 365 * 24 - 5)])
    services.reports_build()
    old, early, late = selectors.claimability().months
    assert (old.month, old.state, old.reason_code, old.claimable_ug) == (
        "2025-05",
        "before_enrolment",
        "month.before_enrolment",
        0,
    )
    assert (early.month, early.state) == ("2026-05", "final")
    assert early.claimable_ug > 0
    assert late.claimable_ug > 0
    may, june = ReportCommitment.objects.order_by("hour_from")
    assert may.hour_through < NodeBinding.objects.get().first_hour == june.hour_from


def test_reports__no_contracts_yet__wait_without_being_counted(room, lines, address_book):
    address_book.unlink()
    room.version(lines)
    assert services.reports_build() == 0
    job = WaitingJob.objects.get(kind="reports")
    assert job.attempts == 0
    assert "address book" in job.last_error


def test_reports__ledger_and_lines_disagree__nothing_is_signed_and_the_page_says_so(room, lines):
    from emissions.models import LedgerDay

    room.version(lines)
    LedgerDay.objects.update(operational_ug=1)
    services.reports_build()
    (month,) = selectors.claimability().months
    assert (month.state, month.reason_code) == ("waiting", "report.ledger_mismatch")
    assert not ReportCommitment.objects.exists()


def test_bind__account_of_another_organisation__bill_is_refused_and_nothing_written(room, two_organizations, cur, lines):
    room.version(lines)
    other = replace(room, tenant=two_organizations[1])
    with tenant_context(other.tenant.schema):
        upload = other.upload([*(replace(line, account=cur.other) for line in lines), lines[0]])
        assert (upload.state, upload.error_code) == ("failed", "node.taken")
        assert f"usage account {cur.account} is bound to another organisation" in upload.error
        assert cur.other not in upload.error
        assert other.total() == 0
        assert selectors.nodes() == ()
    assert NodeBinding.objects.count() == 1, "the account that was free was not bound either"
    assert room.total() > 0


def test_selectors__two_organisations__each_sees_its_own(room, two_organizations, cur, lines):
    room.version(lines)
    other = replace(room, tenant=two_organizations[1])
    with tenant_context(other.tenant.schema):
        other.version([replace(line, account=cur.other, quantity="7") for line in lines])
        services.reports_build()
        theirs = other.total()
        assert [node.account for node in selectors.nodes()] == [cur.other]
    services.reports_build()
    assert [node.account for node in selectors.nodes()] == [cur.account]
    assert selectors.claimability().claimable_ug == room.total()
    assert 0 < room.total() < theirs
    assert {node.organization for node in register.nodes()} == {tenant.organization.uuid for tenant in two_organizations}
