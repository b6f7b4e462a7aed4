"""Making a retirement's certificate, exactly once for each receipt."""

from __future__ import annotations

import logging
import uuid
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.selectors import current_organization
from certificates import authority
from certificates.document.payload import level_text
from certificates.models import Certificate, State
from certificates.models.certificates import LIVE
from certificates.register.services import edition_add
from certificates.services.withdrawing import REORGED, lock_key, withdraw
from cloudtuner import clock, locks
from cloudtuner.errors import CloudTunerError, ServiceError
from emissions.poce.claim import claim_hash, read_claim
from tokens.models import Retirement, RetirementState
from tokens.network.connection import client
from tokens.services.retiring import retirement_mark_certified

logger = logging.getLogger(__name__)

LONGEST_WAIT_S = 300
"""Between two attempts of the worker: each failure doubles the wait up to this."""


def certificate_issue(*, retirement_id: uuid.UUID | str, language: str = "en") -> Certificate:
    """The live certificate of a final retirement: made if there is none for its receipt, else the one there is.

    The receipt proof is taken by the hash of the block that became final. A certificate of another block of the same
    retirement is revoked with reason `reorged` in the same transaction. Two callers at once make one certificate.

    Raises ServiceError `retirement.not_final`; a chain or rendering error marks the row FAILED and is raised: the same
    call can succeed later.
    """
    row, claim = _queue(retirement_id, language)
    if row.state == State.ISSUED:
        return row
    try:
        return _make(row, claim)
    except CloudTunerError as error:
        wait = timedelta(seconds=min(2**row.attempts, LONGEST_WAIT_S))
        Certificate.objects.filter(pk=row.pk, state__in=(State.QUEUED, State.FAILED)).update(
            state=State.FAILED, error_code=error.code, error=str(error)[:2000], next_try_at=clock.now() + wait
        )
        raise


def _final(retirement_id: uuid.UUID | str) -> Retirement:
    found = Retirement.objects.filter(pk=retirement_id).first()
    if found is None:
        raise ServiceError("there is no such retirement", code="retirement.unknown", hint="Open it from the list.")
    if found.state != RetirementState.FINAL or not found.final_block_hash:
        raise ServiceError(
            "a certificate needs a final retirement",
            code="retirement.not_final",
            where=str(found.pk),
            hint="It is made by itself once the block has its confirmations.",
        )
    return found


def _queue(retirement_id: uuid.UUID | str, language: str) -> tuple[Certificate, bytes]:
    """The row to fill, with the certificate of a lost block already out of force; one more attempt is counted."""
    with transaction.atomic():
        retirement = _final(retirement_id)
        locks.acquire(lock_key(retirement.pk))
        retirement.refresh_from_db()
        retirement = _final(retirement.pk)
        claim_bytes = bytes(retirement.claim)
        live = Certificate.objects.filter(retirement=retirement.pk, state__in=LIVE).first()
        if live is not None and live.state == State.ISSUED:
            if live.block_hash == retirement.final_block_hash:
                return live, claim_bytes
            withdraw(live, reason=REORGED)
            live = None
        if live is None:
            live = _new_row(retirement, claim_bytes, language)
        live.block_hash, live.attempts = retirement.final_block_hash, live.attempts + 1
        live.save(update_fields=["block_hash", "attempts"])
        return live, claim_bytes


def _new_row(retirement: Retirement, claim_bytes: bytes, language: str) -> Certificate:
    claim = read_claim(claim_bytes)
    editions = Certificate.objects.filter(certificate_id=claim["certificate_id"]).count()
    return Certificate.objects.create(
        retirement=retirement.pk,
        certificate_id=claim["certificate_id"],
        edition=editions + 1,
        certificate_class=claim["class"],
        level=level_text(claim["level"]),
        holder=claim["issued_for"]["legal_name"][:200],
        beneficiary=claim["beneficiary"]["legal_name"][:200],
        label=claim["period"]["label"][:120],
        hour_from=claim["period"]["hour_from"],
        hour_through=claim["period"]["hour_through"],
        quantity_ug=int(claim["quantity_ug"]),
        claim_hash=claim_hash(claim_bytes),
        block_hash=retirement.final_block_hash,
        language=language,
        created_at=clock.now(),
    )


