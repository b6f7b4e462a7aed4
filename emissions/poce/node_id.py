"""Who a node is without saying so: a keyed name for a usage account, and the registrar's word for it."""

from __future__ import annotations

import hmac
from dataclasses import astuple, dataclass

from cloudtuner.errors import ProofError

from .eip712 import Domain, digest
from .hexes import to_hex
from .keccak import keccak

PROVIDERS = ("aws", "azure", "gcp", "oci")
REGISTER_STRUCT = "RegisterNode(bytes32 node,bytes32 provider,address key,address wallet,uint64 firstHour)"


def node_id(network_key: bytes, provider: str, usage_account: str) -> str:
    """HMAC-SHA256 of provider and account under the network's key.

    A plain hash of a twelve-digit account id would be found by trying them all. The zero byte keeps
    ("aws", "x") and ("a", "wsx") apart.

    >>> node_id(bytes(32), "aws", "111122223333")[:10]
    '0xc9b4b412'
    """
    if len(network_key) != 32:
        raise ProofError(f"the network key has {len(network_key)} bytes, it needs 32.", code="node.network_key")
    if provider not in PROVIDERS or not usage_account or "\0" in usage_account:
        raise ProofError(f"no node for provider {provider!r}, account {usage_account!r}.", code="node.account")
    return to_hex(hmac.digest(network_key, provider.encode() + b"\0" + usage_account.encode(), "sha256"))


def provider_hash(provider: str) -> str:
    """How the registry names a provider: the keccak of its name.

    >>> provider_hash("aws")[:10]
    '0xe1a2ff87'
    """
    return to_hex(keccak(provider.encode()))


@dataclass(frozen=True)
class RegisterNode:
    """A node's registration as the registrar signs it; the domain's contract is NodeRegistry. `provider` is its hash."""

    node: str
    provider: str
    key: str
    wallet: str
    first_hour: int

    def digest(self, domain: Domain) -> bytes:
        return digest(domain, REGISTER_STRUCT, astuple(self))
