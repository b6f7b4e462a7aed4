"""What uses so much energy per unit and nothing more: data moved, requests answered, memory held, devices kept on."""

from __future__ import annotations

import re
from fractions import Fraction

from emissions.engine.band import ZERO, Band
from emissions.engine.terms import Term
from emissions.engine.usage.use import Ask, Modelled, NotModelled, by

# Azure names a cache by its size: C1 is a standard one of a gigabyte, P2 a premium one of thirteen.
_CACHE = re.compile(r"(?i)\b([cpe]\d+)\b")


def per_unit(ask: Ask) -> Modelled:
    """Watt-hours per base unit, times `size` where the row names one (a capacity unit that stands for many requests)."""
    factor = ask.factor(ask.row["factor"])
    wh = Band.of(factor)
    terms: tuple[Term, ...] = (Term.of(ask.row["model"], factor),)
    if ask.row["size"]:
        size = ask.factor(ask.row["size"])
        wh, terms = wh * Band.of(size), (*terms, Term.of("size", size))
    return Modelled(wh, ZERO, factor.quality, by(factor), terms)


def memory(ask: Ask) -> Modelled:
    """A gigabyte held for an hour."""
    factor = ask.factor(ask.row["factor"])
    return Modelled(Band.of(factor), ZERO, factor.quality, by(factor), (Term.of("memory", factor),))


def cache(ask: Ask) -> Modelled | NotModelled:
    """A cache node of the size that its name says, for an hour: its memory; the processor beside it is in the band."""
    named = _CACHE.search(ask.key.usage_type)
    size = ask.optional(f"redis.{named[1].lower()}") if named else None
    if size is None:
        return NotModelled(f"{ask.key.usage_type} names no cache size that is listed")
    one = memory(ask)
    return Modelled(one.wh.scaled(size.value), ZERO, "proxy", one.reason, (*one.terms, Term.of("size", size)))


def network(ask: Ask) -> Modelled:
    """A gigabyte moved; the coefficient is in kWh."""
    factor = ask.factor(ask.row["factor"])
    terms = (Term.of("network", factor), Term("watt-hours", "definition", Fraction(1000), "Wh/kWh", "decimal prefixes", ""))
    return Modelled(Band.of(factor).scaled(1000), ZERO, factor.quality, by(factor), terms)
