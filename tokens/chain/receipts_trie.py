"""The receipts trie of a block, built again from its receipts, and the way down to one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emissions.poce import rlp
from emissions.poce.keccak import keccak

Nibbles = tuple[int, ...]
Node = list[object]


def root_and_path(values: Sequence[bytes], index: int) -> tuple[bytes, list[bytes]]:
    """The trie's root over `rlp(i) → values[i]`, and the RLP of the nodes from the root to value `index`."""
    entries = {_nibbles(rlp.encode_number(place)): value for place, value in enumerate(values)}
    path: list[bytes] = []
    node = _build(entries, _nibbles(rlp.encode_number(index)), path)
    encoded = rlp.encode(node)
    return keccak(encoded), [encoded, *reversed(path)]


def _build(entries: Mapping[Nibbles, bytes], wanted: Nibbles | None, path: list[bytes]) -> Node:
    """The node over these entries; nodes below it towards `wanted` are added to `path`, deepest first.

    Nodes shorter than a hash stand inside their parent and so are not added.
    """
    if len(entries) == 1:
        ((key, value),) = entries.items()
        return [_hex_prefix(key, leaf=True), value]
    shared = _shared_prefix(list(entries))
    if shared:
        below = {key[len(shared) :]: value for key, value in entries.items()}
        follows = wanted is not None and wanted[: len(shared)] == shared
        child = _build(below, wanted[len(shared) :] if follows and wanted is not None else None, path)
        return [_hex_prefix(shared, leaf=False), _reference(child, path if follows else None)]
    branch: Node = []
    for nibble in range(16):
        below = {key[1:]: value for key, value in entries.items() if key and key[0] == nibble}
        if not below:
            branch.append(b"")
            continue
        follows = wanted is not None and wanted[:1] == (nibble,)
        child = _build(below, wanted[1:] if follows and wanted is not None else None, path)
        branch.append(_reference(child, path if follows else None))
    branch.append(entries.get((), b""))
    return branch


def _reference(node: Node, path: list[bytes] | None) -> object:
    encoded = rlp.encode(node)
    if len(encoded) < 32:
        return node
    if path is not None:
        path.append(encoded)
    return keccak(encoded)


def _nibbles(data: bytes) -> Nibbles:
    return tuple(nibble for byte in data for nibble in (byte >> 4, byte & 15))


def _shared_prefix(keys: Sequence[Nibbles]) -> Nibbles:
    low, high = min(keys), max(keys)
    length = next((place for place, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return low[:length]


def _hex_prefix(path: Nibbles, *, leaf: bool) -> bytes:
    flag = 2 if leaf else 0
    nibbles = (flag + 1, *path) if len(path) % 2 else (flag, 0, *path)
    return bytes(high << 4 | low for high, low in zip(nibbles[::2], nibbles[1::2], strict=True))
