"""A claim, a synthetic block whose receipts trie the `trie` package made, an issuer, and one sealed certificate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import rlp
from trie import HexaryTrie

from certificates.document.issue import SealedCertificate, issue_certificate
from certificates.document.issuer import Issuer, create_issuer
from certificates.document.trust import trust_of
from certificates.identifier import CertificateId
from certificates.verify.trust import Trust
from emissions.poce.claim import claim_bytes, claim_hash
from emissions.poce.hexes import checksum_address
from emissions.poce.keccak import keccak
from emissions.poce.receipt import RETIRED_TOPIC

CHAIN_ID = 31337
GENESIS = "0x" + "11" * 32
RETIREMENT = checksum_address(b"\x21" * 20)
CT02 = checksum_address(b"\x22" * 20)
ACCOUNT = checksum_address(b"\x31" * 20)
BENEFICIARY = checksum_address(b"\x32" * 20)
CONTRACTS = {
    "ct02": CT02,
    "poce": checksum_address(b"\x23" * 20),
    "retirement": RETIREMENT,
    "node_registry": checksum_address(b"\x24" * 20),
}
REGISTRY = "http://cloudtuner.localhost:8000"
BLOCK_TIME = 1_779_776_469
_FIRST = 484296


def make_claim(**changes: Any) -> dict[str, Any]:
    """A claim whose sums hold: 215,643.106 kg from two lots."""
    from emissions.grid.catalog import load_factor_set

    one, two = 104_011_220_000_000, 111_631_886_000_000
    whole = one + two
    claim: dict[str, Any] = {
        "schema": "cloudtuner.claim/1",
        "certificate_id": str(CertificateId(2026, 42)),
        "class": "R",
        "issued_for": {"legal_name": "Aravali Components Limited (fictional)", "identifiers": {"cin": "L29999RJ1994PLC000000"}},
        "beneficiary": {"legal_name": "Aravali Components Limited (fictional)", "address": BENEFICIARY},
        "account": ACCOUNT,
        "period": {"label": "FY 2025-26", "hour_from": _FIRST, "hour_through": 493055},
        "quantity_ug": str(whole),
        "lots": [
            {
                "node": "0x" + "9c" * 32,
                "epoch": 14,
                "leaf_hash": "0x" + "8e" * 32,
                "claim_tx": "0x" + "51" * 32,
                "hour_from": _FIRST,
                "hour_through": _FIRST + 4391,
                "first_hour_ug": "42000000",
                "last_hour_ug": "17123456789",
                "ug": str(one),
                "history_root": "0x" + "77" * 32,
            },
            {
                "node": "0x" + "41" * 32,
                "epoch": 15,
                "leaf_hash": "0x" + "8f" * 32,
                "claim_tx": "0x" + "52" * 32,
                "hour_from": _FIRST + 20,
                "hour_through": 493055,
                "first_hour_ug": "41000001",
                "last_hour_ug": "39000002",
                "ug": str(two),
                "history_root": "0x" + "78" * 32,
            },
        ],
        "emissions": {
            "operational_ug": "197428506000000",
            "embodied_ug": "18214600000000",
            "low_ug": "182000000000000",
            "high_ug": "301000000000000",
            "energy_uwh": "377801500000000",
            "by_region": [
                {"region": "ap-south-1", "ug": "157416653000000", "basis": "direct"},
                {"region": "us-east-1", "ug": "48724525000000", "basis": "direct"},
                {"region": "eu-north-1", "ug": str(whole - 157416653000000 - 48724525000000), "basis": "lifecycle"},
            ],
            "by_basis": {
                "direct_ug": str(157416653000000 + 48724525000000),
                "lifecycle_ug": str(whole - 157416653000000 - 48724525000000),
            },
        },
        "data_quality": {
            "measured_ug": "190000000000000",
            "estimated_ug": str(whole - 190000000000000 - 5000000000000),
            "proxy_ug": "5000000000000",
            "unknown_ug": "0",
        },
        "level": 1,
        "validators": {"agreed": 3, "of": 4},
        "factor_set": load_factor_set().id,
        "engine": "0x" + "ee" * 32,
        "method": "cloudtuner/1",
        "approval": "two-person",
        "purpose": "Annual report FY 2025-26",
        "chain": {"id": CHAIN_ID, "retirement": RETIREMENT, "ct02": CT02},
        "salt": "0x" + "5a" * 32,
    }
    claim.update(changes)
    return claim


def make_proof(
    claim: dict[str, Any],
    *,
    hash_of_claim: str | None = None,
    amount_ug: int | None = None,
    address: str = RETIREMENT,
    chain_id: int = CHAIN_ID,
    block_number: int = 18211,
    status: int = 1,
) -> dict[str, Any]:
    """A receipt proof of a `Retired` event among four transactions, by the `rlp` and `trie` packages."""

    def word(value: int) -> bytes:
        return value.to_bytes(32, "big")

    def padded(text: str) -> bytes:
        return bytes(12) + bytes.fromhex(text[2:])

    data = b"".join(
        (
            word(int(claim["quantity_ug"]) if amount_ug is None else amount_ug),
            word(claim["period"]["hour_from"]),
            word(claim["period"]["hour_through"]),
            bytes.fromhex((hash_of_claim or claim_hash(claim))[2:]),
        )
    )
    topics = [RETIRED_TOPIC, word(7), padded(claim["account"]), padded(claim["beneficiary"]["address"])]
    other = [b"\x44" * 20, [keccak(b"Transfer(address,address,uint256)")], word(1)]
    log = [bytes.fromhex(address[2:]), topics, data]
    trie = HexaryTrie({})
    for index in range(4):
        logs = [other, log] if index == 2 else [other]
        receipt = rlp.encode([status.to_bytes(1, "big") if status else b"", 21000 * (index + 1), bytes(256), logs])
        trie[rlp.encode(index)] = b"\x02" + receipt
    header = rlp.encode(
        [bytes(32), bytes(32), bytes(20), bytes(32), bytes(32), trie.root_hash, bytes(256), 0, block_number, 30_000_000, 84_000,
         BLOCK_TIME, b"", bytes(32), bytes(8), 7]
    )  # fmt: skip
    nodes = [rlp.encode(node) for node in trie.get_proof(rlp.encode(2))]
    return {
        "chain_id": chain_id,
        "block_hash": "0x" + keccak(header).hex(),
        "block_number": block_number,
        "header_rlp": "0x" + header.hex(),
        "tx_index": 2,
        "log_index": 1,
        "nodes": ["0x" + node.hex() for node in nodes],
        "tx_hash": "0x" + "ab" * 32,
    }


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return create_issuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture(scope="session")
def other_issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    return create_issuer(tmp_path_factory.mktemp("other"), name="Someone else")


@pytest.fixture(scope="session")
def trust(issuer: Issuer) -> Trust:
    return trust_of(issuer, chain_id=CHAIN_ID, genesis_hash=GENESIS, confirmations=2, contracts=CONTRACTS, registry_url=REGISTRY)


@pytest.fixture
def claim() -> dict[str, Any]:
    return make_claim()


@pytest.fixture(scope="session")
def claim_with() -> Callable[..., dict[str, Any]]:
    return make_claim


@pytest.fixture(scope="session")
def proof_of() -> Callable[..., dict[str, Any]]:
    return make_proof


@pytest.fixture(scope="session")
def certificate(issuer: Issuer) -> SealedCertificate:
    """One genuine certificate, made once a session."""
    claim = make_claim()
    return issue_certificate(claim_bytes(claim), make_proof(claim), issuer=issuer, registry_url=REGISTRY)


@pytest.fixture(scope="session")
def issue_with(issuer: Issuer) -> Callable[..., SealedCertificate]:
    """Issues with the genuine issuer and any claim or language."""

    def issue(claim: dict[str, Any], *, language: str = "en", by: Issuer = issuer) -> SealedCertificate:
        return issue_certificate(claim_bytes(claim), make_proof(claim), issuer=by, registry_url=REGISTRY, language=language)

    return issue


@pytest.fixture
def moment() -> datetime:
    return datetime.fromtimestamp(BLOCK_TIME, UTC)
