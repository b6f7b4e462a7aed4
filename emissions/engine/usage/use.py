"""What one billed unit uses, or why that cannot be said."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from emissions.engine.band import Band
from emissions.engine.ratekey import RateKey
from emissions.engine.terms import Term
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Factor, Row

CATEGORIES = (
    "compute",
    "gpu",
    "memory",
    "serverless",
    "container",
    "database",
    "cache",
    "storage",
    "network",
    "managed",
    "tokens",
    "none",
    "unknown",
)


@dataclass(frozen=True)
class Use:
    """What one billed unit uses at the rack: watt-hours and embodied grams, before PUE and grid.

    `instance_type` is the machine whose power that is, "" where no machine was asked for.
    """

    category: str
    wh: Band
    embodied_g: Band
    quality: str
    reason: str
    terms: tuple[Term, ...]
    instance_type: str = ""


@dataclass(frozen=True)
class NotModelled:
    """No model answers for the usage type: it is valued by cost."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """The line contradicts its usage type and cannot be valued at all."""

    code: str
    message: str


@dataclass(frozen=True)
class Modelled:
    """What a model says of one base unit (see `measure`): watt-hours, embodied grams, and how good that is.

    `accelerated` when accelerators run in it; `instance_type` is the machine that it is about, if it is about one.
    """

    wh: Band
    embodied_g: Band
    quality: str
    reason: str
    terms: tuple[Term, ...]
    accelerated: bool = False
    instance_type: str = ""


@lru_cache(maxsize=8192)
def coefficient(factors: FactorSet, name: str, day: str) -> Factor:
    """A coefficient of a set on a day, read once: thousands of keys ask for the same few."""
    return factors.coefficient(name, day)


@dataclass(frozen=True)
class Ask:
    """A question to a model: the rate key, the row of the usage table that fits it, and the factors of a day."""

    key: RateKey
    row: Row
    factors: FactorSet
    day: str

    def factor(self, name: str) -> Factor:
        """A coefficient of the set on that day."""
        return coefficient(self.factors, name, self.day)

    def optional(self, name: str) -> Factor | None:
        """A coefficient, or None where the set has none."""
        return self.factor(name) if self.factors.row("coefficients", name, self.day) is not None else None


def by(factor: Factor) -> str:
    """The reason of what rests on one coefficient; its source stands in the terms."""
    return f"by {factor.id}"
