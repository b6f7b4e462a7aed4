"""One proof for many leaves of a standard tree: what OpenZeppelin's `multiProofVerify` walks.

Leaves that stand beside each other share most of their way to the root, so a batch of neighbours needs hardly more
hashes than one leaf does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from cloudtuner.errors import ProofError

from .hexes import to_hex
from .merkle import StandardTree


@dataclass(frozen=True)
class Multiproof:
    """`order` are the rows in the order in which the contract wants their leaves; `flags` tell, step by step, whether the
    second hash is a leaf or an earlier result (true) or the next of `proof` (false).
    """

    order: tuple[int, ...]
    proof: tuple[str, ...]
    flags: tuple[bool, ...]


def multiproof(tree: StandardTree, rows: Sequence[int]) -> Multiproof:
    """The proof of these rows together; raises ProofError `merkle.rows` for none or for one given twice.

    >>> tree = StandardTree([(1,), (2,), (3,)], ["uint256"])
    >>> multiproof(tree, [0, 1, 2]).flags
    (True, True)
    """
    if not rows or len(set(rows)) != len(rows):
        raise ProofError("a multiproof is over different rows, at least one.", code="merkle.rows")
    order = sorted(rows, key=tree.position, reverse=True)
    waiting = deque(tree.position(row) for row in order)
    proof: list[str] = []
    flags: list[bool] = []
    # From the end of the array upwards, so that each level is done before the next; the root has no sibling.
    while waiting and waiting[0] > 0:
        place = waiting.popleft()
        sibling = place - 1 if place % 2 == 0 else place + 1
        if waiting and waiting[0] == sibling:
            waiting.popleft()
            flags.append(True)
        else:
            proof.append(to_hex(tree.node(sibling)))
            flags.append(False)
        waiting.append((place - 1) // 2)
    return Multiproof(tuple(order), tuple(proof), tuple(flags))


def rows_in_tree_order(tree: StandardTree) -> list[int]:
    """All rows as their leaves stand in the tree: neighbours in this list share the shortest proofs."""
    return sorted(range(len(tree)), key=tree.position, reverse=True)
