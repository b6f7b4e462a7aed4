"""Which region a bill means: ids, zones below them, names that people use, and countries where nothing closer is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emissions.grid.factor_set import FactorSet

GLOBAL_REGION = "global"
COUNTRY = "country:"
# A zone or a local zone is named after its region: us-central1-a, us-east-1a, us-east-1-bos-1, ap-southeast-2-per-1.
_PARENT = re.compile(r"((?:[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d)|(?:[a-z]+-[a-z]+\d+))(?:[a-z]|-.+)")


def place(provider: str, region: str) -> str:
    """A region's name over all providers.

    >>> place("aws", "us-east-1")
    'aws.us-east-1'
    """
    return f"{provider}.{region}"


def plain(text: str) -> str:
    """A name without what spellings differ in: case, spaces, brackets, hyphens.

    >>> plain("(US) East US 2"), plain("AP Southeast")
    ('useastus2', 'apsoutheast')
    """
    return re.sub(r"[^a-z0-9]", "", text.lower())


def region_in(factors: FactorSet, provider: str, text: str) -> str | None:
    """The region id that a text means for a provider, the region above a zone, a country, or None."""
    wanted = text.strip().lower()
    if not wanted:
        return None
    if factors.has_region(provider, wanted):
        return wanted
    parent = _PARENT.fullmatch(wanted)
    if parent and factors.has_region(provider, parent[1]):
        return parent[1]
    bare = plain(wanted)
    if factors.has_region(provider, bare):
        return bare
    for alias in factors.named("aliases", place(provider, bare)) or factors.named("aliases", place("any", bare)):
        return alias["region"]
    return None
