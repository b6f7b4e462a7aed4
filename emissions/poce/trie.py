"""What a Merkle-Patricia trie holds under a key, shown by the nodes on the way (Ethereum yellow paper, appendix D)."""

from __future__ import annotations

from collections.abc import Sequence

from cloudtuner.errors import ProofError

from . import rlp
from .keccak import keccak


def walk(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """The value under `key`, proved by exactly these nodes from the root down.

    Raises ProofError when a node does not hash to what its parent says, when the key leads elsewhere, or when a
    node is left over: a proof has one form.
    """
    path = [nibble for byte in key for nibble in (byte >> 4, byte & 15)]
    waiting = list(nodes)
    node = _open(root, waiting)
    while True:
        if len(node) == 17:
            if not path:
                return _end(node[16], waiting)
            child, path = node[path[0]], path[1:]
        elif len(node) == 2:
            is_leaf, part = _hex_prefix(node[0])
            if path[: len(part)] != part or (is_leaf and len(path) != len(part)):
                raise ProofError("the trie has nothing under this key.", code="trie.absent")
            if is_leaf:
                return _end(node[1], waiting)
            if not part:
                raise ProofError("an extension node extends nothing.", code="trie.invalid")
            child, path = node[1], path[len(part) :]
        else:
            raise ProofError(f"a trie node has 2 or 17 items, not {len(node)}.", code="trie.invalid")
        node = _follow(child, waiting)


def _open(expected: bytes, waiting: list[bytes]) -> list[rlp.Item]:
    if not waiting:
        raise ProofError("the proof stops before the value.", code="trie.short")
    encoded = waiting.pop(0)
    if keccak(encoded) != expected:
        raise ProofError("a trie node does not hash to what its parent says.", code="trie.hash")
    node = rlp.decode(encoded)
    if not isinstance(node, list):
        raise ProofError("a trie node is a list.", code="trie.invalid")
    return node


def _follow(child: rlp.Item, waiting: list[bytes]) -> list[rlp.Item]:
    if isinstance(child, list):
        # Nodes shorter than a hash stand inside their parent, and only those.
        if len(rlp.encode(child)) >= 32:
            raise ProofError("a long trie node stands inside its parent.", code="trie.invalid")
        return child
    if len(child) != 32:
        raise ProofError("the trie has nothing under this key.", code="trie.absent")
    return _open(child, waiting)


def _hex_prefix(item: rlp.Item) -> tuple[bool, list[int]]:
    """Whether a two-item node is a leaf, and the nibbles it stands for."""
    if not isinstance(item, bytes) or not item:
        raise ProofError("a trie node has no path.", code="trie.invalid")
    flag, first = item[0] >> 4, item[0] & 15
    if flag > 3 or (flag % 2 == 0 and first):
        raise ProofError("a trie node's path has a wrong prefix.", code="trie.invalid")
    rest = [nibble for byte in item[1:] for nibble in (byte >> 4, byte & 15)]
    return flag >= 2, ([first, *rest] if flag % 2 else rest)


def _end(value: rlp.Item, waiting: list[bytes]) -> bytes:
    if waiting:
        raise ProofError(f"{len(waiting)} trie nodes are left over.", code="trie.spare")
    if not isinstance(value, bytes) or not value:
        raise ProofError("the trie has nothing under this key.", code="trie.absent")
    return value
