"""What the public verify page answers: whatever is typed, and whatever file comes under a known number."""

from __future__ import annotations

import io

import pytest

from certificates.register.models import CertificateIndex
from certificates.selectors import PublicVerification
from certificates.verify.findings import Check, Findings
from certificates.views.verify import _answer


@pytest.mark.parametrize("asked", ["é", "CTC-２０２６", "١٢٣", "../..", "%0d%0a"])
def test_start__number_with_strange_signs__leads_to_a_page_and_no_error(public_client, asked):
    answer = public_client.get("/verify/", {"id": asked}, follow=True)
    assert answer.status_code == 404
    assert "No certificate has the number" in answer.content.decode()


def _found(status: str, register: Check) -> PublicVerification:
    edition = CertificateIndex(certificate_id="CTC-2026-000042-45", status=status, reason="reorged")
    checks = (register, Check("V4", "fail", "sealed by a stranger", "seal.other_issuer"))
    return PublicVerification("CTC-2026-000042-45", edition, (edition,), Findings(checks))


@pytest.mark.parametrize(("status", "title"), [("revoked", "Revoked"), ("superseded", "Valid when issued, superseded")])
def test_answer__file_of_the_register__tells_what_it_is_worth(status, title):
    assert _answer(_found(status, Check("V2", "pass", "it is registered")))["title"] == title


@pytest.mark.parametrize("status", ["revoked", "superseded"])
def test_answer__forged_file_under_a_withdrawn_number__is_refused_and_was_never_valid(status):
    other = Check("V2", "fail", "the register holds another file under this identifier", "registry.other_file")
    assert _answer(_found(status, other))["title"] == "Refused"


def test_checks__more_than_a_person_makes__wait_whatever_address_they_claim(public_client):
    codes = [
        public_client.get(f"/verify/CTC-2026-0000{place}-45", headers={"x-forwarded-for": f"203.0.113.{place}"}).status_code
        for place in range(10, 44)
    ]
    assert codes == [404] * 30 + [429] * 4
    answer = public_client.post("/verify/", {"pdf": io.BytesIO(b"%PDF-1.7")})
    assert answer.status_code == 429
    assert "Wait" in answer.content.decode()
    assert public_client.get("/verify/").status_code == 200
