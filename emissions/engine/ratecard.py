"""How many micrograms one billed unit is: the rate card, built once per distinct rate key and month.

operational µg = quantity × Wh per unit × 10^6 × PUE × grid (kgCO2e/kWh; 1 µWh at 1 kg/kWh is 1 µg)
embodied µg    = quantity × grams per unit × 10^6
water µl       = quantity × Wh per unit × 10^3 × WUE (l/kWh of the servers' energy, as The Green Grid defines it: no PUE)
All arithmetic is exact; each rate is turned once into the nearest double, which the fact query multiplies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from cloudtuner.clock import hour_start, month_hours
from cloudtuner.errors import FactorError
from emissions.engine.band import Band
from emissions.engine.ratekey import RateKey
from emissions.engine.terms import Term, worst
from emissions.engine.usage import NotModelled, Refused, Use, region_of, use_of
from emissions.grid.catalog import FactorSet, Grid, shipped_sets
from emissions.grid.factors import Factor

_MICRO = 10**6
_MILLI = 10**3


@dataclass(frozen=True)
class Rate:
    """Exact rates per unit of quantity (per 10^-6 of currency when `by_cost`), and everything that is shown of them."""

    key: RateKey
    month: int
    region: str
    category: str
    quality: str
    reason: str
    basis: str
    by_cost: bool
    energy_uwh: Fraction
    operational_ug: Fraction
    embodied_ug: Fraction
    low_ug: Fraction
    high_ug: Fraction
    water_ul: Fraction
    terms: tuple[Term, ...]

    @property
    def doubles(self) -> tuple[float, float, float, float, float, float]:
        """Energy, operational, embodied, low, high, water as the nearest doubles."""
        return (
            float(self.energy_uwh),
            float(self.operational_ug),
            float(self.embodied_ug),
            float(self.low_ug),
            float(self.high_ug),
            float(self.water_ul),
        )

    @property
    def ceiling(self) -> float:
        """The largest of the doubles: a quantity times this must stay below 2^53."""
        return max(self.doubles)


@dataclass(frozen=True)
class CostRatio:
    """What a unit of money stood for: microwatt-hours and embodied micrograms per 10^-6 of currency, and over what."""

    energy_uwh: Fraction
    embodied_ug: Fraction
    scope: str


def month_of(hour: int) -> int:
    """The calendar month of an hour, as months since year 0: 12 × year + month − 1.

    >>> month_of(484296) == 12 * 2025 + 3
    True
    """
    moment = hour_start(hour)
    return 12 * moment.year + moment.month - 1


def month_text(month: int) -> str:
    """The first day of a month in ISO form, which is the day its factors are looked up for.

    >>> month_text(12 * 2025 + 3)
    '2025-04-01'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}-01"


