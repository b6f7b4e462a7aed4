"""How much a node may be attested with, and an epoch or a round hold: what sealers and validators heed, as the contracts do."""

from __future__ import annotations

from functools import cached_property

from emissions.poce.hexes import bytes32

from .client import BlockId
from .contracts import Contracts


class Caps:
    """The caps as they hold at a time (unix seconds), read at one block. Answers are kept."""

    def __init__(self, chain: Contracts, *, time: int, block: BlockId = "latest") -> None:
        self._chain = chain
        self._time = time
        self._block = block

    @cached_property
    def hour_ug(self) -> int:
        """What a node may have for an hour."""
        return self._number("nodeHourCapAt(uint64)", self._time)

    @cached_property
    def epoch_ug(self) -> int:
        """The most that the ceiling may rise in one epoch, and that one airdrop round may hold."""
        return self._number("epochCapUg()")

    def ceiling_ug(self, node: str, *, first_hour: int, through_hour: int, ug: int) -> int:
        """The most that a node may have from its first hour through another. Earlier hours keep the highest cap that they ever
        had, so the present one gives the least there can be; the contract is asked only where `ug` is above that.
        """
        least = self.hour_ug * max(0, through_hour - first_hour + 1)
        if ug <= least:
            return least
        return self._number("nodeCeilingUg(bytes32,uint64,uint64)", bytes32(node), through_hour, self._time)

    def _number(self, signature: str, *values: object) -> int:
        registry = self._chain.book.node_registry
        return int(self._chain.read(registry, signature, ("uint256",), *values, block=self._block)[0])
