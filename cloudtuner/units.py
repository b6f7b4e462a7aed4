"""How much: micrograms, microwatt-hours and base units, and how people read them.

Everything is an integer from the bill line on. People-facing text is formatted here, from integers, and nowhere
else. There is one rounding rule (`quantise`) and it is applied once, where a line becomes integers.
"""

from __future__ import annotations

import math
from fractions import Fraction

# CT02 base units of a microgram.
UNITS_PER_UG = 10**9

# Above 2^53 a double no longer holds every integer, so a line that large cannot be valued exactly.
EXACT_LIMIT = 2**53


def quantise(value: float | Fraction) -> int:
    """The nearest integer, halves away from zero, the same for a line and for its reversal.

    >>> quantise(0.5), quantise(-0.5), quantise(2.4999)
    (1, -1, 2)
    """
    half = Fraction(1, 2) if isinstance(value, Fraction) else 0.5
    return math.floor(value + half) if value >= 0 else -math.floor(-value + half)


def decimal_text(value: int, *, scale: int, places: int) -> str:
    """`value / 10**scale` with `places` decimals, halves away from zero, from integers only.

    >>> decimal_text(215_643_106_000_000, scale=9, places=3)
    '215643.106'
    """
    drop = scale - places
    sign = "-" if value < 0 else ""
    magnitude = abs(value)
    if drop > 0:
        magnitude = (magnitude + 10**drop // 2) // 10**drop
    else:
        magnitude *= 10**-drop
    if magnitude == 0:
        sign = ""
    whole, part = divmod(magnitude, 10**places)
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


def group(text: str, *, indian: bool = True) -> str:
    """Digit grouping: lakh and crore, or thousands.

    >>> group("215643.106"), group("215643.106", indian=False)
    ('2,15,643.106', '215,643.106')
    """
    sign = "-" if text.startswith("-") else ""
    whole, _, part = text.lstrip("-").partition(".")
    if indian and len(whole) > 3:
        head, tail = whole[:-3], whole[-3:]
        pieces: list[str] = []
        while head:
            pieces.insert(0, head[-2:])
            head = head[:-2]
        whole = ",".join([*pieces, tail])
    elif not indian:
        whole = f"{int(whole):,}"
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"


def kg_text(ug: int, *, places: int = 3, indian: bool = True) -> str:
    """Kilograms with unit. `places=9` is exact.

    >>> kg_text(215_643_106_000_000)
    '2,15,643.106 kg'
    """
    return f"{group(decimal_text(ug, scale=9, places=places), indian=indian)} kg"


def tonnes_text(ug: int, *, places: int = 3, indian: bool = True) -> str:
    """Tonnes with unit.

    >>> tonnes_text(215_643_106_000_000)
    '215.643 t'
    """
    return f"{group(decimal_text(ug, scale=12, places=places), indian=indian)} t"


def kwh_text(uwh: int, *, places: int = 3, indian: bool = True) -> str:
    """Kilowatt-hours with unit.

    >>> kwh_text(1_500_000_000)
    '1.500 kWh'
    """
    return f"{group(decimal_text(uwh, scale=9, places=places), indian=indian)} kWh"


def token_text(units: int, *, places: int = 3, indian: bool = True) -> str:
    """Tokens from base units, without a symbol.

    >>> token_text(1_500_000_000_000_000_000)
    '1.500'
    """
    return group(decimal_text(units, scale=18, places=places), indian=indian)
