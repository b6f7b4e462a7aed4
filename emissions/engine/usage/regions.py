"""Where a line's usage ran, and whose factors answer for it."""

from __future__ import annotations

import re

from emissions.engine.ratekey import RateKey
from emissions.grid.catalog import GLOBAL_REGION, FactorSet

_PREFIX = re.compile(r"([A-Z]{2,3}\d?)-")
# Local zones, wavelength zones (AWS) and zones (GCP) are named after the region they hang on.
_PARENTS = {
    "aws": re.compile(r"[a-z]{2}(?:-gov)?-[a-z]+-\d"),
    "gcp": re.compile(r"[a-z]+-[a-z]+\d+"),
}


def region_of(key: RateKey, factors: FactorSet) -> tuple[str, str, str]:
    """Where a line's usage ran: region as shown, region whose factors answer, and the reason when they differ."""
    if key.region:
        return _named(key.provider, key.region, factors)
    if key.provider != "aws":
        return GLOBAL_REGION, GLOBAL_REGION, "billed without a region: mean of regions"
    prefix = _PREFIX.match(key.usage_type)
    if prefix is None:
        # AWS leaves the prefix out in its oldest region only.
        return "us-east-1", "us-east-1", ""
    for row in factors.tables["prefixes"]:
        if row["prefix"] == prefix[1] and row["provider"] == key.provider:
            known = factors.has_region(key.provider, row["region"])
            return row["region"], row["region"] if known else GLOBAL_REGION, ""
    return GLOBAL_REGION, GLOBAL_REGION, "billed without a region: mean of regions"


def _named(provider: str, region: str, factors: FactorSet) -> tuple[str, str, str]:
    if factors.has_region(provider, region):
        return region, region, ""
    # Azure writes one region as "US East", "EastUS" and "eastus".
    plain = region.lower().replace(" ", "")
    if factors.has_region(provider, plain):
        return plain, plain, ""
    parent = _PARENTS[provider].match(plain) if provider in _PARENTS else None
    if parent and factors.has_region(provider, parent[0]):
        return region, parent[0], f"factors of {parent[0]}"
    return region, GLOBAL_REGION, f"no factors for {region}: mean of regions"
