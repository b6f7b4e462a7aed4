"""What is signed: EIP-712 digests of structs whose fields are all static."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from functools import cache, cached_property
from typing import Any, ClassVar, Self

from cloudtuner.errors import ProofError

from .abi import encode
from .fields import Fields
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


@dataclass(frozen=True)
class SignedStruct:
    """A dataclass whose fields stand in the order of the struct that is signed; field names match but for case.

    In JSON whole numbers of more than 64 bits are decimal strings.
    """

    STRUCT: ClassVar[str]

    def values(self) -> tuple[Any, ...]:
        return astuple(self)

    def digest(self, domain: Domain) -> bytes:
        """What a vote signs."""
        return digest(domain, self.STRUCT, self.values())

    @classmethod
    def _kinds(cls) -> dict[str, str]:
        return dict(zip([field.name for field in fields(cls)], [kind for kind, _ in fields_of(cls.STRUCT)], strict=True))

    def to_json(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self._kinds()}
        return {name: str(told[name]) if kind in ("uint128", "uint256") else told[name] for name, kind in self._kinds().items()}

    @classmethod
    def from_json(cls, value: object, *, what: str = "header") -> Self:
        """Raises ProofError naming the field that is missing, unknown or out of its bounds."""
        kinds = cls._kinds()
        told = Fields(value, tuple(kinds), what=what)
        read: dict[str, Any] = {}
        for name, kind in kinds.items():
            if kind == "bytes32":
                read[name] = told.bytes32(name)
            else:
                bits = int(kind.removeprefix("uint"))
                read[name] = told.number(name, bits=min(bits, 53)) if bits <= 64 else told.quantity(name, bits=bits)
        return cls(**read)
