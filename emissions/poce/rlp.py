"""Ethereum's RLP, read strictly: every byte string that is accepted is the only encoding of its value.

Our own, because `cloudtuner-verify` must stand on few libraries; tests compare it with the `rlp` package.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudtuner.errors import ProofError

Item = bytes | list["Item"]

_MAX_DEPTH = 16


def encode(item: bytes | Sequence[object]) -> bytes:
    """The RLP of bytes or of nested lists of bytes.

    >>> encode([b"cat", b"dog"]).hex()
    'c88363617483646f67'
    """
    if isinstance(item, bytes):
        return item if len(item) == 1 and item[0] < 0x80 else _prefix(0x80, len(item)) + item
    body = b"".join(encode(part) for part in item)  # type: ignore[arg-type] # nested lists have no closed type here
    return _prefix(0xC0, len(body)) + body


def encode_number(value: int) -> bytes:
    """The RLP of a whole number: big-endian without leading zeros.

    >>> encode_number(0).hex(), encode_number(1024).hex()
    ('80', '820400')
    """
    return encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def decode(data: bytes) -> Item:
    """The value of one RLP item that fills `data`; raises ProofError for bytes left over or another encoding."""
    item, end = _read(data, 0, len(data), 0)
    if end != len(data):
        raise ProofError(f"{len(data) - end} bytes after the RLP item.", code="rlp.invalid")
    return item


def number(item: Item, *, field: str) -> int:
    """A whole number from a decoded item."""
    if not isinstance(item, bytes) or item[:1] == b"\0" or len(item) > 32:
        raise ProofError(f"{field} is not an RLP number.", code="rlp.invalid")
    return int.from_bytes(item, "big")


def _prefix(base: int, length: int) -> bytes:
    if length < 56:
        return bytes([base + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size


def _read(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    if depth > _MAX_DEPTH:
        raise ProofError("RLP lists nested too deep.", code="rlp.invalid")
    if start >= limit:
        raise ProofError("RLP ends too early.", code="rlp.invalid")
    first = data[start]
    if first < 0x80:
        return data[start : start + 1], start + 1
    base = 0x80 if first < 0xC0 else 0xC0
    body, length = _length(data, start, limit, first - base)
    end = body + length
    if end > limit:
        raise ProofError("an RLP item is longer than what holds it.", code="rlp.invalid")
    if base == 0x80:
        if length == 1 and data[body] < 0x80:
            raise ProofError("a small byte has an RLP prefix it must not have.", code="rlp.invalid")
        return data[body:end], end
    items: list[Item] = []
    while body < end:
        item, body = _read(data, body, end, depth + 1)
        items.append(item)
    return items, end


def _length(data: bytes, start: int, limit: int, code: int) -> tuple[int, int]:
    """Where the body begins and how long it is."""
    if code < 56:
        return start + 1, code
    size = data[start + 1 : min(start + 1 + code - 55, limit)]
    length = int.from_bytes(size, "big")
    if len(size) != code - 55 or size[0] == 0 or length < 56:
        raise ProofError("an RLP length is not in its shortest form.", code="rlp.invalid")
    return start + 1 + len(size), length
