"""What anybody may know of a certificate by its identifier: class, quantity, status; never a name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef

from certificates import identifier
from certificates.register.models import CertificateIndex, Status
from cloudtuner import units
from cloudtuner.errors import ProofError
from tokens.network.models import ChainEvent, RegisteredClaim


def editions_of(certificate_id: str) -> list[CertificateIndex]:
    """Every edition under an identifier as people type it, oldest first; none when it is unknown or mistyped."""
    try:
        wanted = str(identifier.parse(certificate_id))
    except ProofError:
        return []
    return list(CertificateIndex.objects.filter(certificate_id=wanted).order_by("edition"))


def current_edition(certificate_id: str) -> CertificateIndex | None:
    """The edition that counts: the valid one, else the newest."""
    editions = editions_of(certificate_id)
    return next((one for one in editions if one.status == Status.VALID), editions[-1] if editions else None)


def edition_of_file(pdf_sha256: str) -> CertificateIndex | None:
    """The edition whose file has this sha256 (0x and lower-case hex)."""
    return CertificateIndex.objects.filter(pdf_sha256=pdf_sha256).first()


def public_record(certificate_id: str) -> dict[str, Any] | None:
    """The record at `/verify/<certificate id>.json`, or None. What `cloudtuner-verify --rpc` reads for V2, V13, V14."""
    editions = editions_of(certificate_id)
    current = current_edition(certificate_id)
    if current is None:
        return None
    return {
        "version": 1,
        "certificate_id": current.certificate_id,
        "status": current.status,
        "reason": current.reason,
        "class": current.certificate_class,
        "level": current.level,
        "quantity_ug": str(current.quantity_ug),
        "quantity": f"{units.kg_text(current.quantity_ug)} CO2e",
        "claim_hash": current.claim_hash,
        "edition": current.edition,
        "pdf_sha256": current.pdf_sha256,
        "changed_at": max(one.changed_at for one in editions).isoformat().replace("+00:00", "Z"),
        "editions": [_edition(one) for one in editions],
    }


def _edition(one: CertificateIndex) -> dict[str, Any]:
    return {
        "edition": one.edition,
        "status": one.status,
        "reason": one.reason,
        "superseded_by": one.superseded_by,
        "pdf_sha256": one.pdf_sha256,
        "chain_id": one.chain_id,
        "retirement_id": str(one.retirement_id),
        "block_hash": one.block_hash,
        "block_number": one.block_number,
        "tx_hash": one.tx_hash,
        "log_index": one.log_index,
        "issued_at": one.issued_at.isoformat().replace("+00:00", "Z"),
    }


def organizations_with_work(*, chain_id: int, final_below: int) -> list[UUID]:
    """Ids of organisations that have a final retirement without a valid certificate, or one whose block is gone.

    From public rows alone, so that a tick costs two queries however many organisations there are.
    """
    retired = ChainEvent.objects.filter(name="Retired", block__chain_id=chain_id)
    valid = CertificateIndex.objects.filter(status=Status.VALID, chain_id=chain_id)
    waiting = RegisteredClaim.objects.filter(
        Exists(retired.filter(key=OuterRef("claim_hash"), block__number__lte=final_below)),
        ~Exists(valid.filter(claim_hash=OuterRef("claim_hash"))),
    )
    # Only a hint: the organisation's own rows decide, and an index that is being read anew says nothing about the chain.
    lost = valid.filter(~Exists(retired.filter(key=OuterRef("claim_hash"), block__block_hash=OuterRef("block_hash"))))
    found = set(waiting.values_list("organization", flat=True)) | set(lost.values_list("organization", flat=True))
    return sorted(found, key=str)
