"""The tables of a factor set: their columns, the name a row is asked by, and which columns are numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emissions.grid.factors import Row
from emissions.grid.places import place

_ORIGIN = ("source", "year", "valid_from", "valid_to")


@dataclass(frozen=True)
class Table:
    """One table: how a row of it is named, its number columns, the units it may state, and whether its days must join."""

    key: Callable[[Row], str]
    required: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    units: frozenset[str] = frozenset()
    unbroken: bool = False
    may_be_empty: bool = False


def _by(column: str) -> Callable[[Row], str]:
    return lambda row: row[column]


def _by_region(row: Row) -> str:
    return place(row["provider"], row["region"])


_WATTS = ("teads_w_idle", "teads_w_10", "teads_w_50", "teads_w_100", "boavizta_w_idle", "boavizta_w_50", "boavizta_w_100")
_OF_SITE = ("provider", "region", "value", "unit", "quality")
_BAND = ("value", "low", "high")
_RATIOS = ("lifecycle_low", "lifecycle_high", "direct_low", "direct_high")

TABLES: dict[str, Table] = {
    "aliases": Table(lambda row: place(row["provider"], row["alias"]), ("provider", "alias", "region")),
    "attributions": Table(_by("id"), ("name", "licence", "text", "url")),
    "cea": Table(
        _by("series"),
        ("series", "db_version", "fiscal_year", "variant", "imports", "value", "unit", "quality"),
        ("value",),
        frozenset({"kgCO2/kWh"}),
    ),
    "coefficients": Table(_by("id"), ("value", "low", "high", "unit", "quality"), ("value", "low", "high"), unbroken=True),
    "grid": Table(
        lambda row: f"{row['basis']}.{row['zone']}",
        ("zone", "basis", "value", "unit", "quality"),
        ("value",),
        frozenset({"kgCO2e/kWh"}),
        unbroken=True,
    ),
    "grid_hourly": Table(
        _by_region,
        ("provider", "region", "basis", "month", *(f"h{hour:02d}" for hour in range(24))),
        tuple(f"h{hour:02d}" for hour in range(24)),
        may_be_empty=True,
    ),
    "gwp": Table(_by("gas"), ("gas", "assessment", "value", "unit", "quality"), ("value",), frozenset({"kgCO2e/kg"})),
    "instances": Table(
        lambda row: place(row["provider"], row["instance_type"]),
        ("provider", "instance_type", "vcpu", "memory_gib", "microarchitecture", "gpu", "gpu_count", "baseline_percent"),
        ("vcpu", "memory_gib", "gpu_count", "baseline_percent", *_WATTS, "embodied_kg", "embodied_lifetime_h"),
        unbroken=True,
    ),
    "power": Table(_by("id"), ("value", "low", "high", "unit", "quality"), ("value", "low", "high"), unbroken=True),
    "prefixes": Table(lambda row: place(row["provider"], row["prefix"]), ("provider", "prefix", "region")),
    "processors": Table(
        _by("name"),
        ("name", "per", "idle_w", "full_w", "quality"),
        ("idle_w", "w_10", "w_50", "full_w"),
        unbroken=True,
    ),
    "pue": Table(_by_region, _OF_SITE, _BAND, frozenset({"ratio"}), unbroken=True),
    "regions": Table(
        _by_region,
        ("provider", "region", "basis", "lifecycle_zone", "direct_zone", *_RATIOS, "lifecycle_proxy", "direct_proxy"),
        _RATIOS,
        unbroken=True,
    ),
    "usage_types": Table(_by("id"), ("provider", "service", "usage_type", "model", "category", "factor", "copies")),
    "wue": Table(_by_region, _OF_SITE, _BAND, frozenset({"l/kWh"}), unbroken=True),
}


def columns_of(table: str) -> tuple[str, ...]:
    """The columns that a table must have."""
    return ("id", *TABLES[table].required, *_ORIGIN)


def key_of(table: str, row: Row) -> str:
    """The name that a row is asked by."""
    return TABLES[table].key(row)
