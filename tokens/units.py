"""Base units of a token and the micrograms they stand for."""

from __future__ import annotations

from cloudtuner.units import UNITS_PER_UG


def ug_from_units(units: int) -> int:
    """Whole micrograms of CT02 base units.

    >>> ug_from_units(10**18)
    1000000000
    """
    return units // UNITS_PER_UG
