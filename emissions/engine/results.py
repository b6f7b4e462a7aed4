"""What an estimate says: the bill it read, its hourly rows, its accounts, and the lines it could not value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from emissions.engine.work import coverage_bp

# A bill has few names and many hours, so a row has the number of each name.
_NAME = pa.dictionary(pa.int32(), pa.string())
HOURS_SCHEMA = pa.schema(
    [
        ("account", _NAME),
        ("hour", pa.int64()),
        ("region", _NAME),
        ("service", _NAME),
        ("category", _NAME),
        ("quality", _NAME),
        ("basis", _NAME),
        ("energy_uwh", pa.int64()),
        ("operational_ug", pa.int64()),
        ("embodied_ug", pa.int64()),
        ("low_ug", pa.int64()),
        ("high_ug", pa.int64()),
        ("water_ul", pa.int64()),
        ("lines", pa.int64()),
        ("cost_micro", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Bill:
    """Which bill was read. `bill_digest` = sha256 of the JCS list of `file_digests`, which are sorted."""

    provider: str
    payer: str
    export_name: str
    format_name: str
    currency: str
    period_from: int
    period_through: int
    file_digests: tuple[str, ...]
    bill_digest: str


@dataclass(frozen=True)
class AccountSummary:
    """One usage account of a bill. `ug` and `energy_uwh` are re-checkable: they leave out what was valued by cost.

    `lines` and `lines_without_invoice` count every line of the account, with and without energy: all of them need an
    invoice id before the account's month is final.
    """

    account: str
    hour_from: int
    hour_through: int
    lines: int
    lines_without_invoice: int
    ug: int
    energy_uwh: int
    by_cost_ug: int
    quarantined: int


@dataclass(frozen=True)
class QuarantinedLine:
    """A line that could not be valued: counted and shown, never claimable."""

    file: str
    line: int
    code: str
    message: str
    account: str = ""


@dataclass(frozen=True)
class Counts:
    """How many lines: `lines` = with_energy + without_energy + quarantined + duplicates; `unknown` is a part of with_energy."""

    lines: int
    with_energy: int
    without_energy: int
    unknown: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True)
class Coverage:
    """The share of energy-bearing spend whose quality is not unknown, in millionths of the currency unit."""

    known_cost_micro: int
    energy_cost_micro: int
    cost_by_quality: dict[str, int] = field(default_factory=dict)

    @property
    def basis_points(self) -> int:
        """Known spend per ten thousand of energy-bearing spend, from 0 to 10000; 10000 when nothing was spent."""
        return coverage_bp(self.known_cost_micro, self.energy_cost_micro)

    @property
    def ppm(self) -> int | None:
        """The same in millionths; None when nothing was spent."""
        return coverage_ppm(self.known_cost_micro, self.energy_cost_micro)


def coverage_ppm(known_cost_micro: int, energy_cost_micro: int) -> int | None:
    """The share of energy-bearing spend with a model, from 0 to a million; None when nothing was spent.

    Refunds are negative: without bounds a part could be more than the whole, or less than nothing.

    >>> coverage_ppm(79, 100), coverage_ppm(-5, 100), coverage_ppm(1_000, 1), coverage_ppm(1, 0)
    (790000, 0, 1000000, None)
    """
    if energy_cost_micro <= 0:
        return None
    return min(1_000_000, max(0, 1_000_000 * known_cost_micro // energy_cost_micro))


def numbered(names: pa.Array | pa.ChunkedArray) -> pa.DictionaryArray:
    """Texts by their numbers in alphabetical order, so that equal rows make equal tables."""
    known = pc.unique(names)
    known = known.take(pc.array_sort_indices(known))
    numbers = pc.index_in(names, known)
    return pa.DictionaryArray.from_arrays(numbers.combine_chunks() if isinstance(numbers, pa.ChunkedArray) else numbers, known)


def sums_by(table: pa.Table, keys: Sequence[str], names: Sequence[str]) -> list[dict[str, Any]]:
    """Sums of integer columns per combination of keys, as Python integers, in the order of the keys.

    Arrow adds 64-bit integers without looking whether they still fit; decimals have room for every bill.
    """
    wide = table.select([*keys, *names])
    for place, name in enumerate(names, start=len(keys)):
        wide = wide.set_column(place, name, wide[name].cast(pa.decimal128(38, 0)))
    found = wide.group_by(list(keys), use_threads=False).aggregate([(name, "sum") for name in names]).to_pylist()
    rows = [{key: row[key] for key in keys} | {name: int(row[f"{name}_sum"]) for name in names} for row in found]
    return sorted(rows, key=lambda row: tuple(row[key] for key in keys))
