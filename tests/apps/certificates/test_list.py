"""An organisation's certificates for its programs: in pages, newest first, and nobody else's."""

from __future__ import annotations

import uuid
from datetime import timedelta

from certificates.models import Certificate
from cloudtuner import clock
from cloudtuner.tenancy import tenant_context


def certificates_made(tenant, count):
    """Rows as they stand while their files are being made; their identifiers, oldest first."""
    with tenant_context(tenant.schema):
        now = clock.now()
        made = [
            Certificate(
                retirement=uuid.uuid4(), certificate_id=f"CTC-2026-{number:06d}-00", certificate_class="R", level="A0",
                holder="Aravali", beneficiary="Aravali", label="FY 2025-26", hour_from=1, hour_through=2, quantity_ug=1,
                claim_hash="0x" + "1" * 64, block_hash="0x" + "2" * 64, created_at=now + timedelta(seconds=number),
            )
            for number in range(1, count + 1)
        ]  # fmt: skip
        Certificate.objects.bulk_create(made)
    return [one.certificate_id for one in made]


def test_certificates__more_than_a_page__are_read_page_by_page_newest_first(two_organizations):
    aravali, birch = two_organizations
    made = certificates_made(aravali, 5)
    browser = aravali.client()
    found, address = [], "/api/v1/certificates?page_size=2"
    while address:
        answer = browser.get(address).json()
        assert len(answer["results"]) <= 2
        found += [one["certificate_id"] for one in answer["results"]]
        address = answer["next"]
    assert found == made[::-1]
    assert browser.get("/api/v1/certificates?state=ISSUED").json()["results"] == []
    assert len(browser.get("/api/v1/certificates?state=QUEUED").json()["results"]) == 5
    assert birch.client().get("/api/v1/certificates").json()["results"] == []
