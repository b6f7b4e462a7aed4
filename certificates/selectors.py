"""What pages show of certificates: an organisation's own list, one with its editions, its file, and what verifying says."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from certificates import authority
from certificates.models import Certificate, State
from certificates.register.models import CertificateIndex
from certificates.register.selectors import current_edition, edition_of_file, editions_of, public_record
from certificates.verify.findings import Findings
from cloudtuner import units
from cloudtuner.errors import ServiceError
from emissions.poce.claim import read_claim
from tokens.models import Retirement


@dataclass(frozen=True)
class CertificateRow:
    """A certificate as the list shows it."""

    id: uuid.UUID
    certificate_id: str
    edition: int
    state: str
    state_label: str
    reason: str
    certificate_class: str
    level: str
    holder: str
    beneficiary: str
    label: str
    hour_from: int
    hour_through: int
    quantity_ug: int
    retirement: uuid.UUID
    created_at: datetime
    issued_at: datetime | None
    pdf_sha256: str
    pdf_bytes: int
    error: str

    @property
    def quantity(self) -> str:
        """Kilograms with unit, three decimals."""
        return units.kg_text(self.quantity_ug)

    @property
    def can_download(self) -> bool:
        return bool(self.pdf_sha256)


@dataclass(frozen=True)
class CertificateDetail:
    """One certificate, what its claim says beside the quantity, where it stands on chain, and every edition of it."""

    row: CertificateRow
    low_ug: int
    high_ug: int
    purpose: str
    approval: str
    agreed: int
    asked: int
    claim_hash: str
    block_hash: str
    block_number: int | None
    tx_hash: str
    chain_id: int | None
    retirement_id: str
    verify_url: str
    editions: tuple[CertificateRow, ...]


@dataclass(frozen=True)
class PublicVerification:
    """What anybody sees for an identifier or a file: the register's entries and the fifteen checks."""

    certificate_id: str
    current: CertificateIndex | None
    editions: tuple[CertificateIndex, ...]
    findings: Findings


def certificates() -> list[CertificateRow]:
    """The open organisation's certificates, newest first; editions that lost their block are listed too."""
    return [row_of(one) for one in certificates_of()]


def certificates_of(state: str = "") -> QuerySet[Certificate]:
    """The same to be read in pages, of one state or of all."""
    return Certificate.objects.filter(state=state) if state else Certificate.objects.all()


def certificate(certificate_id: uuid.UUID | str) -> CertificateDetail:
    """One of the open organisation's certificates, by its row or its printed identifier (then the edition that counts).

    Raises ServiceError `certificate.unknown`.
    """
    found = _find(certificate_id)
    receipt = found.payload.get("receipt", {})
    editions = Certificate.objects.filter(certificate_id=found.certificate_id).order_by("edition")
    claim = read_claim(bytes(Retirement.objects.values_list("claim", flat=True).get(pk=found.retirement)))
    return CertificateDetail(
        row=row_of(found),
        low_ug=int(claim["emissions"]["low_ug"]),
        high_ug=int(claim["emissions"]["high_ug"]),
        purpose=claim["purpose"],
        approval=claim["approval"],
        agreed=claim["validators"]["agreed"],
        asked=claim["validators"]["of"],
        claim_hash=found.claim_hash,
        block_hash=found.block_hash,
        block_number=receipt.get("block_number"),
        tx_hash=receipt.get("tx_hash", ""),
        chain_id=found.payload.get("chain_id"),
        retirement_id=receipt.get("retirement_id", ""),
        verify_url=f"{authority.registry_url()}/verify/{found.certificate_id}",
        editions=tuple(row_of(one) for one in editions),
    )


def certificate_of_retirement(retirement_id: uuid.UUID | str) -> CertificateRow | None:
    """The newest certificate of a retirement, whatever its state; None while there is none."""
    found = Certificate.objects.filter(retirement=retirement_id).order_by("-edition").first()
    return row_of(found) if found else None


def certificate_pdf(certificate_id: uuid.UUID | str) -> tuple[str, bytes]:
    """File name and bytes of a certificate's PDF. Raises ServiceError `certificate.unknown` or `certificate.no_file`."""
    found = _find(certificate_id)
    if not found.pdf_sha256:
        raise ServiceError(
            "this certificate has no file yet", code="certificate.no_file", hint="It is made within seconds; reload."
        )
    return f"{found.certificate_id}.pdf", authority.store().read(found.pdf_sha256.removeprefix("0x"))


def verification_of_id(certificate_id: str) -> PublicVerification | None:
    """What the register and the checks say of an identifier; None when it names nothing. No names are shown for an id."""
    current = current_edition(certificate_id)
    if current is None:
        return None
    pdf = authority.store().read(current.pdf_sha256.removeprefix("0x"))
    findings = findings_of(pdf)
    facts = {name: value for name, value in findings.facts.items() if name != "issued_for"}
    return PublicVerification(
        certificate_id=current.certificate_id,
        current=current,
        editions=tuple(editions_of(current.certificate_id)),
        findings=replace(findings, facts=facts),
    )


def verification_of_file(pdf: bytes) -> PublicVerification:
    """What the register and the checks say of a file that somebody holds."""
    found = edition_of_file("0x" + hashlib.sha256(pdf).hexdigest())
    findings = findings_of(pdf)
    certificate_id = findings.facts.get("certificate_id", "")
    return PublicVerification(
        certificate_id=certificate_id,
        current=found or current_edition(certificate_id),
        editions=tuple(editions_of(certificate_id)),
        findings=findings,
    )


def findings_of(pdf: bytes) -> Findings:
    """The fifteen checks, with this service's own trust, register and chain endpoint."""
    # certificates.verify.run loads late: the PDF reader comes with it.
    from certificates.verify.run import verify

    return verify(pdf, authority.trust(), settings.RPC_URL or None, registry=public_record)


def row_of(found: Certificate) -> CertificateRow:
    """A certificate as the list shows it."""
    return CertificateRow(
        id=found.id,
        certificate_id=found.certificate_id,
        edition=found.edition,
        state=found.state,
        state_label=State(found.state).label,
        reason=found.reason,
        certificate_class=found.certificate_class,
        level=found.level,
        holder=found.holder,
        beneficiary=found.beneficiary,
        label=found.label,
        hour_from=found.hour_from,
        hour_through=found.hour_through,
        quantity_ug=found.quantity_ug,
        retirement=found.retirement,
        created_at=found.created_at,
        issued_at=found.issued_at,
        pdf_sha256=found.pdf_sha256,
        pdf_bytes=found.pdf_bytes,
        error=found.error,
    )


def _find(certificate_id: uuid.UUID | str) -> Certificate:
    found: Certificate | None
    try:
        found = Certificate.objects.filter(pk=uuid.UUID(str(certificate_id))).first()
    except ValueError:
        editions = Certificate.objects.filter(certificate_id=str(certificate_id))
        found = editions.filter(state=State.ISSUED).first() or editions.order_by("-edition").first()
    if found is None:
        raise ServiceError("there is no such certificate", code="certificate.unknown", hint="Open it from the list.")
    return found
