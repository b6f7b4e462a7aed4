"""What is signed: EIP-712 digests of structs whose fields are all static."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from cloudtuner.errors import ProofError

from .abi import encode
from .hexes import normal_address
from .keccak import keccak

NAME = "CloudTuner"
VERSION = "1"

_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


@dataclass(frozen=True)
class Domain:
    """Where a signature counts: one contract on one chain."""

    chain_id: int
    verifying_contract: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "verifying_contract", normal_address(self.verifying_contract, field="verifying contract"))

    @cached_property
    def separator(self) -> bytes:
        """The domain separator, as the contract has it."""
        values = [keccak(_DOMAIN_TYPE.encode()), keccak(NAME.encode()), keccak(VERSION.encode()), self.chain_id]
        return keccak(encode(["bytes32", "bytes32", "bytes32", "uint256", "address"], [*values, self.verifying_contract]))


@cache
def fields_of(struct: str) -> tuple[tuple[str, str], ...]:
    """The (type, name) pairs of a struct text such as `Vote(uint64 epoch,bytes32 root)`."""
    name, _, rest = struct.partition("(")
    if not name or not rest.endswith(")"):
        raise ProofError(f"not a struct text: {struct!r}.", code="eip712.invalid")
    pairs = [tuple(part.split(" ")) for part in rest[:-1].split(",")]
    return tuple((kind, field) for kind, field in pairs)


def struct_hash(struct: str, values: Sequence[Any]) -> bytes:
    """The hash of one struct's values, given in the order of its text."""
    kinds = [kind for kind, _ in fields_of(struct)]
    if "string" in kinds or "bytes" in kinds:
        raise ProofError("signed structs hold static fields only.", code="eip712.invalid")
    return keccak(keccak(struct.encode()) + encode(kinds, values))


def digest(domain: Domain, struct: str, values: Sequence[Any]) -> bytes:
    """The 32 bytes that are signed."""
    return keccak(b"\x19\x01" + domain.separator + struct_hash(struct, values))
