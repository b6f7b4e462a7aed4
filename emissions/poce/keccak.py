"""Keccak-256 as Ethereum uses it (not the later SHA3-256: the padding differs)."""

from __future__ import annotations

import sha3


def keccak(data: bytes) -> bytes:
    """The 32-byte Keccak-256 digest.

    >>> keccak(b"").hex()
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
    """
    digest: bytes = sha3.keccak_256(data).digest()
    return digest
