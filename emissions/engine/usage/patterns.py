"""Which rows of the usage table speak of a rate key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from emissions.engine.ratekey import RateKey
from emissions.grid.catalog import FactorSet
from emissions.grid.factors import Row

EVERY_SERVICE = "*"
_Pattern = tuple[re.Pattern[str] | None, re.Pattern[str], Row]


def rows_for(factors: FactorSet, key: RateKey) -> Iterator[Row]:
    """The rows whose service and usage type fit a key, in the order of their ids: the first whose unit fits too wins.

    A service is named whole, a usage type by any part of its text. What a meter is called stands in the usage type;
    where a provider also names an operation, that is read with it. Oracle names the product there and what is billed of
    it in the unit ("Standard - E4" by "ONE HOURS OCPUS"): both are read, with a bar between them.
    """
    match key.provider:
        case "aws":
            text = key.usage_type
        case "oci":
            text = f"{key.usage_type} {key.operation} | {key.unit}"
        case _:
            text = f"{key.usage_type} {key.operation}"
    for usage_type, row in _of_service(factors, key.provider, key.service):
        if usage_type.search(text):
            yield row


@lru_cache(maxsize=4096)
def _of_service(factors: FactorSet, provider: str, service: str) -> tuple[tuple[re.Pattern[str], Row], ...]:
    rows = _patterns(factors).get(provider, ())
    return tuple((usage_type, row) for named, usage_type, row in rows if named is None or named.fullmatch(service))


@lru_cache(maxsize=8)
def _patterns(factors: FactorSet) -> dict[str, list[_Pattern]]:
    found: dict[str, list[_Pattern]] = {}
    for row in sorted(factors.tables["usage_types"], key=lambda row: row["id"]):
        service = None if row["service"] == EVERY_SERVICE else re.compile(row["service"])
        found.setdefault(row["provider"], []).append((service, re.compile(row["usage_type"]), row))
    return found
