"""Micrograms by kind: which part, region, basis and quality they are of, exact in every share."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from tokens.series import scale


class Cell(NamedTuple):
    """One kind of micrograms."""

    part: str
    region: str
    basis: str
    quality: str


@dataclass
class Composition:
    """Micrograms by cell, with the band and the energy of all of them."""

    cells: Counter[Cell] = field(default_factory=Counter)
    low_ug: int = 0
    high_ug: int = 0
    energy_uwh: int = 0

    @property
    def ug(self) -> int:
        """Σ of the cells."""
        return sum(self.cells.values())

    def by(self, *names: str) -> dict[tuple[str, ...], int]:
        """Sums by some of the cell's fields, zero sums left out, in order."""
        sums: Counter[tuple[str, ...]] = Counter()
        for cell, ug in self.cells.items():
            sums[tuple(getattr(cell, name) for name in names)] += ug
        return {key: sums[key] for key in sorted(sums) if sums[key]}

    def add(self, other: Composition) -> None:
        """Takes another composition in."""
        self.cells.update(other.cells)
        self.low_ug += other.low_ug
        self.high_ug += other.high_ug
        self.energy_uwh += other.energy_uwh

    def share(self, ug: int) -> Composition:
        """`ug` of it: every cell in proportion and exact in sum; the band is rounded outwards."""
        if ug == self.ug:
            return self
        whole = self.ug
        return Composition(
            cells=Counter(scale(self.cells, ug, whole)),
            low_ug=self.low_ug * ug // whole,
            high_ug=-(-self.high_ug * ug // whole),
            energy_uwh=self.energy_uwh * ug // whole,
        )
