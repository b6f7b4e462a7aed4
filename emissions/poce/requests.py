"""Who asks: HTTP requests signed with an Ethereum key (EIP-191), as protocol §7 lays down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from cloudtuner.errors import ProofError

from .hexes import from_hex, normal_address, to_hex
from .keccak import keccak
from .keys import address_of, recover, sign

SIGNER = "X-CloudTuner-Signer"
TIME = "X-CloudTuner-Time"
SIGNATURE = "X-CloudTuner-Signature"
LEEWAY_S = 300

_TIME = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


def request_text(*, method: str, path: str, time: int, body: bytes) -> str:
    """The text that is signed. `path` is the request target as sent, with its query.

    >>> request_text(method="get", path="/poce/v1/network", time=1700000000, body=b"").splitlines()[:2]
    ['cloudtuner request', 'GET']
    """
    return f"cloudtuner request\n{method.upper()}\n{path}\n{time}\n{sha256(body).hexdigest()}"


def personal_digest(text: str) -> bytes:
    """The digest of `personal_sign` over a text (EIP-191, version 0x45)."""
    data = text.encode("utf-8")
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(data)).encode() + data)


def signed_headers(private_key: bytes, *, method: str, path: str, time: int, body: bytes = b"") -> dict[str, str]:
    """The three headers of a signed request; `time` is unix seconds."""
    digest = personal_digest(request_text(method=method, path=path, time=time, body=body))
    return {SIGNER: address_of(private_key), TIME: str(time), SIGNATURE: to_hex(sign(private_key, digest))}


def check_request(headers: Mapping[str, str], *, method: str, path: str, body: bytes, now: int) -> str:
    """The address that signed a request; whether it may ask is the caller's question.

    Raises ProofError: `request.unsigned`, `request.time` (older or newer than 300 s), `request.signature`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    signer, time, signature = (given.get(name.lower(), "") for name in (SIGNER, TIME, SIGNATURE))
    if not (signer and time and signature):
        raise ProofError(f"the request needs {SIGNER}, {TIME} and {SIGNATURE}.", code="request.unsigned")
    if not _TIME.fullmatch(time) or abs(int(time) - now) > LEEWAY_S:
        raise ProofError(
            f"{TIME} {time[:20]} is not within {LEEWAY_S} s of {now}.", code="request.time", hint="Set the clock of the caller."
        )
    digest = personal_digest(request_text(method=method, path=path, time=int(time), body=body))
    try:
        address = recover(digest, from_hex(signature, length=65, field=SIGNATURE))
        matches = address == normal_address(signer, field=SIGNER)
    except ProofError as error:
        raise ProofError(error.message, code="request.signature") from error
    if not matches:
        raise ProofError(f"the signature is not {signer}'s over this request.", code="request.signature")
    return address
