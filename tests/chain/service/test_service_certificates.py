"""Certificates on a real chain: one for each receipt, none before finality, revoked when the block goes."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.conf import settings
from django.test import Client

from cloudtuner import clock
from cloudtuner.errors import ServiceError

pytestmark = pytest.mark.chain


@pytest.fixture
def issued_world(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A world with 4,000 µg in the wallet and places for issuer and files."""
    monkeypatch.setattr(settings, "ISSUER_DIR", str(world.folder / "issuer"))
    monkeypatch.setattr(settings, "OBJECT_STORE_URL", f"file://{world.folder / 'store'}")
    node = world.node()
    world.report(node, {0: 1_500, 1: 2_500})
    world.run_until_paid(4_000)
    return world


def _tick() -> None:
    from certificates.tasks import certificates_tick

    certificates_tick()


def _rows(world: Any, slug: str = "aravali") -> list[Any]:
    from certificates.models import Certificate

    with world.inside(slug):
        return list(Certificate.objects.order_by("edition"))


def _attachment(pdf: bytes, name: str) -> Any:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return json.loads(next(spec for spec in opened.Root.AF if str(spec.UF) == name).EF.F.read_bytes())


def test_certificate__final_retirement__is_issued_once_and_valid_everywhere(issued_world: Any) -> None:
    from certificates import selectors
    from certificates.register.models import CertificateIndex
    from certificates.services import certificate_issue
    from certificates.verify import verify
    from tokens.models import Retirement

    world = issued_world
    retired = world.retire(2_000)
    with world.inside(), pytest.raises(ServiceError) as early:
        certificate_issue(retirement_id=retired.pk)
    assert early.value.code == "retirement.not_final"
    _tick()
    assert not _rows(world)
    world.run_until_final(retired)
    for _ in range(3):
        _tick()
    (row,) = _rows(world)
    assert (row.state, row.edition, row.quantity_ug, row.level) == ("ISSUED", 1, 2_000, "A0")
    with world.inside():
        again = certificate_issue(retirement_id=retired.pk)
        detail = selectors.certificate(row.certificate_id)
        name, pdf = selectors.certificate_pdf(row.pk)
        assert Retirement.objects.get(pk=retired.pk).certified_block_hash == row.block_hash
    assert again.pk == row.pk
    assert (name, "0x" + hashlib.sha256(pdf).hexdigest()) == (f"{row.certificate_id}.pdf", row.pdf_sha256)
    assert detail.tx_hash == _tx(world, retired)
    claim, proof = _attachment(pdf, "claim.json"), _attachment(pdf, "receipt-proof.json")
    assert claim["quantity_ug"] == "2000"
    assert [(lot["ug"], lot["first_hour_ug"], lot["last_hour_ug"]) for lot in claim["lots"]] == [("2000", "1500", "500")]
    assert proof["block_hash"] == row.block_hash
    (index,) = CertificateIndex.objects.all()
    assert (index.status, index.pdf_sha256, index.edition) == ("valid", row.pdf_sha256, 1)
    assert index.organization == world.organizations["aravali"].uuid

    findings = selectors.findings_of(pdf)
    assert {check.id: check.state for check in findings.checks if check.state != "pass"} == {"V15": "not_checked"}
    assert findings.sentence == "Valid."
    from certificates import authority

    assert verify(pdf, authority.trust()).verdict == "valid"


def _tx(world: Any, retired: Any) -> str:
    from tokens.models import Retirement

    with world.inside():
        return Retirement.objects.get(pk=retired.pk).tx_hash


def test_certificate__several_workers_at_once__make_one(issued_world: Any, at_once: Any) -> None:
    from certificates.services import certificate_issue

    world = issued_world
    retired = world.retire(1_000)
    world.run_until_final(retired)

    def issue(_: int) -> str:
        with world.inside():
            return certificate_issue(retirement_id=retired.pk).pdf_sha256

    made = at_once(issue, range(3))
    (row,) = _rows(world)
    assert set(made) == {row.pdf_sha256}


