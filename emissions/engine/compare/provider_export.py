"""A cloud provider's own carbon export, read into kilograms per service: AWS CARBON_EMISSIONS and Google's Carbon Footprint."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.errors import BillError

_LARGEST = 64 * 2**20
_KG_PER = {"mtco2e": 1000.0, "tco2e": 1000.0, "t": 1000.0, "kgco2e": 1.0, "kg": 1.0, "gco2e": 0.001}
_AWS = ("usage_account_id", "product_code", "usage_period_start")
_GCP = ("usage_month", "service.description", "carbon_footprint_kgCO2e.scope1")


@dataclass(frozen=True)
class ProviderFigure:
    """What a provider says of one of its services in the months compared, kg CO2e. None where its export does not say.

    `operational_kg` is scope 1 and location-based scope 2, `embodied_kg` scope 3, `market_kg` the market-based total.
    """

    service: str
    operational_kg: float = 0.0
    embodied_kg: float = 0.0
    market_kg: float | None = None

    @property
    def total_kg(self) -> float:
        """Location-based, all scopes."""
        return self.operational_kg + self.embodied_kg


@dataclass(frozen=True)
class ProviderExport:
    """A provider's export for some months: its figures by service, its model versions, and how many rows were left out."""

    provider: str
    figures: dict[str, ProviderFigure]
    model_versions: tuple[str, ...]
    months: tuple[str, ...]
    other_rows: int


def read_export(path: Path, *, accounts: Iterable[str], months: Iterable[str]) -> ProviderExport:
    """The export's rows of these usage accounts and months ("2026-02"). Raises BillError naming the file and the line."""
    rows = _rows(path)
    names = set(rows[0]) if rows else set()
    if set(_AWS) <= names:
        provider, told = "aws", [_aws(row, number, path) for number, row in enumerate(rows, start=2)]
    elif set(_GCP) <= names:
        provider, told = "gcp", [_gcp(row, number, path) for number, row in enumerate(rows, start=2)]
    else:
        raise BillError(
            "it is neither AWS CARBON_EMISSIONS nor Google's carbon footprint export.",
            code="export.format",
            where=path.name,
            hint=f"The first has the columns {', '.join(_AWS)}, the second {', '.join(_GCP)}.",
        )
    wanted, wanted_months = set(accounts), set(months)
    figures: dict[str, ProviderFigure] = {}
    versions, seen, other = set(), set(), 0
    for account, month, version, figure in told:
        if account not in wanted or month not in wanted_months:
            other += 1
            continue
        versions.add(version)
        seen.add(month)
        figures[figure.service] = _added(figures.get(figure.service), figure)
    return ProviderExport(provider, figures, tuple(sorted(versions - {""})), tuple(sorted(seen)), other)


_Told = tuple[str, str, str, ProviderFigure]


def _aws(row: Mapping[str, str], line: int, path: Path) -> _Told:
    def kg(name: str) -> float:
        return _kg(row, f"{name}_emissions_value", row.get(f"{name}_emissions_unit") or "MTCO2e", line, path)

    scopes = kg("total_scope_1") + kg("total_scope_2_lbm")
    whole = kg("total_lbm")
    scope_3 = kg("total_scope_3_lbm")
    # Older models have totals only: then all of it is taken for operational.
    figure = ProviderFigure(row["product_code"], scopes or max(0.0, whole - scope_3), scope_3, kg("total_mbm"))
    return row["usage_account_id"], row["usage_period_start"][:7], row.get("model_version", ""), figure


def _gcp(row: Mapping[str, str], line: int, path: Path) -> _Told:
    def kg(name: str) -> float:
        return _kg(row, name, "kgCO2e", line, path)

    scope = "carbon_footprint_kgCO2e."
    figure = ProviderFigure(
        row["service.description"],
        kg(f"{scope}scope1") + kg(f"{scope}scope2.location_based"),
        kg(f"{scope}scope3"),
        kg("carbon_footprint_total_kgCO2e.market_based"),
    )
    return row.get("project.id", ""), row["usage_month"][:7], row.get("carbon_model_version", ""), figure


def _added(before: ProviderFigure | None, more: ProviderFigure) -> ProviderFigure:
    if before is None:
        return more
    return replace(
        before,
        operational_kg=before.operational_kg + more.operational_kg,
        embodied_kg=before.embodied_kg + more.embodied_kg,
        market_kg=(before.market_kg or 0.0) + (more.market_kg or 0.0),
    )


def _kg(row: Mapping[str, str], name: str, unit: str, line: int, path: Path) -> float:
    text = row.get(name) or "0"
    factor = _KG_PER.get(unit.lower())
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if factor is None or not abs(number) < 1e15:
        raise BillError(
            f"{name} is {text[:40]!r} {unit[:20]!r}, no mass.", code="export.value", where=f"{path.name}, line {line}"
        )
    return number * factor


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows as texts by column; nested columns by their dotted path."""
    try:
        if path.stat().st_size > _LARGEST:
            raise BillError("it is larger than 64 MiB.", code="export.too_large", where=path.name, hint="Give one year's rows.")
        with path.open("rb") as file:
            head = file.read(4)
        if head == b"PAR1":
            return [_flat(row) for row in pq.read_table(path).to_pylist()]
        with gzip.open(path, "rb") if head[:2] == b"\x1f\x8b" else path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise BillError("it is larger than 64 MiB.", code="export.too_large", where=path.name, hint="Give one year's rows.")
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), restval=""))
    except (OSError, UnicodeDecodeError, csv.Error, EOFError, pa.ArrowInvalid) as error:
        raise BillError(f"it cannot be read: {error}", code="export.unreadable", where=path.name) from error


def _flat(row: Mapping[str, Any], before: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = "" if value is None else str(value)
    return found
