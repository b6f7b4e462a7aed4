"""eddsa-jcs-2022 against the vector of the W3C recommendation, and against tampering."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from certificates import didkey
from certificates.integrity import add_proof, check_proof
from cloudtuner.errors import ProofError

W3C_DID = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
W3C_CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]
W3C_SECURED: dict[str, Any] = {
    "@context": W3C_CONTEXT,
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": f"{W3C_DID}#{W3C_DID.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
        "@context": W3C_CONTEXT,
        "proofValue": "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX",
    },
}


def test_proof__vector_of_the_recommendation__holds():
    check_proof(W3C_SECURED, did=W3C_DID)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("credentialSubject", "alumniOf"), "Another school", "credential.changed"),
        (("proof", "created"), "2024-02-24T23:36:38Z", "credential.changed"),
        (("proof", "@context"), ["https://www.w3.org/ns/credentials/v2"], "credential.context"),
        (("proof", "cryptosuite"), "eddsa-rdfc-2022", "credential.suite"),
        (("proof", "proofPurpose"), "authentication", "credential.purpose"),
        (("proof", "verificationMethod"), "did:key:z6MkOther#z6MkOther", "credential.other_key"),
        (("proof", "proofValue"), "uAAAA", "credential.proof_value"),
        (("proof", "proofValue"), "z0OIl", "did.base58"),
        (("proof",), None, "credential.no_proof"),
    ],
)
def test_proof__one_part_altered__is_refused_by_name(path, value, code):
    secured = copy.deepcopy(W3C_SECURED)
    place = secured
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    with pytest.raises(ProofError) as refused:
        check_proof(secured, did=W3C_DID)
    assert refused.value.code == code


def test_proof__own_key__round_trip():
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    did = didkey.did_of(key.public_key().public_bytes_raw())
    secured = add_proof({"@context": W3C_CONTEXT, "n": "1"}, did=did, created="2026-01-01T00:00:00Z", sign=key.sign)
    check_proof(secured, did=did)
    with pytest.raises(ProofError, match="another key"):
        check_proof(secured, did=W3C_DID)


@given(st.binary(max_size=40))
def test_base58__any_bytes__round_trip(data):
    assert didkey.base58_decode(didkey.base58_encode(data)) == data


@pytest.mark.parametrize(
    "did",
    [
        "did:web:example.org",
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        # A key for agreement instead of signatures, and one that is a byte short.
        "did:key:z" + didkey.base58_encode(b"\xec\x01" + bytes(32)),
        "did:key:z" + didkey.base58_encode(b"\xed\x01" + bytes(31)),
    ],
)
def test_did__of_another_kind__is_refused(did):
    with pytest.raises(ProofError) as refused:
        didkey.public_key_of(did)
    assert refused.value.code == "did.unsupported"