@pytest.mark.chaos
def test_certificate__block_lost_after_final__is_revoked_and_followed_by_the_new_receipt(issued_world: Any) -> None:
    from certificates import selectors
    from certificates.register.selectors import public_record

    world = issued_world
    retired = world.retire(1_000)
    world.run_until_final(retired)
    _tick()
    (first,) = _rows(world)
    with world.inside():
        _, old_pdf = selectors.certificate_pdf(first.pk)
    world.network.mine(1)
    world.tick()
    depth = world.network.client.block_number() - first.payload["receipt"]["block_number"] + 1
    world.network.anvil.reorg(depth)
    world.tick()
    _tick()
    (lost,) = _rows(world)
    assert (lost.state, lost.reason) == ("REVOKED", "reorged")
    record = public_record(first.certificate_id)
    assert record is not None
    assert (record["status"], record["reason"]) == ("revoked", "reorged")
    refused = selectors.findings_of(old_pdf)
    assert refused.verdict == "refused"
    assert refused.check("V13").code == "registry.revoked"
    assert refused.check("V10").code == "chain.not_canonical"

    world.run_until_final(retired)
    _tick()
    _tick()
    lost, new = _rows(world)
    assert (lost.state, new.state, new.edition) == ("REVOKED", "ISSUED", 2)
    assert new.certificate_id == lost.certificate_id
    assert new.claim_hash == lost.claim_hash
    assert new.block_hash != lost.block_hash
    record = public_record(first.certificate_id)
    assert record is not None
    assert (record["status"], record["edition"]) == ("valid", 2)
    assert record["editions"][0]["superseded_by"] == 2
    with world.inside():
        _, new_pdf = selectors.certificate_pdf(first.certificate_id)
    assert selectors.findings_of(new_pdf).verdict == "valid"
    assert "edition 2 took its place" in selectors.findings_of(old_pdf).check("V13").message
    assert world.network.contracts.retired_ug() == 1_000


def test_certificate__chain_away_while_made__is_failed_and_made_later(issued_world: Any, monkeypatch: Any) -> None:
    from certificates import selectors
    from certificates.models import Certificate
    from certificates.services import certificate_issue
    from cloudtuner.errors import ChainError

    world = issued_world
    retired = world.retire(1_000)
    world.run_until_final(retired)
    with monkeypatch.context() as away:
        away.setattr(settings, "RPC_URL", "http://127.0.0.1:9")
        with world.inside(), pytest.raises(ChainError):
            certificate_issue(retirement_id=retired.pk)
    (row,) = _rows(world)
    assert (row.state, row.attempts) == ("FAILED", 1)
    assert row.next_try_at > row.created_at
    assert row.error_code.startswith("chain.")
    with world.inside():
        # The worker does not try again at once, but later and later.
        Certificate.objects.update(next_try_at=clock.now() + timedelta(seconds=30))
    _tick()
    assert [row.attempts for row in _rows(world)] == [1]
    with world.inside():
        Certificate.objects.update(next_try_at=clock.now())
    _tick()
    (row,) = _rows(world)
    assert (row.state, row.attempts, row.error) == ("ISSUED", 2, "")
    with monkeypatch.context() as away:
        away.setattr(settings, "RPC_URL", "http://127.0.0.1:9")
        found = selectors.verification_of_id(row.certificate_id)
    assert found is not None
    assert found.findings.verdict == "unknown"
    assert "issued_for" not in found.findings.facts


def test_certificate__another_organisation__sees_and_downloads_nothing(issued_world: Any) -> None:
    from certificates import selectors

    world = issued_world
    retired = world.retire(1_000)
    world.run_until_final(retired)
    _tick()
    (row,) = _rows(world)
    assert not _rows(world, "birch")
    with world.inside("birch"):
        assert selectors.certificates() == []
        assert selectors.certificate_of_retirement(retired.pk) is None
        for key in (row.pk, row.certificate_id):
            with pytest.raises(ServiceError):
                selectors.certificate_pdf(key)
    paths = (f"/api/v1/certificates/{row.certificate_id}", f"/api/v1/certificates/{row.certificate_id}/pdf")
    for slug, status in (("aravali", 200), ("birch", 404)):
        browser = Client(headers={"host": f"{slug}.cloudtuner.localhost"})
        browser.force_login(world.owners[slug])
        assert len(browser.get("/api/v1/certificates").json()["results"]) == (1 if status == 200 else 0)
        for path in paths:
            assert browser.get(path).status_code == status, (slug, path)
    told = Client(headers={"host": "cloudtuner.localhost"}).get(f"/verify/{row.certificate_id}.json")
    assert told.status_code == 200
    assert "Aravali" not in told.content.decode()
    assert told.json()["quantity_ug"] == "1000"
    assert told["Cache-Control"] == "no-cache"


def test_certificate__revoked_by_a_person__is_revoked_for_everybody(issued_world: Any) -> None:
    from accounts.models import AuditEntry
    from certificates.register.selectors import public_record
    from certificates.services import certificate_revoke

    world = issued_world
    retired = world.retire(1_000)
    world.run_until_final(retired)
    _tick()
    (row,) = _rows(world)
    with world.inside():
        with pytest.raises(ServiceError) as refused:
            certificate_revoke(certificate_id=row.pk, reason="  ", actor=world.owner)
        assert refused.value.code == "certificate.reason_missing"
        for _ in range(2):
            certificate_revoke(certificate_id=row.pk, reason="issued in error", actor=world.owner)
    record = public_record(row.certificate_id)
    assert record is not None
    assert (record["status"], record["reason"]) == ("revoked", "issued in error")
    assert AuditEntry.objects.filter(action="certificate.revoke").count() == 1
    _tick()
    assert len(_rows(world)) == 1
