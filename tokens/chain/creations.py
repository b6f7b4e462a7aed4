"""How did each contract come to be? What the address book remembers, so that anybody can check it against the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from emissions.poce.hexes import address_bytes, checksum_address
from emissions.poce.keccak import keccak

from . import artifacts
from .client import Receipt

if TYPE_CHECKING:
    from .steps import Step

_KINDS = {**artifacts.CONTRACTS, **artifacts.AROUND}


@dataclass(frozen=True)
class Creation:
    """One contract as it was created.

    `arguments` are the constructor's, encoded, as hex: what explorers ask for. With a `factory` (CREATE2) the transaction
    went there, `salt` before the code; without one it was a creation itself.
    """

    contract: str
    address: str
    source_hash: str
    compiler: str
    arguments: str
    tx_hash: str
    block: int
    factory: str = ""
    salt: str = ""

    @property
    def input(self) -> bytes:
        """What the creating transaction carries: salt if any, the artifact's code, the arguments."""
        return bytes.fromhex(self.salt) + artifacts.load(self.contract).bytecode + bytes.fromhex(self.arguments)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Creation:
        return cls(**value)


def contract_of(name: str) -> str:
    """The Solidity name behind a name of the books; grants are named `grant:team` and so on.

    >>> contract_of("grant:team")
    'GrantWallet'
    """
    return _KINDS[name.partition(":")[0]]


def creation_of(step: Step, receipt: Receipt) -> Creation | None:
    """What to remember of a step; None for one that makes no contract of ours."""
    if not step.name:
        return None
    contract = contract_of(step.name)
    artifact = artifacts.load(contract)
    factory, salt, code, address = "", b"", step.init_code, receipt.contract_address
    if step.call is not None:
        factory, salt, code = step.call.to, step.call.data[:32], step.call.data[32:]
        address = factory_address(factory, salt, code)
    return Creation(
        contract=contract,
        address=address or "",
        source_hash=artifact.source_hash,
        compiler=artifact.compiler,
        arguments=code[len(artifact.bytecode) :].hex(),
        tx_hash=receipt.tx_hash,
        block=receipt.block_number,
        factory=factory,
        salt=salt.hex(),
    )


def factory_address(factory: str, salt: bytes, init_code: bytes) -> str:
    """Where a CREATE2 factory makes this code with this salt (EIP-1014)."""
    return checksum_address(keccak(b"\xff" + address_bytes(factory) + salt + keccak(init_code))[12:])
