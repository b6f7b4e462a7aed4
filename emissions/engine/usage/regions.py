"""Where a line's usage ran, and whose factors answer for it."""

from __future__ import annotations

import re
from functools import lru_cache

from emissions.engine.ratekey import RateKey
from emissions.grid.catalog import GLOBAL_REGION, FactorSet, place

_PREFIX = re.compile(r"([A-Z]{2,3}\d?)-")
# An availability zone ("us-east-1a", "us-central1-b") is its region; a local zone ("us-east-1-bos-1") is another town.
_ZONE = re.compile(r"-?[a-z]")


def region_of(key: RateKey, factors: FactorSet) -> tuple[str, str, str]:
    """Where a line's usage ran: region as shown, region whose factors answer, and the reason when they differ."""
    if key.region:
        return _named(key.provider, key.region, factors)
    if key.provider != "aws":
        return GLOBAL_REGION, GLOBAL_REGION, "billed without a region: mean of regions"
    prefix = _PREFIX.match(key.usage_type)
    if prefix is None and " " not in key.usage_type:
        # AWS leaves the prefix out in its oldest region only; a sentence instead of a usage type says no region.
        return "us-east-1", "us-east-1", ""
    for row in factors.named("prefixes", place(key.provider, prefix[1])) if prefix else ():
        known = factors.has_region(key.provider, row["region"])
        return row["region"], row["region"] if known else GLOBAL_REGION, ""
    return GLOBAL_REGION, GLOBAL_REGION, "billed without a region: mean of regions"


@lru_cache(maxsize=4096)
def _named(provider: str, text: str, factors: FactorSet) -> tuple[str, str, str]:
    found = factors.find_region(provider, text)
    if found is None:
        return text, GLOBAL_REGION, f"no factors for {text}: mean of regions"
    if found == GLOBAL_REGION:
        return GLOBAL_REGION, GLOBAL_REGION, "billed without a region: mean of regions"
    rest = text.strip().lower().removeprefix(found)
    if rest == text.strip().lower() and factors.has_region(provider, found) and ":" not in found:
        # Another spelling of the same region ("US East" for eastus): one name stands in the ledger.
        return found, found, ""
    if not rest or _ZONE.fullmatch(rest):
        return found, found, ""
    return text, found, f"factors of {found}"
