"""How an Ed25519 key is written as an identifier: base58btc, multikey, did:key."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cloudtuner.errors import ProofError

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_ED25519_MULTICODEC = b"\xed\x01"


def base58_encode(data: bytes) -> str:
    """Bytes in base58btc.

    >>> base58_encode(b"Hello World!")
    '2NEpo7TZRRrLZSi2U'
    """
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = _ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def base58_decode(text: str) -> bytes:
    """The bytes of a base58btc text.

    >>> base58_decode("2NEpo7TZRRrLZSi2U")
    b'Hello World!'
    """
    number = 0
    for symbol in text:
        digit = _ALPHABET.find(symbol)
        if digit < 0:
            raise ProofError(f"{symbol!r} is not a base58 symbol", code="did.base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def did_of(public_key: bytes) -> str:
    """The did:key of 32 raw Ed25519 public key bytes."""
    return "did:key:z" + base58_encode(_ED25519_MULTICODEC + public_key)


def method_of(did: str) -> str:
    """The one verification method of a did:key."""
    return f"{did}#{did.removeprefix('did:key:')}"


def public_key_of(did: str) -> bytes:
    """The 32 raw bytes of an Ed25519 did:key. Raises ProofError `did.unsupported` for any other kind."""
    if not did.startswith("did:key:z"):
        raise ProofError(f"{did[:60]!r} is not a did:key", code="did.unsupported")
    data = base58_decode(did.removeprefix("did:key:z"))
    if len(data) != 34 or not data.startswith(_ED25519_MULTICODEC):
        raise ProofError(f"{did[:60]!r} does not hold an Ed25519 key", code="did.unsupported")
    return data[2:]


def signature_holds(did: str, signature: bytes, message: bytes) -> bool:
    """Whether the key of a did:key made this signature over this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key_of(did)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
