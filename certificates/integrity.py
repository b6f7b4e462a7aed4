"""The Data Integrity proof of a credential: cryptosuite eddsa-jcs-2022 (W3C, VC Data Integrity EdDSA 1.0, §3.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import rfc8785

from certificates import didkey
from cloudtuner.errors import ProofError

SUITE = "eddsa-jcs-2022"


def _digest(document: Mapping[str, Any], options: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(rfc8785.dumps(dict(options))).digest() + hashlib.sha256(rfc8785.dumps(dict(document))).digest()


def add_proof(document: Mapping[str, Any], *, did: str, created: str, sign: Callable[[bytes], bytes]) -> dict[str, Any]:
    """The document with a proof by the key of `did`; `sign` makes the 64 signature bytes (§3.3.1)."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": didkey.method_of(did),
        "proofPurpose": "assertionMethod",
        "@context": document["@context"],
    }
    signature = sign(_digest(document, options))
    return {**document, "proof": {**options, "proofValue": "z" + didkey.base58_encode(signature)}}


def check_proof(secured: Mapping[str, Any], *, did: str) -> None:
    """Raises ProofError unless the proof holds and was made by the key of `did` (§3.3.2).

    The key is the caller's, never the one that the document names: `credential.other_key` when they differ.
    """
    proof = secured.get("proof")
    if not isinstance(proof, dict):
        raise ProofError("the credential carries no proof", code="credential.no_proof")
    if proof.get("type") != "DataIntegrityProof" or proof.get("cryptosuite") != SUITE:
        raise ProofError(f"the credential's proof is not of suite {SUITE}", code="credential.suite")
    if proof.get("proofPurpose") != "assertionMethod":
        raise ProofError("the credential's proof was made for another purpose", code="credential.purpose")
    if proof.get("verificationMethod") != didkey.method_of(did):
        raise ProofError("the credential was proved by another key than the trusted issuer's", code="credential.other_key")
    value = proof.get("proofValue")
    if not isinstance(value, str) or not value.startswith("z"):
        raise ProofError("the credential's proof value is not base58", code="credential.proof_value")
    document = {key: item for key, item in secured.items() if key != "proof"}
    options = {key: item for key, item in proof.items() if key != "proofValue"}
    if options.get("@context") != document.get("@context"):
        raise ProofError("the proof was made for another @context", code="credential.context")
    if not didkey.signature_holds(did, didkey.base58_decode(value[1:]), _digest(document, options)):
        raise ProofError("the credential was changed after it was proved", code="credential.changed")
