"""The factors behind the figures: the rows of a set, searched, and its regions with both bases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emissions.grid.catalog import FactorSet, place
from emissions.grid.factors import Row, decimal_text

# Columns that every table may have and that a list shows at its end, or not at all.
COMMON = ("id", "source", "year", "note", "valid_from", "valid_to")
# A table that is wider than a page shows these; its rows open to all of their columns.
_SHORT = {
    "instances": (
        "provider", "instance_type", "vcpu", "memory_gib", "microarchitecture", "gpu", "teads_w_50", "boavizta_w_50",
        "embodied_kg", "embodied_lifetime_h",
    ),
    "regions": ("provider", "region", "place", "basis", "lifecycle_zone", "direct_zone", "lifecycle_proxy", "direct_proxy"),
}  # fmt: skip
_MOST_COLUMNS = 8


@dataclass(frozen=True)
class RegionFactors:
    """What a set says of one region on a day. Figures are the set's own decimal texts; "" where it has none."""

    provider: str
    region: str
    basis: str
    direct: str
    lifecycle: str
    direct_proxy: str
    lifecycle_proxy: str
    pue: str
    wue: str
    year: str
    source: str
    grid_id: str
    grid_table: str
    region_id: str
    pue_id: str
    wue_id: str


def columns_of(table: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns that a list of a table shows beside id, source, year and validity."""
    there = tuple(name for name in (rows[0] if rows else ()) if name not in COMMON)
    return tuple(name for name in _SHORT[table] if name in there) if table in _SHORT else there[:_MOST_COLUMNS]


def table_rows(found: FactorSet, table: str, *, words: str = "", provider: str = "") -> list[Row]:
    """The rows of a table that hold every word somewhere and belong to the provider."""
    rows = (row for row in found.tables.get(table, ()) if not provider or row.get("provider", provider) == provider)
    return list(_holding(rows, words))


def _holding(rows: Iterator[Row], words: str) -> Iterator[Row]:
    wanted = words.lower().split()
    for row in rows:
        text = "\n".join(row.values()).lower() if wanted else ""
        if all(word in text for word in wanted):
            yield row


def row_of(found: FactorSet, table: str, row_id: str) -> Row | None:
    """The row with that id."""
    return next((row for row in found.tables.get(table, ()) if row["id"] == row_id), None)


def regions(found: FactorSet, day: str, *, words: str = "", provider: str = "") -> list[RegionFactors]:
    """Every region of a set as it stands on a day (ISO text), with both bases beside each other."""
    places = {(row["provider"], row["region"]) for row in found.tables["regions"]}
    told = [_region(found, *at, day) for at in sorted(places) if not provider or at[0] == provider]
    wanted = words.lower().split()
    return [
        region
        for region in told
        if all(word in f"{region.provider} {region.region} {region.source} {region.year}".lower() for word in wanted)
    ]


def _region(found: FactorSet, provider: str, region: str, day: str) -> RegionFactors:
    preferred = found.grid(provider, region, day)
    direct, lifecycle = (found.grid(provider, region, day, basis) for basis in ("direct", "lifecycle"))
    pue, wue = found.pue(provider, region, day), found.wue(provider, region, day)
    named = found.row("regions", place(provider, region), day)
    return RegionFactors(
        provider=provider,
        region=region,
        basis=preferred.basis,
        direct=decimal_text(direct.factor.value),
        lifecycle=decimal_text(lifecycle.factor.value),
        direct_proxy=direct.proxy,
        lifecycle_proxy=lifecycle.proxy,
        pue=decimal_text(pue.value),
        wue=decimal_text(wue.value),
        year=preferred.factor.year,
        source=preferred.factor.source,
        grid_id=preferred.factor.id,
        # India's direct figures are rows of CEA's own table.
        grid_table="cea" if preferred.zone.startswith("cea.") else "grid",
        region_id=named["id"] if named else "",
        pue_id=pue.id,
        wue_id=wue.id,
    )
