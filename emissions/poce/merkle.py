"""One root for many values, and short proofs that a value is under it: OpenZeppelin's standard tree.

Leaf hash = keccak(keccak(abi.encode(values))): hashed twice, so that an inner node (one hash over 64 bytes) can
never be offered as a leaf. Leaves are sorted by hash and fill a complete binary tree from the end of its array;
an inner node hashes its children in sorted order, so that a proof needs no left and right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any, ClassVar

import sha3

from cloudtuner.errors import ProofError

from .abi import encode, encode_rows
from .hexes import bytes32, to_hex
from .keccak import keccak


def leaf_hash(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """The hash of one leaf."""
    return keccak(keccak(encode(types, values)))


@dataclass(frozen=True)
class TreeLeaf:
    """A dataclass whose fields stand in the order of the contract's struct of a leaf; `TYPES` are their Solidity types."""

    TYPES: ClassVar[tuple[str, ...]]

    def values(self) -> tuple[Any, ...]:
        return astuple(self)

    def leaf_hash(self) -> str:
        return to_hex(leaf_hash(self.TYPES, self.values()))


class StandardTree:
    """The tree over rows of values, in the order given (which proofs are asked by, and which the root forgets).

    >>> StandardTree([(1,), (2,)], ["uint256"]).root[:10]
    '0xe685571b'
    """

    def __init__(self, values: Sequence[Sequence[Any]], types: Sequence[str]) -> None:
        hashes = _leaf_hashes(values, types)
        if not hashes:
            raise ProofError("a tree needs at least one leaf.", code="merkle.empty")
        self._nodes, self._hashes = _grow(hashes), hashes

    @classmethod
    def from_encoded(cls, encoded: Iterable[bytes]) -> StandardTree:
        """The tree over rows that are already abi-encoded; for callers that encode a million rows of one shape faster."""
        return cls.from_hashes(hash_twice(encoded))

    @classmethod
    def from_hashes(cls, hashes: list[bytes]) -> StandardTree:
        """The tree over leaf hashes, for callers that made them as their rows came: `hash_twice`."""
        tree = cls.__new__(cls)
        if not hashes:
            raise ProofError("a tree needs at least one leaf.", code="merkle.empty")
        tree._nodes, tree._hashes = _grow(hashes), hashes
        return tree

    def __len__(self) -> int:
        return len(self._hashes)

    @property
    def root_bytes(self) -> bytes:
        return self._nodes[0]

    @property
    def root(self) -> str:
        return to_hex(self._nodes[0])

    @cached_property
    def _positions(self) -> list[int]:
        """Where each row's leaf stands in the array; equal rows take different places, as OpenZeppelin's do."""
        order = sorted(range(len(self._hashes)), key=self._hashes.__getitem__)
        positions = [0] * len(order)
        last = len(self._nodes) - 1
        for rank, row in enumerate(order):
            positions[row] = last - rank
        return positions

    def position(self, index: int) -> int:
        """Where the leaf of row `index` stands in the tree's array; 0 is the root."""
        return self._positions[index]

    def node(self, position: int) -> bytes:
        """The hash at a place of the tree's array."""
        return self._nodes[position]

    def leaf(self, index: int) -> str:
        """The leaf hash of row `index`."""
        return to_hex(self._hashes[index])

    def proof(self, index: int) -> list[str]:
        """The sibling hashes from the leaf of row `index` up to the root."""
        position = self._positions[index]
        siblings = []
        while position > 0:
            siblings.append(to_hex(self._nodes[position - 1 if position % 2 == 0 else position + 1]))
            position = (position - 1) // 2
        return siblings


def verify(root: str | bytes, leaf: str | bytes, proof: Sequence[str | bytes]) -> bool:
    """Whether the proof leads from the leaf hash to the root. `leaf` comes from `leaf_hash`, never from the prover."""
    current = _word(leaf)
    for sibling in proof:
        other = _word(sibling)
        current = keccak(current + other if current < other else other + current)
    return current == _word(root)


def verify_values(root: str | bytes, types: Sequence[str], values: Sequence[Any], proof: Sequence[str | bytes]) -> bool:
    """Whether these values are under the root."""
    return verify(root, leaf_hash(types, values), proof)


def _word(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else bytes32(value, field="hash")


def _leaf_hashes(values: Sequence[Sequence[Any]], types: Sequence[str]) -> list[bytes]:
    if "string" in types:
        return hash_twice(encode(types, row) for row in values)
    return hash_twice(encode_rows(types, values))


def hash_twice(encoded: Iterable[bytes | memoryview]) -> list[bytes]:
    """The leaf hash of every abi-encoded row."""
    keccak_256 = sha3.keccak_256
    return [keccak_256(keccak_256(row).digest()).digest() for row in encoded]


def _grow(hashes: list[bytes]) -> list[bytes]:
    keccak_256 = sha3.keccak_256
    count = len(hashes)
    nodes: list[bytes] = [b""] * (count - 1)
    nodes.extend(sorted(hashes, reverse=True))
    for index in range(count - 2, -1, -1):
        left, right = nodes[2 * index + 1], nodes[2 * index + 2]
        nodes[index] = keccak_256(left + right if left < right else right + left).digest()
    return nodes
