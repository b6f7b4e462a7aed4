"""Instruments as people record them: within what was used, once, with evidence, and taken back in the open."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction

from accounts.models import AuditEntry
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import tenant_context
from emissions.selectors import ledger_totals
from emissions.selectors.figures import LedgerFilters
from emissions.selectors.market import instruments, market_based
from emissions.services.instruments import NewInstrument, instrument_record, instrument_reverse

DOCUMENT = b"%PDF-1.7 statement of the registry"


@pytest.fixture
def used(room, cur):
    """Two accounts, 50 hours each; the second in Virginia."""
    room.version([*cur.hours(cur.Line(), 50), *cur.hours(replace(cur.Line(), account=cur.other, place=cur.virginia), 50)])
    return room


def new(cur, mwh="0.0005", **changes):
    told = NewInstrument("i_rec", Decimal(mwh), Decimal(0), *cur.june, registry="Evident", serials="A-1 to A-9")
    return replace(told, **changes)


def record(room, told, data=DOCUMENT):
    return instrument_record(actor=room.tenant.owner, told=told, evidence=SimpleUploadedFile("statement.pdf", data))


def test_record__within_what_was_used__lowers_the_market_view_alone(used, cur):
    before, ledger = market_based(*cur.june), ledger_totals(LedgerFilters())
    assert before.market_ug == before.location_ug == ledger.operational_ug
    record(used, new(cur))
    after = market_based(*cur.june)
    assert (after.location_ug, after.energy_uwh) == (before.location_ug, before.energy_uwh)
    assert after.covered_uwh == 500_000_000
    assert after.market_ug < before.market_ug
    assert ledger_totals(LedgerFilters()) == ledger
    (told,) = instruments()
    assert (told.covered_uwh, told.unused_uwh, told.live) == (500_000_000, 0, True)
    assert AuditEntry.objects.filter(action="instrument.recorded", target=str(told.id)).count() == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mwh": Decimal("0.1")}, "instrument.exceeds"),
        ({"regions": ("eu-north-1",)}, "instrument.exceeds"),
        ({"accounts": ("999999999999",)}, "instrument.exceeds"),
        ({"hour_from": 1, "hour_through": 2}, "instrument.exceeds"),
    ],
)
def test_record__beyond_what_its_scope_used__is_refused_with_the_figure(used, cur, changes, code):
    with pytest.raises(ServiceError) as refused:
        record(used, new(cur, **changes))
    assert refused.value.code == code
    assert "MWh" in str(refused.value)
    assert instruments() == ()


def test_record__same_energy_twice__is_refused_until_the_first_is_reversed(used, cur):
    whole = market_based(*cur.june).energy_uwh
    told = new(cur, mwh=str(Decimal(whole) / 10**12))
    first = record(used, told)
    with pytest.raises(ServiceError) as refused:
        record(used, replace(told, serials="B"))
    assert refused.value.code == "instrument.exceeds"
    with pytest.raises(ServiceError) as refused:
        record(used, replace(told, mwh=Decimal("0.000001")))
    assert refused.value.code == "instrument.twice"
    instrument_reverse(actor=used.tenant.owner, instrument_id=first.pk, reason="wrong year")
    instrument_reverse(actor=used.tenant.owner, instrument_id=first.pk, reason="again")
    assert market_based(*cur.june).covered_uwh == 0
    record(used, told)
    newest, oldest = instruments()
    assert (newest.live, oldest.live, oldest.reason) == (True, False, "wrong year")
    assert AuditEntry.objects.filter(action="instrument.reversed").count() == 1


def test_record__evidence_that_is_none__is_refused(used, cur):
    with pytest.raises(ServiceError) as refused:
        record(used, new(cur), data=b"")
    assert refused.value.code == "instrument.evidence"


def test_restatement__lowers_what_was_used__leaves_the_rest_unused(used, cur):
    told = new(cur, mwh=str(Decimal(market_based(*cur.june).energy_uwh) / 10**12))
    record(used, told)
    version = used.version(cur.hours(replace(cur.Line(), quantity="0.5"), 50))
    used.confirm(version)
    after = market_based(*cur.june)
    assert after.covered_uwh == after.energy_uwh < told.mwh * 10**12
    (kept,) = instruments()
    assert kept.unused_uwh == kept.energy_uwh - after.covered_uwh > 0
    assert after.market_ug == 0


def test_tables__app_role__can_only_add(used, cur):
    record(used, new(cur))
    for statement in ("UPDATE emissions_marketinstrument SET energy_uwh = 1", "DELETE FROM emissions_marketinstrument"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def fields(**changes):
    told = {"kind": "ppa", "mwh": "0.0004", "factor": "0.05", "month_from": "2026-06", "month_through": "2026-06"}
    return told | {"evidence": SimpleUploadedFile("contract.pdf", DOCUMENT)} | changes


def test_page__form_filled_in__records_and_gives_the_evidence_back(used, cur, two_organizations):
    browser = used.tenant.client()
    assert browser.post("/instruments/new/", fields()).status_code == 302
    html = browser.get("/instruments/").content.decode()
    assert "0.05 kg/kWh" in html
    with tenant_context(used.tenant.schema):
        (told,) = instruments()
    path = f"/instruments/{told.id}/evidence/"
    answer = browser.get(path)
    assert b"".join(answer.streaming_content) == DOCUMENT
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert two_organizations[1].client().get(path).status_code == 404
    viewer = used.tenant.client(used.tenant.member("viewer"))
    assert viewer.get("/instruments/").status_code == 200
    assert viewer.get("/instruments/new/").status_code == 403
    assert viewer.post(f"/instruments/{told.id}/reverse/", {"reason": "no"}).status_code == 403
    assert browser.post(f"/instruments/{told.id}/reverse/", {"reason": "wrong"}).status_code == 302
    with tenant_context(used.tenant.schema):
        assert not instruments()[0].live


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"mwh": "50"}, "cannot be recorded"),
        ({"month_from": "2026-06", "month_through": "1999-01"}, "Select a valid choice"),
        ({"mwh": "-1"}, "greater than or equal"),
        ({"evidence": ""}, "required"),
    ],
)
def test_page__form_that_cannot_be__says_what_is_wrong(used, changes, said):
    answer = used.tenant.client().post("/instruments/new/", fields(**changes))
    assert answer.status_code == 400
    assert said in answer.content.decode()
