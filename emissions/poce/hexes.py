"""How bytes are written in JSON: lower-case hex with 0x; addresses in the mixed case of EIP-55."""

from __future__ import annotations

import re

from cloudtuner.errors import ProofError

from .keccak import keccak

ZERO_32 = "0x" + "0" * 64

_BYTES = re.compile(r"0x(?:[0-9a-f]{2})*")
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def to_hex(data: bytes) -> str:
    """Bytes as the protocol writes them.

    >>> to_hex(bytes([1, 255]))
    '0x01ff'
    """
    return "0x" + data.hex()


def from_hex(text: object, *, length: int | None = None, field: str = "value") -> bytes:
    """The bytes of a lower-case 0x text; raises `hex.invalid` naming the field."""
    if not isinstance(text, str) or not _BYTES.fullmatch(text):
        raise ProofError(f"{field} is not lower-case hex with 0x: {str(text)[:80]!r}.", code="hex.invalid")
    data = bytes.fromhex(text[2:])
    if length is not None and len(data) != length:
        raise ProofError(f"{field} has {len(data)} bytes, it needs {length}.", code="hex.invalid")
    return data


def bytes32(text: object, *, field: str = "value") -> bytes:
    """The 32 bytes of a lower-case 0x text."""
    return from_hex(text, length=32, field=field)


def checksum_address(raw: bytes) -> str:
    """Twenty bytes as an address with the EIP-55 checksum.

    >>> checksum_address(bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"))
    '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'
    """
    if len(raw) != 20:
        raise ProofError(f"an address has 20 bytes, not {len(raw)}.", code="address.invalid")
    text = raw.hex()
    nibbles = keccak(text.encode()).hex()
    return "0x" + "".join(c.upper() if int(n, 16) >= 8 else c for c, n in zip(text, nibbles, strict=False))


def address_bytes(text: object, *, field: str = "address") -> bytes:
    """The twenty bytes of an address; one in mixed case must carry the right checksum."""
    if not isinstance(text, str) or not _ADDRESS.fullmatch(text):
        raise ProofError(f"{field} is not an address: {str(text)[:80]!r}.", code="address.invalid")
    raw = bytes.fromhex(text[2:])
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and checksum_address(raw) != text:
        raise ProofError(
            f"{field} has a wrong checksum: {text}.", code="address.invalid", hint="Copy it again, letter by letter."
        )
    return raw


def normal_address(text: object, *, field: str = "address") -> str:
    """Any spelling of an address in the one the protocol uses."""
    return checksum_address(address_bytes(text, field=field))
