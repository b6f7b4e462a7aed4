"""The efficiency page: every term of a score, why a month has none, and moves from the lines of a real report."""

from __future__ import annotations

import pytest

from cloudtuner.clock import month_hours
from cloudtuner.tenancy import tenant_context
from emissions.models import Upload
from emissions.poce.live import LiveReport
from emissions.poce.score import scores
from emissions.selectors import efficiency as selector
from emissions.services import bill_upload, reports_build, upload_read
from emissions.views.sample import own_number, sample_bill

KWH = 10**9


def history(base="0.376", now="0.0388", months=12):
    """A node's reports: `months` at one intensity, then one at another; 1000 kWh of work each."""
    found = []
    for number in range(months + 1):
        hour_from, hour_through = month_hours(2025 + (3 + number) // 12, (3 + number) % 12 + 1)
        intensity = now if number == months else base
        scored = int(float(intensity) * 1000 * KWH)
        found.append(
            LiveReport(
                f"0x{number:064x}", number + 1, hour_from, hour_through, scored, 0, 1000 * KWH, scored, 9_900, "0x1", "0x2"
            )
        )
    return tuple(found)


@pytest.fixture
def one(two_organizations, settings, tmp_path, deployed):
    """An organisation whose sample bill is in the ledger and reported."""
    settings.OBJECT_STORE_URL = f"file://{tmp_path / 'store'}"
    settings.CELERY_BROKER_URL = "memory://"
    tenant = two_organizations[0]
    with tenant_context(tenant.schema):
        bill_upload(actor=tenant.owner, files=[sample_bill(tenant.organization.uuid)])
        upload_read(upload_id=Upload.objects.get().pk)
        reports_build()
    return tenant


def planted(monkeypatch, reports):
    monkeypatch.setattr(selector, "scores_by_node", lambda nodes, terms: {sorted(nodes)[0]: scores(reports, terms)})


def test_efficiency__moved_to_a_clean_region__shows_every_term(one, monkeypatch):
    planted(monkeypatch, history())
    monkeypatch.setattr("emissions.views.efficiency.advice", lambda score, many: selector.Advice((), 0, asked=True))
    html = one.client().get("/efficiency/").content.decode()
    assert '<span class="value">2.0000</span>' in html
    assert "never above 2" in html
    for term in ("0.03880", "0.37600", "2025-04", "left out as the dirtiest", "avoided bonus"):
        assert term in html, term
    # Thirteen months of the account, and the three accounts beside each other.
    assert html.count("<tr data-row") == 13 + 3


def test_efficiency__role_without_claims__sees_no_tokens(one, monkeypatch):
    planted(monkeypatch, history())
    monkeypatch.setattr("emissions.views.efficiency.advice", lambda score, many: selector.Advice((), 0, asked=True))
    owner = one.client().get("/efficiency/").content.decode()
    assert "TUNER" in owner
    assert one.client(one.member("connector")).get("/efficiency/").status_code == 403


def test_efficiency__too_few_months__says_why_and_what_to_do(one, monkeypatch):
    planted(monkeypatch, history(months=3))
    monkeypatch.setattr("emissions.views.efficiency.advice", lambda score, many: selector.Advice((), 0, asked=True))
    html = one.client().get("/efficiency/?month=2025-05").content.decode()
    assert "Not scored" in html
    assert "fewer than six closed months" in html
    assert "six closed months on one method make a base" in html
    assert "2025-05 UTC" in html


def test_efficiency__real_report__names_moves_that_save(one):
    number = own_number(one.organization.uuid, "110022003300")
    for _answer in ("worked out", "kept from the first time"):
        html = one.client().get(f"/efficiency/?account={number}").content.decode()
        assert "Every term" in html
        assert "Move " in html
        assert "score" in html


def test_efficiency__no_bill_yet__says_so(two_organizations, deployed):
    assert "No account yet" in two_organizations[1].client().get("/efficiency/").content.decode()
