"""By whose method a bill is valued: our own, or Cloud Carbon Footprint's for comparison."""

from __future__ import annotations

from collections.abc import Iterable

from cloudtuner.errors import FactorError
from emissions.engine.ccf.card import ccf_rate_card
from emissions.engine.ratecard import RateCard, build_rate_card
from emissions.engine.ratekey import RateKey
from emissions.grid.catalog import FactorSet

OWN, CCF = "cloudtuner", "ccf"
METHODS = (OWN, CCF)


def rate_card(method: str, keys: Iterable[tuple[RateKey, int]], factors: FactorSet, basis: str | None) -> RateCard:
    """The rate card of distinct (key, month) pairs by a method. Raises FactorError for a method or provider we do not have."""
    match method:
        case "cloudtuner":
            return build_rate_card(keys, factors, basis)
        case "ccf":
            return ccf_rate_card(keys)
        case _:
            raise FactorError(f"there is no method {method!r}.", code="method.unknown", hint=f"Use {' or '.join(METHODS)}.")