def _proof(retirement: Retirement) -> dict[str, Any]:
    """The receipt proof, of the final block and no other."""
    # tokens.chain.proof loads late with web3 behind it.
    from tokens.chain.proof import receipt_proof

    assert retirement.log_index is not None
    proof = receipt_proof(client(), retirement.tx_hash, retirement.log_index)
    if proof["block_hash"] != retirement.final_block_hash:
        raise MovedError(
            f"the receipt is now in block {proof['block_hash']}",
            where=retirement.tx_hash,
            hint="It is looked at again when the index has followed.",
        )
    return proof


class MovedError(ServiceError):
    """The chain holds the receipt in another block than the index; the index will follow."""

    code = "certificate.receipt_moved"
    retryable = True


def _make(row: Certificate, claim_bytes: bytes) -> Certificate:
    """Proof, pages, seal, file; then row, register and retirement in one transaction."""
    # certificates.document.issue loads late: WeasyPrint and pyHanko come with it.
    from certificates.document.issue import issue_certificate

    retirement = _final(row.retirement)
    sealed = issue_certificate(
        claim_bytes,
        _proof(retirement),
        issuer=authority.issuer(),
        registry_url=authority.registry_url(),
        language=row.language,
    )
    # A file without a row costs some disk; a row without its file would be a promise that is not kept.
    authority.store().put_bytes(sealed.pdf)
    with transaction.atomic():
        locks.acquire(lock_key(row.retirement))
        row.refresh_from_db()
        if row.state == State.ISSUED:
            return row
        retirement = _final(row.retirement)
        if retirement.final_block_hash != sealed.payload.receipt.block_hash or row.state not in (State.QUEUED, State.FAILED):
            raise MovedError("the retirement's block changed while its certificate was made", where=str(row))
        _record(row, sealed, retirement)
    logger.info("certificate issued", extra={"certificate": row.certificate_id, "tx_hash": retirement.tx_hash})
    return row


def _record(row: Certificate, sealed: Any, retirement: Retirement) -> None:
    payload, receipt = sealed.payload, sealed.payload.receipt
    row.state, row.issued_at = State.ISSUED, clock.now()
    row.level, row.block_hash = payload.level, receipt.block_hash
    row.pdf_sha256, row.unsealed_sha256, row.pdf_bytes = sealed.pdf_sha256, sealed.unsealed_sha256, len(sealed.pdf)
    row.payload = {"receipt": {**asdict(receipt), "retirement_id": str(receipt.retirement_id)}, "chain_id": payload.chain_id}
    row.error_code = row.error = ""
    row.save()
    organization = current_organization()
    edition_add(
        certificate_id=row.certificate_id,
        organization=organization.uuid,
        retirement=row.retirement,
        certificate_class=row.certificate_class,
        level=payload.level,
        quantity_ug=row.quantity_ug,
        claim_hash=row.claim_hash,
        pdf_sha256=row.pdf_sha256,
        chain_id=payload.chain_id,
        retirement_id=receipt.retirement_id,
        block_hash=receipt.block_hash,
        block_number=receipt.block_number,
        tx_hash=receipt.tx_hash,
        log_index=receipt.log_index,
    )
    retirement_mark_certified(retirement_id=retirement.pk, block_hash=receipt.block_hash)
    audit.record(
        organization=organization,
        actor=None,
        action="certificate.issue",
        target=row.certificate_id,
        details={"edition": str(row.edition), "pdf_sha256": row.pdf_sha256, "block_hash": receipt.block_hash},
    )
