"""Cloud Carbon Footprint's answers as a rate card, so that the same query values a bill by its method (`--method ccf`)."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from cloudtuner.errors import FactorError
from emissions.engine.ccf.formula import BYTES, Footprint, Line, footprint
from emissions.engine.ratecard import Rate, RateCard, hours_in_month
from emissions.engine.ratekey import RateKey
from emissions.engine.terms import Term
from emissions.engine.usage import NotModelled

SOURCE, YEAR = "Cloud Carbon Footprint aws 0.15.0 (Apache-2.0)", "2023"
_UWH_PER_KWH = 10**9
_UG_PER_T = 10**12
_BY_COST = "Cloud Carbon Footprint values it by cost, over all usage billed in the same unit"


def ccf_footprint(key: RateKey, month: int) -> Footprint:
    """CCF's footprint of one unit of a rate key. Raises FactorError for a provider whose package we do not repeat."""
    if key.provider != "aws":
        raise FactorError(
            f"the method ccf repeats Cloud Carbon Footprint's package for AWS; this bill is {key.provider}'s.",
            code="method.provider",
            hint="Leave --method out.",
        )
    return footprint(Line(key.service, key.usage_type, key.unit, key.region, hours_in_month(month)), 1.0)


def ccf_rate(key: RateKey, month: int) -> Rate:
    """CCF's rate of a key in a month: its operational parts, and embodied as it has it. It gives no band and no water.

    Usage that CCF values by cost comes to nothing here and is `unknown`: its ratios depend on the order of the bill.
    """
    found = ccf_footprint(key, month)
    operational = Fraction(found.operational_t * _UG_PER_T)
    embodied = Fraction(found.embodied_t * _UG_PER_T)
    unknown = found.kind == "unknown"
    return Rate(
        key=key,
        month=month,
        region=key.region or "global",
        category=_category(found),
        quality="unknown" if unknown else "estimated",
        reason="; ".join(found.defects) or (_BY_COST if unknown else ""),
        basis="direct",
        by_cost=unknown,
        energy_uwh=Fraction(found.operational_kwh * _UWH_PER_KWH),
        operational_ug=operational,
        embodied_ug=embodied,
        low_ug=operational + embodied,
        high_ug=operational + embodied,
        water_ul=Fraction(0),
        terms=(
            Term("grid", f"ccf.{key.region or 'Unknown'}", Fraction(str(found.t_per_kwh * 1000)), "kgCO2e/kWh", SOURCE, YEAR),
        ),
    )


def _category(found: Footprint) -> str:
    if found.kind == "unknown":
        return "unknown"
    parts = {"compute": found.compute_kwh, "storage": found.storage_kwh, "network": found.network_kwh}
    return next((name for name, kwh in parts.items() if kwh or (name == "storage" and BYTES in found.defects)), "none")


def ccf_rate_card(keys: Iterable[tuple[RateKey, int]]) -> RateCard:
    """The rate card of distinct (key, month) pairs by CCF's method. Nothing is refused and nothing is valued by our ratios."""
    rates = {(key, month): ccf_rate(key, month) for key, month in sorted(set(keys))}
    return RateCard(rates, dict[tuple[RateKey, int], NotModelled](), {})
