"""How calls and answers are spelled in bytes: selectors, arguments and results by textual signature."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from emissions.poce.keccak import keccak


@cache
def selector(signature: str) -> bytes:
    """The first four bytes of the signature's hash.

    >>> selector("transfer(address,uint256)").hex()
    'a9059cbb'
    """
    return keccak(signature.encode())[:4]


@cache
def topic(signature: str) -> str:
    """An event's first topic.

    >>> topic("Transfer(address,address,uint256)")[:10]
    '0xddf252ad'
    """
    return "0x" + keccak(signature.encode()).hex()


@cache
def split_types(text: str) -> tuple[str, ...]:
    """The types of a parenthesised list, tuples kept whole.

    >>> split_types("((uint64,bytes32)[],bytes)")
    ('(uint64,bytes32)[]', 'bytes')
    """
    parts: list[str] = []
    depth, start = 0, 1
    for place, letter in enumerate(text):
        if letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
        if (letter == "," and depth == 1) or (letter == ")" and depth == 0):
            if place > start:
                parts.append(text[start:place])
            start = place + 1
    return tuple(parts)


@cache
def argument_types(signature: str) -> tuple[str, ...]:
    """The argument types of `name(types)`."""
    return split_types(signature[signature.index("(") :])


def encode_call(signature: str, values: Sequence[Any] = ()) -> bytes:
    """Selector and arguments."""
    from eth_abi.abi import encode  # loads late: only deploying and signing need it

    return selector(signature) + encode(argument_types(signature), list(values))


def encode_values(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Arguments without a selector, for constructors."""
    from eth_abi.abi import encode

    return encode(list(types), list(values))


def decode_values(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Values of these types; addresses come as lower-case text, bytes32 as bytes."""
    from eth_abi.abi import decode

    return tuple(decode(list(types), data))
