"""One byte string per value: JSON in the form of RFC 8785 (JCS), read back strictly."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import rfc8785

from cloudtuner.errors import ProofError


def jcs(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    >>> jcs({"b": 1, "a": "x"})
    b'{"a":"x","b":1}'
    """
    try:
        return bytes(rfc8785.dumps(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise ProofError(f"not a canonical JSON value: {error}.", code="json.invalid") from error


def read_json(data: bytes, *, what: str = "JSON") -> Any:
    """The value of JSON bytes; refuses doubled names, floats and NaN, in which two readers could differ."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_float=_no_float, parse_constant=_no_float)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ProofError(f"{what} cannot be read: {error}.", code="json.invalid") from error


def read_canonical(data: bytes, *, what: str = "JSON") -> Any:
    """The value of bytes that are already canonical; anything else is refused, so that one value has one hash."""
    value = read_json(data, what=what)
    if jcs(value) != data:
        raise ProofError(f"{what} is not in canonical form (RFC 8785).", code="json.not_canonical")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return result


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a whole number; quantities are decimal strings")
