"""Why each usage type came to what it came to, and which ones no model answered for.

One row per rate key and month: what was spent and used, by which model, how good that is and which factors it rests on.
What is unknown comes first, by what was spent on it, so that the next model is written where it matters most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emissions.engine.figures import Figures
from emissions.engine.ratecard import Rate
from emissions.engine.ratekey import RateKey
from emissions.engine.terms import Term


@dataclass(frozen=True)
class KeySum:
    """The lines of a rate key in a month: how many, what they cost (10^-6 of currency), and their integers."""

    key: RateKey
    month: int
    lines: int
    cost_micro: int
    figures: Figures


@dataclass(frozen=True)
class Explanation:
    """One rate key with its sums, its category, how good its figures are and why, and the factors they rest on."""

    sums: KeySum
    region: str
    category: str
    quality: str
    reason: str
    basis: str
    by_cost: bool
    terms: tuple[Term, ...]

    @property
    def factor_ids(self) -> tuple[str, ...]:
        """The rows of the factor set behind the rate, in the order of the formula, each once."""
        return tuple(dict.fromkeys(term.id for term in self.terms))


@dataclass(frozen=True)
class Unknown:
    """A usage type that no model answers for, over all its regions and months."""

    service: str
    usage_type: str
    unit: str
    lines: int
    cost_micro: int
    ug: int
    reason: str


def explain(sums: Iterable[KeySum], rates: Mapping[tuple[RateKey, int], Rate]) -> list[Explanation]:
    """Every rate key that was valued: the unknown first, then the rest, each by spend, the dearest first."""
    rows = [_explained(one, rates[one.key, one.month]) for one in sums if (one.key, one.month) in rates]
    return sorted(rows, key=lambda row: (row.quality != "unknown", -row.sums.cost_micro, row.sums.key, row.sums.month))


def unknown_usage(rows: Iterable[Explanation]) -> list[Unknown]:
    """The usage types without a model, by name, the dearest first."""
    found: dict[tuple[str, str, str], Unknown] = {}
    for row in rows:
        if row.quality != "unknown":
            continue
        name = row.sums.key.service, row.sums.key.usage_type, row.sums.key.unit
        before = found.get(name) or Unknown(*name, lines=0, cost_micro=0, ug=0, reason=row.reason)
        found[name] = Unknown(
            *name,
            lines=before.lines + row.sums.lines,
            cost_micro=before.cost_micro + row.sums.cost_micro,
            ug=before.ug + row.sums.figures.ug,
            reason=before.reason,
        )
    return sorted(found.values(), key=lambda one: (-one.cost_micro, one.service, one.usage_type, one.unit))


def _explained(sums: KeySum, rate: Rate) -> Explanation:
    return Explanation(
        sums=sums,
        region=rate.region,
        category=rate.category,
        quality=rate.quality,
        reason=rate.reason,
        basis=rate.basis,
        by_cost=rate.by_cost,
        terms=rate.terms,
    )
