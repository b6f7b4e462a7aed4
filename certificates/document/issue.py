"""One certificate from a registered claim and its receipt proof: payload, credential, pages, seal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certificates.document.credential import credential
from certificates.document.issuer import Issuer
from certificates.document.payload import Issue, Payload, ReceiptFacts, payload_from
from certificates.document.render import Attachments, render
from certificates.document.seal import seal
from cloudtuner.errors import ProofError
from emissions.poce.canonical import jcs
from emissions.poce.claim import claim_hash, read_claim
from emissions.poce.receipt import retired_event, verify_receipt_proof


@dataclass(frozen=True, slots=True)
class SealedCertificate:
    """The sealed PDF and what the public register keeps of it."""

    pdf: bytes
    pdf_sha256: str
    unsealed_sha256: str
    credential: bytes
    payload: Payload


def payload_of(claim: bytes, proof: Mapping[str, Any], *, issue: Issue) -> Payload:
    """The payload, after the proof was walked and found to carry this very claim.

    Raises ProofError: nothing is ever printed about a burn that the proof does not show.
    """
    read = read_claim(claim)
    proved = verify_receipt_proof(proof)
    event = retired_event(proved.log, read["chain"]["retirement"])
    digest = claim_hash(claim)
    if event.claim_hash != digest:
        raise ProofError("the event carries the hash of another claim", code="claim.hash_mismatch", where=proved.tx_hash)
    if event.amount_ug != int(read["quantity_ug"]):
        raise ProofError(
            "the event burned another amount than the claim names", code="claim.amount_mismatch", where=proved.tx_hash
        )
    receipt = ReceiptFacts(
        tx_hash=proved.tx_hash,
        block_hash=proved.block_hash,
        block_number=proved.block_number,
        block_time=proved.timestamp,
        log_index=proved.log_index,
        retirement_id=event.id,
    )
    return payload_from(read, claim_hash=digest, receipt=receipt, issue=issue)


def issue_certificate(
    claim: bytes, proof: Mapping[str, Any], *, issuer: Issuer, registry_url: str, language: str = "en"
) -> SealedCertificate:
    """A sealed certificate. `claim` is the registered claim's JCS bytes, `proof` as docs/protocol.md §9."""
    issue = Issue(
        issuer_name=issuer.name,
        issuer_did=issuer.did,
        seal_label=issuer.label if issuer.is_test else "",
        registry_url=registry_url,
        language=language,
    )
    payload = payload_of(claim, proof, issue=issue)
    proved = jcs(credential(payload, issuer))
    unsealed = render(payload, Attachments(claim=claim, receipt_proof=jcs(dict(proof)), credential=proved))
    pdf = seal(unsealed, issuer)
    return SealedCertificate(
        pdf=pdf,
        pdf_sha256="0x" + hashlib.sha256(pdf).hexdigest(),
        unsealed_sha256="0x" + hashlib.sha256(unsealed).hexdigest(),
        credential=proved,
        payload=payload,
    )
