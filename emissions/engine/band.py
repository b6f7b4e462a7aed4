"""A quantity with its uncertainty: low, central and high, exact."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from emissions.grid.factors import Factor


@dataclass(frozen=True)
class Band:
    """low ≤ value ≤ high for what is not negative; all three are exact fractions."""

    value: Fraction
    low: Fraction
    high: Fraction

    @classmethod
    def of(cls, factor: Factor) -> Band:
        """A factor's figures without its origin."""
        return cls(factor.value, factor.low, factor.high)

    @classmethod
    def exact(cls, value: Fraction | int) -> Band:
        """A quantity without uncertainty."""
        return cls(Fraction(value), Fraction(value), Fraction(value))

    def __add__(self, other: Band) -> Band:
        return Band(self.value + other.value, self.low + other.low, self.high + other.high)

    def __mul__(self, other: Band) -> Band:
        return Band(self.value * other.value, self.low * other.low, self.high * other.high)

    def scaled(self, factor: Fraction | int) -> Band:
        """The band times an exact number that is not negative.

        >>> Band.exact(3).scaled(Fraction(1, 2)).value
        Fraction(3, 2)
        """
        return self if factor == 1 else Band(self.value * factor, self.low * factor, self.high * factor)


ZERO = Band.exact(0)
