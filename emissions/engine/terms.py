"""The factors of a rate, as they are shown, and how good the result is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from emissions.grid.factors import Factor

QUALITIES = ("measured", "estimated", "proxy", "unknown")


@dataclass(frozen=True)
class Term:
    """One factor of a formula: its part in it, its row in the set, value, unit and origin."""

    part: str
    id: str
    value: Fraction
    unit: str
    source: str
    year: str

    @classmethod
    def of(cls, part: str, factor: Factor) -> Term:
        """A factor in its part of the formula."""
        return cls(part, factor.id, factor.value, factor.unit, factor.source, factor.year)

    @property
    def text(self) -> str:
        """The value as a decimal: to twelve significant digits.

        >>> Term("power", "x", Fraction(141, 10), "W", "", "").text, Term("share", "x", Fraction(1, 3), "", "", "").text
        ('14.1', '0.333333333333')
        """
        with localcontext(prec=12):
            shown = Decimal(self.value.numerator) / Decimal(self.value.denominator)
        text = format(shown, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text


def worst(*qualities: str) -> str:
    """The least good of several qualities.

    >>> worst("measured", "proxy", "estimated")
    'proxy'
    """
    return max(qualities, key=QUALITIES.index)
