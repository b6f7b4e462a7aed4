"""Signing and recovering with secp256k1, in the one spelling that contracts accept: low s, v 27 or 28."""

from __future__ import annotations

from coincurve import PrivateKey, PublicKey

from cloudtuner.errors import ProofError

from .hexes import checksum_address
from .keccak import keccak

_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def new_key() -> bytes:
    """A fresh private key of 32 bytes."""
    return bytes(PrivateKey().secret)


def address_of(private_key: bytes) -> str:
    """The address of a private key.

    >>> address_of((1).to_bytes(32, "big"))
    '0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf'
    """
    return _address(_private(private_key).public_key)


def sign(private_key: bytes, digest: bytes) -> bytes:
    """The 65 bytes r ‖ s ‖ v over a 32-byte digest; the same key and digest give the same bytes (RFC 6979)."""
    if len(digest) != 32:
        raise ProofError(f"a digest has 32 bytes, not {len(digest)}.", code="signature.digest")
    raw: bytes = _private(private_key).sign_recoverable(digest, hasher=None)
    return raw[:64] + bytes([raw[64] + 27])


def recover(digest: bytes, signature: bytes) -> str:
    """The address that signed the digest; raises ProofError for anything but 65 bytes with low s and v 27 or 28."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        raise ProofError("a signature has 65 bytes, the last 27 or 28.", code="signature.invalid")
    if int.from_bytes(signature[32:64], "big") > _ORDER // 2:
        raise ProofError(
            "the signature's s is in the upper half: a second spelling of another signature.", code="signature.invalid"
        )
    try:
        public = PublicKey.from_signature_and_message(signature[:64] + bytes([signature[64] - 27]), digest, hasher=None)
    except Exception as error:  # coincurve raises ValueError, or bare Exception for points off the curve
        raise ProofError("no key made this signature.", code="signature.invalid") from error
    return _address(public)


def _private(secret: bytes) -> PrivateKey:
    if len(secret) != 32 or not 0 < int.from_bytes(secret, "big") < _ORDER:
        raise ProofError("a private key is 32 bytes between 1 and the order of the curve.", code="key.invalid")
    return PrivateKey(secret)


def _address(public: PublicKey) -> str:
    return checksum_address(keccak(public.format(compressed=False)[1:])[12:])
