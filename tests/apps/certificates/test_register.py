"""The public register: what anybody may read, what the database refuses, what the admin cannot change."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from certificates.identifier import CertificateId
from cloudtuner.errors import ServiceError

pytestmark = pytest.mark.django_db


def facts(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A new edition's facts; every hash its own."""
    import uuid

    return {
        "certificate_id": str(CertificateId(2026, 42)),
        "organization": uuid.uuid5(uuid.NAMESPACE_URL, "organization"),
        "retirement": uuid.uuid5(uuid.NAMESPACE_URL, "retirement"),
        "certificate_class": "R",
        "level": "A0",
        "quantity_ug": 215_643_106_000_000,
        "claim_hash": "0x" + "c1" * 32,
        "pdf_sha256": f"0x{number:064x}",
        "chain_id": 31337,
        "retirement_id": 7,
        "block_hash": f"0x{number + 100:064x}",
        "block_number": 10 + number,
        "tx_hash": "0x" + "ab" * 32,
        "log_index": 1,
        **changes,
    }


def test_record__by_identifier_as_typed__has_no_names(public_client):
    from certificates.register.services import edition_add

    added = edition_add(**facts())
    for typed in (added.certificate_id, added.certificate_id.lower(), added.certificate_id.replace("0", "O")):
        answer = public_client.get(f"/verify/{typed}.json")
        assert answer.status_code == 200
        record = answer.json()
    assert record["status"] == "valid"
    assert record["quantity"] == "2,15,643.106 kg CO2e"
    assert record["editions"][0]["retirement_id"] == "7"
    assert str(added.organization) not in answer.content.decode()
    assert answer["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("typed", ["CTC-2026-000043-45", "CTC-2026-000042-46", "nothing", "CTC-2026-000099-32"])
def test_record__unknown_or_mistyped__is_not_found(public_client, typed):
    answer = public_client.get(f"/verify/{typed}.json")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_record__asked_too_often__is_slowed_down(public_client):
    # Whoever connects is counted, not whom they say they ask for.
    codes = {
        public_client.get("/verify/CTC-2026-000042-45.json", headers={"x-forwarded-for": f"203.0.113.{place}"}).status_code
        for place in range(125)
    }
    assert codes == {404, 429}


def test_register__withdrawn_and_followed__shows_both_editions():
    from certificates.register.models import Status
    from certificates.register.selectors import public_record
    from certificates.register.services import edition_add, edition_withdraw

    first = edition_add(**facts())
    for _ in range(2):
        edition_withdraw(pdf_sha256=first.pdf_sha256, status=Status.REVOKED, reason="reorged")
    record = public_record(first.certificate_id)
    assert (record["status"], record["reason"], record["edition"]) == ("revoked", "reorged", 1)
    edition_add(**facts(2))
    record = public_record(first.certificate_id)
    assert (record["status"], record["edition"]) == ("valid", 2)
    assert [(one["status"], one["superseded_by"]) for one in record["editions"]] == [("revoked", 2), ("valid", None)]


def test_register__unknown_file__cannot_be_withdrawn():
    from certificates.register.models import Status
    from certificates.register.services import edition_withdraw

    with pytest.raises(ServiceError) as refused:
        edition_withdraw(pdf_sha256="0x00", status=Status.REVOKED, reason="x")
    assert refused.value.code == "certificate.unknown"


@pytest.mark.parametrize(
    "changes",
    [
        {},  # another file of the same certificate, both valid
        {"certificate_id": str(CertificateId(2026, 43))},  # another certificate of the same retirement
        {"certificate_id": str(CertificateId(2026, 43)), "retirement": "00000000-0000-0000-0000-000000000001",
         "block_hash": f"0x{101:064x}"},  # another certificate of the same event
        {"certificate_id": str(CertificateId(2026, 43)), "retirement": "00000000-0000-0000-0000-000000000001",
         "pdf_sha256": f"0x{1:064x}"},  # the same file again
        {"certificate_id": str(CertificateId(2026, 43)), "retirement": "00000000-0000-0000-0000-000000000001", "quantity_ug": 0},
    ],
)  # fmt: skip
def test_register__second_valid_one__is_refused_by_the_database(changes):
    from certificates.register.services import edition_add

    edition_add(**facts())
    with pytest.raises(IntegrityError), transaction.atomic():
        edition_add(**facts(2, **changes))


def test_own_certificates__two_live_of_a_retirement__are_refused_by_the_database(two_organizations):
    import uuid

    from certificates.models import Certificate
    from cloudtuner import clock
    from cloudtuner.tenancy import tenant_context

    aravali, birch = two_organizations
    row = {
        "retirement": uuid.uuid4(), "certificate_id": "CTC-2026-000042-45", "certificate_class": "R",
        "level": "A0", "holder": "A",
        "beneficiary": "A", "label": "FY 2025-26", "hour_from": 1, "hour_through": 2, "quantity_ug": 5, "claim_hash": "0x",
        "block_hash": "0x", "created_at": clock.now(),
    }  # fmt: skip
    with tenant_context(aravali.schema):
        Certificate.objects.create(**row)
        with pytest.raises(IntegrityError), transaction.atomic():
            Certificate.objects.create(**row, edition=2)
        with pytest.raises(IntegrityError), transaction.atomic():
            Certificate.objects.create(**{**row, "retirement": uuid.uuid4()}, edition=3, state="ISSUED")
    with tenant_context(birch.schema):
        assert not Certificate.objects.exists()


def test_admin__register__can_be_read_and_not_changed(two_organizations, rf):
    from django.contrib import admin

    from certificates.register.models import CertificateIndex

    page = admin.site._registry[CertificateIndex]
    request = rf.get("/")
    request.user = two_organizations[0].owner
    request.user.is_superuser = request.user.is_staff = True
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


def test_api__key_or_role_without_the_right__is_refused(two_organizations):
    aravali, birch = two_organizations
    assert aravali.client(aravali.member("viewer")).get("/api/v1/certificates").status_code == 200
    assert aravali.client(aravali.member("connector")).get("/api/v1/certificates").status_code == 403
    assert aravali.client(birch.owner).get("/api/v1/certificates").status_code == 404
    assert aravali.stranger().get("/api/v1/certificates").status_code in (401, 403)


def test_verification__of_nonsense__is_refused_and_names_nothing(settings, tmp_path):
    import json

    from certificates import selectors
    from tokens.chain.book import NAMES

    settings.ISSUER_DIR = str(tmp_path / "issuer")
    settings.ADDRESS_BOOK = str(tmp_path / "book.json")
    address = "0x" + "21" * 20
    (tmp_path / "book.json").write_text(
        json.dumps(
            {
                "version": 1,
                "chain_id": 31337,
                "genesis_hash": "0x" + "11" * 32,
                "deploy_block": 0,
                "contracts": dict.fromkeys(NAMES, address),
                "parameters": {"confirmations": 2},
            }
        )
    )
    found = selectors.verification_of_file(b"%PDF-1.7 nonsense")
    assert found.findings.verdict == "refused"
    assert found.current is None
    assert found.editions == ()
    assert selectors.verification_of_id("CTC-2026-000042-45") is None