def hours_in_month(month: int) -> int:
    """How many hours a month has: 672 to 744."""
    first, last = month_hours(month // 12, month % 12 + 1)
    return last - first + 1


def month_range(month: int) -> tuple[int, int]:
    """First and last hour of a month."""
    return month_hours(month // 12, month % 12 + 1)


def rate_of(key: RateKey, month: int, factors: FactorSet, basis: str | None = None) -> Rate | NotModelled | Refused:
    """The rate of a key in a month, on a basis of grid factors; on the one that the set prefers in the region when None."""
    # AWS's usage types say all; their dozens of operations (each call of S3 is one) share a rate.
    shared = replace(key, operation="") if key.provider == "aws" and key.operation else key
    found = _rate_of(shared, month, factors, basis)
    return replace(found, key=key) if isinstance(found, Rate) and shared is not key else found


@lru_cache(maxsize=4096)
def _rate_of(key: RateKey, month: int, factors: FactorSet, basis: str | None) -> Rate | NotModelled | Refused:
    use = use_of(key, factors, month_text(month), hours_in_month(month))
    if not isinstance(use, Use):
        return use
    return _priced(
        key,
        month,
        factors,
        basis,
        category=use.category,
        rack_wh=use.wh,
        embodied_g=use.embodied_g,
        quality=use.quality,
        reason=use.reason,
        terms=use.terms,
    )


def _priced(
    key: RateKey,
    month: int,
    factors: FactorSet,
    basis: str | None,
    *,
    category: str,
    rack_wh: Band,
    embodied_g: Band,
    quality: str,
    reason: str,
    terms: tuple[Term, ...],
) -> Rate:
    day = month_text(month)
    shown, region, why = region_of(key, factors)
    pue, wue, grid = _of_place(factors, key.provider, region, day, basis)
    energy = rack_wh * Band.of(pue)
    operational = energy * Band.of(grid.factor)
    total = operational + embodied_g
    if terms:
        # What carries nothing has no place to be uncertain about.
        terms = (*terms, Term.of("PUE", pue), Term.of("grid", grid.factor), Term.of("WUE", wue))
        quality = worst(quality, "proxy" if why or grid.factor.quality == "proxy" else "measured")
        reason = _joined(reason, why, *_stand_ins(grid, pue))
    return Rate(
        key=key,
        month=month,
        region=shown,
        category=category,
        quality=quality,
        reason=reason,
        basis=grid.basis,
        by_cost=False,
        energy_uwh=energy.value * _MICRO,
        operational_ug=operational.value * _MICRO,
        embodied_ug=embodied_g.value * _MICRO,
        low_ug=total.low * _MICRO,
        high_ug=total.high * _MICRO,
        water_ul=rack_wh.value * wue.value * _MILLI,
        terms=terms,
    )


@lru_cache(maxsize=4096)
def _of_place(factors: FactorSet, provider: str, region: str, day: str, basis: str | None) -> tuple[Factor, Factor, Grid]:
    """PUE, WUE and grid of a region, read once for all its keys."""
    return factors.pue(provider, region, day), factors.wue(provider, region, day), factors.grid(provider, region, day, basis)


def _stand_ins(grid: Grid, pue: Factor | None = None) -> tuple[str, ...]:
    """What stands in for a factor of the place itself. A PUE that stands in is told; its band holds it."""
    told = grid.proxy or (grid.factor.note if grid.factor.quality == "proxy" else "")
    site = pue.note if pue is not None and pue.quality == "proxy" else ""
    return (f"grid: {told}" if told else "", f"PUE: {site}" if site else "")


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def rate_by_cost(key: RateKey, month: int, factors: FactorSet, ratio: CostRatio, reason: str, basis: str | None = None) -> Rate:
    """The rate of usage without a model: energy and embodied of the money spent on classified usage beside it.

    The ratio's energy already holds the PUE of where it was drawn; the grid is that of the line's own region.
    """
    day = month_text(month)
    shown, region, why = region_of(key, factors)
    pue, wue, grid = _of_place(factors, key.provider, region, day, basis)
    widen = factors.coefficient(f"cost.{ratio.scope}", day)
    operational = Band.exact(ratio.energy_uwh) * Band.of(grid.factor)
    total = (operational + Band.exact(ratio.embodied_ug)) * Band.of(widen)
    place = "its service" if ratio.scope == "within_service" else "the whole bill"
    return Rate(
        key=key,
        month=month,
        region=shown,
        category="unknown",
        quality="unknown",
        reason=_joined(reason, f"valued by cost within {place}", why, *_stand_ins(grid)),
        basis=grid.basis,
        by_cost=True,
        energy_uwh=ratio.energy_uwh,
        operational_ug=operational.value,
        embodied_ug=ratio.embodied_ug,
        low_ug=total.low,
        high_ug=total.high,
        water_ul=ratio.energy_uwh / pue.value * wue.value / _MILLI,
        terms=(
            Term("energy by cost", "bill", ratio.energy_uwh, "µWh per 10^-6 of currency", f"this bill, {place}", ""),
            Term("embodied by cost", "bill", ratio.embodied_ug, "µg per 10^-6 of currency", f"this bill, {place}", ""),
            Term.of("band", widen),
            Term.of("grid", grid.factor),
            Term.of("PUE", pue),
            Term.of("WUE", wue),
        ),
    )


@dataclass(frozen=True)
class RateCard:
    """What became of each distinct key: a rate, no model (then valued by cost), or a refusal (then quarantined)."""

    rates: Mapping[tuple[RateKey, int], Rate]
    not_modelled: Mapping[tuple[RateKey, int], NotModelled]
    refused: Mapping[tuple[RateKey, int], Refused]


def build_rate_card(keys: Iterable[tuple[RateKey, int]], factors: FactorSet, basis: str | None = None) -> RateCard:
    """The rate card of distinct (key, month) pairs; order and repetition do not matter.

    Raises FactorError `factors.provider` for a provider that the set knows nothing of.
    """
    pairs = sorted(set(keys))
    for provider in sorted({key.provider for key, _ in pairs}.difference(factors.providers())):
        able = ", ".join(known.name for known in shipped_sets() if provider in known.providers())
        raise FactorError(
            f"factor set {factors.name} knows no regions of {provider}.",
            code="factors.provider",
            where=factors.name,
            hint=f"Choose a set that does with --factors: {able}." if able else "Choose another set with --factors.",
        )
    rates: dict[tuple[RateKey, int], Rate] = {}
    not_modelled: dict[tuple[RateKey, int], NotModelled] = {}
    refused: dict[tuple[RateKey, int], Refused] = {}
    for key, month in pairs:
        match rate_of(key, month, factors, basis):
            case Rate() as rate:
                rates[key, month] = rate
            case NotModelled() as missing:
                not_modelled[key, month] = missing
            case Refused() as refusal:
                refused[key, month] = refusal
    return RateCard(rates, not_modelled, refused)
