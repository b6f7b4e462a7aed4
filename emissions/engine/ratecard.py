"""How many micrograms one billed unit is: the rate card, built once per distinct rate key and month.

operational µg = quantity × Wh per unit × 10^6 × PUE × grid (kgCO2e/kWh; 1 µWh at 1 kg/kWh is 1 µg)
embodied µg    = quantity × grams per unit × 10^6
water µl       = quantity × Wh per unit × 10^3 × WUE (l/kWh of the servers' energy, as The Green Grid defines it: no PUE)
Where the set has a profile of a region's day, the grid factor is multiplied by the ratio of the line's hour (UTC).
All arithmetic is exact; each rate is turned once into the nearest double, which the fact query multiplies: one double for
each hour of the day where there is a profile, so that a line stays one multiplication.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache

from cloudtuner.clock import hour_start, month_hours
from cloudtuner.errors import FactorError
from emissions.engine.band import Band
from emissions.engine.hourly import DAY, HOUR_OF_DAY, HourRate, hour_rates, term_of
from emissions.engine.ratekey import RateKey
from emissions.engine.terms import Term, worst
from emissions.engine.usage import NotModelled, Refused, Use, region_of, use_of
from emissions.grid.catalog import FactorSet, Grid, HourlyProfile, shipped_sets
from emissions.grid.factors import Factor

_MICRO = 10**6
_MILLI = 10**3
Doubles = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Rate:
    """Exact rates per unit of quantity (per 10^-6 of currency when `by_cost`), and everything that is shown of them.

    `hours` are the 24 hours of a day, UTC, where the set has a profile of the region's day; else there are none.
    """

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
    hours: tuple[HourRate, ...] = ()

    @cached_property
    def doubles(self) -> Doubles:
        """Energy, operational, embodied, low, high, water as the nearest doubles, at the mean intensity of the grid."""
        return (
            float(self.energy_uwh),
            float(self.operational_ug),
            float(self.embodied_ug),
            float(self.low_ug),
            float(self.high_ug),
            float(self.water_ul),
        )

    def at(self, hour: int) -> Doubles:
        """The doubles of a line that lies in one hour (hours since 1970, UTC)."""
        if not self.hours:
            return self.doubles
        energy, _, embodied, _, _, water = self.doubles
        told = self.hours[hour % DAY]
        return (energy, float(told.operational_ug), embodied, float(told.low_ug), float(told.high_ug), water)

    @cached_property
    def ceiling(self) -> float:
        """The largest of the doubles at any hour: a quantity times this must stay below 2^53."""
        return max(*self.doubles, *(max(self.at(hour)) for hour in range(len(self.hours))))

    @property
    def mean_terms(self) -> tuple[Term, ...]:
        """The terms of a line that lasts longer than an hour: without the profile of the day."""
        return tuple(term for term in self.terms if term.part != HOUR_OF_DAY)

    def terms_at(self, hour: int) -> tuple[Term, ...]:
        """The terms, with the ratio of an hour in place of the day's mean."""
        if not self.hours:
            return self.terms
        ratio, at = self.hours[hour % DAY].ratio, f"ratio at {hour % DAY:02d}:00 UTC"
        return tuple(replace(term, value=ratio, unit=at) if term.part == HOUR_OF_DAY else term for term in self.terms)


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
    shared = replace(key, operation="" if key.provider == "aws" else key.operation, span="")
    found = _rate_of(shared, month, factors, basis)
    if not isinstance(found, Rate) or shared == key:
        return found
    if key.span:
        # Longer than an hour: a whole day holds every hour, so the day's mean stands, which is the grid's own factor.
        found = replace(found, hours=(), terms=found.mean_terms)
    return replace(found, key=key)


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
    shown, region, why = region_of(key, factors)
    place = _place(factors, key.provider, region, month_text(month), basis)
    operational, embodied = rack_wh * place.operational_ug, embodied_g.scaled(_MICRO)
    profile = place.profile if terms else None
    if terms:
        # What carries nothing has no place to be uncertain about.
        terms = (*terms, *place.terms)
        quality = worst(quality, "proxy" if why or place.grid.factor.quality == "proxy" else "measured")
        reason = _joined(reason, why, *_stand_ins(place.grid, place.pue))
    return Rate(
        key=key,
        month=month,
        region=shown,
        category=category,
        quality=quality,
        reason=reason,
        basis=place.grid.basis,
        by_cost=False,
        energy_uwh=rack_wh.value * place.energy_uwh,
        operational_ug=operational.value,
        embodied_ug=embodied.value,
        low_ug=operational.low + embodied.low,
        high_ug=operational.high + embodied.high,
        water_ul=rack_wh.value * place.water_ul,
        terms=terms,
        hours=hour_rates(profile, operational, embodied),
    )


