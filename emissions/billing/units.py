"""What a billed unit measures.

Units are written in dozens of ways ("Hrs", "100 Hours", "1 GB/Month", "gibibyte month", "1 GiB MONTHS STORAGE_SIZE",
"10K"), all of one grammar: an optional multiplier, then sizes, times and words for the thing that is counted. The
grammar is read here once for all providers; a format adds what its provider means otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

# A gigabyte is 10^9 bytes and a gibibyte 2^30; AWS and Azure write GB for both and are taken at their word.

_MULTIPLIER = re.compile(r"\s*([0-9][0-9,]*(?:\.[0-9]+)?)\s*([kmb])?(?![a-z])", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9µ]+")
_SCALE = {"": 1, "k": 1000, "m": 10**6, "b": 10**9}
_NUMBERS = {"one": 1, "ten": 10, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}

_GB = Fraction(1, 10**9)
_SIZES = {
    **dict.fromkeys(("byte", "bytes", "b"), _GB),
    **dict.fromkeys(("kb", "kilobyte", "kilobytes"), _GB * 10**3),
    **dict.fromkeys(("mb", "megabyte", "megabytes"), _GB * 10**6),
    **dict.fromkeys(("gb", "gigabyte", "gigabytes"), _GB * 10**9),
    **dict.fromkeys(("tb", "terabyte", "terabytes"), _GB * 10**12),
    **dict.fromkeys(("pb", "petabyte", "petabytes"), _GB * 10**15),
    **dict.fromkeys(("kib", "kibibyte", "kibibytes"), _GB * 2**10),
    **dict.fromkeys(("mib", "mebibyte", "mebibytes"), _GB * 2**20),
    **dict.fromkeys(("gib", "gibibyte", "gibibytes"), _GB * 2**30),
    **dict.fromkeys(("tib", "tebibyte", "tebibytes"), _GB * 2**40),
    **dict.fromkeys(("pib", "pebibyte", "pebibytes"), _GB * 2**50),
}
_HOURS = {
    **dict.fromkeys(("millis", "millisecond", "milliseconds", "ms"), Fraction(1, 3_600_000)),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), Fraction(1, 3600)),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), Fraction(1, 60)),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), Fraction(1)),
    **dict.fromkeys(("day", "days"), Fraction(24)),
}
_MONTHS = {"month", "months", "mo", "mos"}
# Data that moved is not kept for a time, whatever time the unit names (OCI bills "GiB HOURS DATA_TRANSFERED", so spelt).
_MOVED = {"transferred", "transfered", "data_transferred", "transfer", "egress", "ingress"}
_TOKENS = {"token", "tokens"}
_COUNTED = re.compile(
    r"(?:request|operation|transaction|call|event|message|notification|datapoint|record|count|unit|execution|invocation"
    r"|key|object|metric|alarm|dashboard|user|image|page|character|job|rule|item)s?|quer(?:y|ies)|obj|api|none"
)


@dataclass(frozen=True)
class Unit:
    """What a billed unit measures: `factor` of `dimension` per unit ("10K" requests = 10000 of count).

    Dimensions are hour, second, day, month, gb, gb_hour, gb_month, count and token: `day` and `month` count things kept
    for that long (a disk of a tier), `count` counts requests, operations and the like.
    """

    dimension: str
    factor: Fraction


@cache
def read_unit(text: str) -> Unit | None:
    """What a unit's text says by itself; None for a text that says nothing known.

    >>> read_unit("100 Hours")
    Unit(dimension='hour', factor=Fraction(100, 1))
    >>> read_unit("1 GB/Month").dimension, read_unit("gibibyte month").factor == Fraction(2**30, 10**9)
    ('gb_month', True)
    >>> read_unit("10K")
    Unit(dimension='count', factor=Fraction(10000, 1))
    """
    factor, rest = _multiplied(text.strip().lower())
    words = _WORD.findall(rest.replace("data_transferred", "transferred").replace("_", " "))
    while words and words[0] in _NUMBERS:
        factor *= _NUMBERS[words.pop(0)]
    size = next((_SIZES[word] for word in words if word in _SIZES), None)
    hours = next((_HOURS[word] for word in words if word in _HOURS), None)
    monthly = any(word in _MONTHS for word in words)
    moved = any(word in _MOVED for word in words)
    if size is not None:
        if monthly and not moved:
            return Unit("gb_month", factor * size)
        if hours is not None and not moved:
            return Unit("gb_hour", factor * size * hours)
        return Unit("gb", factor * size)
    if any(word in _TOKENS for word in words):
        return Unit("token", factor)
    if monthly:
        return Unit("month", factor)
    if hours is not None:
        return Unit("day", factor) if hours == 24 else Unit("hour", factor * hours)
    counted = any(_COUNTED.fullmatch(word) for word in words) or (text.strip() and not words)
    return Unit("count", factor) if counted else None


def _multiplied(text: str) -> tuple[Fraction, str]:
    found = _MULTIPLIER.match(text)
    if found is None:
        return Fraction(1), text
    return Fraction(found[1].replace(",", "")) * _SCALE[found[2] or ""], text[found.end() :]
