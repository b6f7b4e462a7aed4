"""The certificate once more, as a W3C Verifiable Credential 2.0 that the issuer's Ed25519 key proves."""

from __future__ import annotations

from typing import Any

from certificates.document.issuer import Issuer
from certificates.document.payload import Payload
from certificates.integrity import add_proof

CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2"]
KIND = "EmissionRecordRetirement"


def credential(payload: Payload, issuer: Issuer) -> dict[str, Any]:
    """The proved credential. Quantities are decimal strings; the subject is the account whose records were retired."""
    moment = payload.receipt.moment.isoformat().replace("+00:00", "Z")
    registry = f"{payload.issue.registry_url.rstrip('/')}/verify/{payload.certificate_id}.json"
    document = {
        "@context": CONTEXT,
        "id": f"urn:cloudtuner:{payload.certificate_id}:{payload.receipt.block_hash.removeprefix('0x')}",
        "type": ["VerifiableCredential", KIND],
        "issuer": {"id": issuer.did, "name": issuer.name},
        "validFrom": moment,
        "credentialStatus": {"id": registry, "type": "CloudTunerRegister"},
        "credentialSubject": {
            "id": f"did:pkh:eip155:{payload.chain_id}:{payload.account}",
            "certificateId": payload.certificate_id,
            "certificateClass": payload.certificate_class,
            "claimHash": payload.claim_hash,
            "quantityUg": str(payload.quantity_ug),
            "period": {"label": payload.period_label, "hourFrom": payload.hour_from, "hourThrough": payload.hour_through},
            "level": payload.level,
            "factorSet": payload.factor_set,
            "engine": payload.engine,
            "chainId": payload.chain_id,
            "retirement": payload.retirement,
            "retirementId": str(payload.receipt.retirement_id),
            "txHash": payload.receipt.tx_hash,
            "blockHash": payload.receipt.block_hash,
            "blockNumber": payload.receipt.block_number,
            "logIndex": payload.receipt.log_index,
        },
    }
    return add_proof(document, did=issuer.did, created=moment, sign=issuer.prove)