@dataclass(frozen=True)
class _Place:
    """What a region makes of a watt-hour of its servers: microwatt-hours, micrograms and microlitres."""

    pue: Factor
    wue: Factor
    grid: Grid
    profile: HourlyProfile | None
    energy_uwh: Fraction
    operational_ug: Band
    water_ul: Fraction
    terms: tuple[Term, ...]


@lru_cache(maxsize=4096)
def _place(factors: FactorSet, provider: str, region: str, day: str, basis: str | None) -> _Place:
    """PUE, WUE, grid and profile of the day of a region, read and multiplied once for all its keys."""
    pue, wue = factors.pue(provider, region, day), factors.wue(provider, region, day)
    grid, profile = factors.grid(provider, region, day, basis), factors.hourly_profile(provider, region, day, basis)
    return _Place(
        pue=pue,
        wue=wue,
        grid=grid,
        profile=profile,
        energy_uwh=pue.value * _MICRO,
        operational_ug=(Band.of(pue) * Band.of(grid.factor)).scaled(_MICRO),
        water_ul=wue.value * _MILLI,
        terms=(Term.of("PUE", pue), Term.of("grid", grid.factor), *term_of(profile), Term.of("WUE", wue)),
    )


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
    place = _place(factors, key.provider, region, day, basis)
    pue, wue, grid, profile = place.pue, place.wue, place.grid, place.profile
    widen = factors.coefficient(f"cost.{ratio.scope}", day)
    operational = Band.exact(ratio.energy_uwh) * Band.of(grid.factor)
    embodied = Band.exact(ratio.embodied_ug)
    total = (operational + embodied) * Band.of(widen)
    over = "its service" if ratio.scope == "within_service" else "the whole bill"
    return Rate(
        key=key,
        month=month,
        region=shown,
        category="unknown",
        quality="unknown",
        reason=_joined(reason, f"valued by cost within {over}", why, *_stand_ins(grid)),
        basis=grid.basis,
        by_cost=True,
        energy_uwh=ratio.energy_uwh,
        operational_ug=operational.value,
        embodied_ug=ratio.embodied_ug,
        low_ug=total.low,
        high_ug=total.high,
        water_ul=ratio.energy_uwh / pue.value * wue.value / _MILLI,
        terms=(
            Term("energy by cost", "bill", ratio.energy_uwh, "µWh per 10^-6 of currency", f"this bill, {over}", ""),
            Term("embodied by cost", "bill", ratio.embodied_ug, "µg per 10^-6 of currency", f"this bill, {over}", ""),
            Term.of("band", widen),
            Term.of("grid", grid.factor),
            *term_of(profile),
            Term.of("PUE", pue),
            Term.of("WUE", wue),
        ),
        hours=hour_rates(profile, _widened(operational, widen), _widened(embodied, widen)),
    )


def _widened(band: Band, widen: Factor) -> Band:
    """A band with its ends widened by a factor's; its central value stays."""
    return Band(band.value, band.low * widen.low, band.high * widen.high)


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
