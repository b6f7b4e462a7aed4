"""The trust file that goes with an issuer and a deployment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from certificates.document.issuer import Issuer
from certificates.verify.trust import CONTRACTS, Trust


def trust_of(
    issuer: Issuer,
    *,
    chain_id: int,
    genesis_hash: str,
    confirmations: int,
    contracts: Mapping[str, str],
    registry_url: str,
) -> Trust:
    """What a verifier has to believe in order to check this issuer's certificates of this deployment."""
    return Trust(
        issuer_root_pem=issuer.root_pem,
        issuer_did_key=issuer.did,
        chain_id=chain_id,
        genesis_hash=genesis_hash.lower(),
        confirmations=confirmations,
        contracts={name: contracts[name] for name in CONTRACTS},
        registry_url=registry_url.rstrip("/"),
        label=issuer.label,
    )


def write_trust_file(path: Path, trust: Trust) -> Path:
    """Writes the trust file whole: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(trust.to_json(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    part.replace(path)
    return path
