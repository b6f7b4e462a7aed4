"""Bytes kept: the media's watts and its making, per gigabyte and hour or per disk of a stated size."""

from __future__ import annotations

import re
from fractions import Fraction

from emissions.engine.band import Band
from emissions.engine.terms import Term, worst
from emissions.engine.usage.use import Ask, Modelled, NotModelled, by

# Azure bills a managed disk by its tier, whatever it holds: P30 is a premium SSD of the thirtieth size.
_TIER = re.compile(r"\b[PES](\d{1,2})\b")


def stored(ask: Ask) -> Modelled:
    """A gigabyte kept for an hour. Embodied: the drive's making over five years, per terabyte of it."""
    watts = ask.factor(ask.row["factor"])
    making = ask.factor(f"embodied.{ask.row['factor']}")
    return Modelled(
        Band.of(watts).scaled(Fraction(1, 1000)),
        Band.of(making).scaled(Fraction(1, 1000)),
        worst(watts.quality, making.quality),
        by(watts),
        (
            Term.of("storage", watts),
            Term.of("embodied", making),
            Term("terabytes per gigabyte", "definition", Fraction(1, 1000), "TB/GB", "decimal prefixes", ""),
        ),
    )


def disk(ask: Ask) -> Modelled | NotModelled:
    """A disk of its tier's size, kept for an hour."""
    tier = _TIER.search(ask.key.usage_type)
    size = ask.optional(f"disk.tier_{tier[1]}") if tier else None
    if size is None:
        return NotModelled(f"{ask.key.usage_type} names no disk size that is listed")
    one = stored(ask)
    return Modelled(
        one.wh.scaled(size.value), one.embodied_g.scaled(size.value), one.quality, one.reason, (*one.terms, Term.of("size", size))
    )
