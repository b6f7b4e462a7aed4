"""Whom the verifier believes: the trust file (docs/protocol.md §10), and nothing that a PDF carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloudtuner.errors import ConfigurationError

CONTRACTS = ("ct02", "poce", "retirement", "node_registry")


@dataclass(frozen=True, slots=True)
class Trust:
    """The issuer's root and key, one chain by its genesis, and the contracts on it."""

    issuer_root_pem: str
    issuer_did_key: str
    chain_id: int
    genesis_hash: str
    confirmations: int
    contracts: Mapping[str, str] = field(default_factory=dict)
    registry_url: str = ""
    label: str = ""

    @property
    def is_test(self) -> bool:
        """Whether the issuer calls its own seal a test seal."""
        return "TEST" in self.label

    def to_json(self) -> dict[str, Any]:
        """The trust file."""
        return {
            "version": 1,
            "issuer_root_pem": self.issuer_root_pem,
            "issuer_did_key": self.issuer_did_key,
            "chain": {
                "id": self.chain_id,
                "genesis_hash": self.genesis_hash,
                "confirmations": self.confirmations,
                "contracts": dict(self.contracts),
            },
            "registry_url": self.registry_url,
            "label": self.label,
        }

    @classmethod
    def from_json(cls, data: object, *, where: str = "trust file") -> Trust:
        """The trust that a parsed trust file expresses. Raises ConfigurationError `trust.unreadable`."""
        try:
            if not isinstance(data, dict):
                raise TypeError("its outermost object")
            chain = data["chain"]
            contracts = {name: str(chain["contracts"][name]).lower() for name in CONTRACTS}
            if data["version"] != 1:
                raise ConfigurationError("it is of another version than 1", code="trust.unreadable", where=where)
            return cls(
                issuer_root_pem=str(data["issuer_root_pem"]),
                issuer_did_key=str(data["issuer_did_key"]),
                chain_id=int(chain["id"]),
                genesis_hash=str(chain["genesis_hash"]).lower(),
                confirmations=int(chain["confirmations"]),
                contracts=contracts,
                registry_url=str(data.get("registry_url", "")),
                label=str(data.get("label", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"it lacks or garbles {error}",
                code="trust.unreadable",
                where=where,
                hint="Take the trust file from the issuer again.",
            ) from error

    @classmethod
    def load(cls, path: Path) -> Trust:
        """Reads a trust file. Raises ConfigurationError `trust.unreadable`."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"cannot be read: {error}",
                code="trust.unreadable",
                where=str(path),
                hint="Name the issuer's trust file with --trust.",
            ) from error
        return cls.from_json(data, where=str(path))
