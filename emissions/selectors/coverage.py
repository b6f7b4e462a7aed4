"""How much of the bills the figures rest on: spend by quality, usage without a model by name, lines left out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from emissions.engine.results import coverage_ppm
from emissions.models import BillVersion, QuarantinedLine
from emissions.selectors.figures import LedgerFilters, Quarantined
from emissions.selectors.slicing import cells_sql, rows, where_sql

UNKNOWN = "unknown"
QUALITIES = ("measured", "estimated", "proxy", UNKNOWN)
MAX_LISTED = 100
# Spend is a bill's own: amounts of two currencies are never added.
_CURRENCY = "JOIN emissions_ledgerbatch batch ON batch.number = batch_id JOIN emissions_billversion v ON v.id = batch.version_id"


@dataclass(frozen=True)
class QualitySpend:
    """What was spent on energy-bearing usage of one quality; `share_ppm` of all such spend in the same currency."""

    quality: str
    cost_micro: int
    ug: int
    lines: int
    share_ppm: int


@dataclass(frozen=True)
class CurrencyCoverage:
    """Energy-bearing spend in one currency by quality. `known_ppm` is the share with a model, None when nothing was spent."""

    currency: str
    cost_micro: int
    known_ppm: int | None
    qualities: tuple[QualitySpend, ...]


@dataclass(frozen=True)
class UnknownService:
    """A service whose usage, or part of it, has no model: valued by cost within it."""

    service: str
    currency: str
    cost_micro: int
    ug: int
    lines: int
    share_ppm: int


@dataclass(frozen=True)
class LeftOut:
    """Why lines were quarantined, and how many of those that are listed."""

    code: str
    lines: int


@dataclass(frozen=True)
class Lines:
    """The lines of the versions in force: what became of each, the quarantined ones by reason, and the first of them."""

    counts: dict[str, int]
    reasons: tuple[LeftOut, ...]
    quarantined: tuple[tuple[UUID, str, Quarantined], ...]


def coverage(filters: LedgerFilters) -> tuple[CurrencyCoverage, ...]:
    """Energy-bearing spend by quality, one answer per currency, the largest first."""
    where, values = where_sql(filters)
    found = rows(
        "SELECT v.currency, quality, SUM(cost_micro)::bigint, SUM(operational_ug + embodied_ug)::bigint, "  # noqa: S608
        f"SUM(lines)::bigint FROM {cells_sql(filters)} {_CURRENCY} WHERE {where} GROUP BY 1, 2",
        values,
    )
    by_currency: dict[str, dict[str, tuple[int, int, int]]] = defaultdict(dict)
    for currency, quality, *amounts in found:
        by_currency[currency][quality] = (int(amounts[0]), int(amounts[1]), int(amounts[2]))
    return tuple(sorted((_currency(*pair) for pair in by_currency.items()), key=lambda told: -told.cost_micro))


def _currency(currency: str, by_quality: dict[str, tuple[int, int, int]]) -> CurrencyCoverage:
    spent = sum(cost for cost, _ug, _lines in by_quality.values())
    unknown = by_quality.get(UNKNOWN, (0, 0, 0))[0]
    order = [*QUALITIES, *sorted(set(by_quality) - set(QUALITIES))]
    return CurrencyCoverage(
        currency=currency,
        cost_micro=spent,
        known_ppm=coverage_ppm(spent - unknown, spent),
        qualities=tuple(
            QualitySpend(quality, *by_quality[quality], coverage_ppm(by_quality[quality][0], spent) or 0)
            for quality in order
            if quality in by_quality
        ),
    )


def unknown_services(filters: LedgerFilters) -> tuple[UnknownService, ...]:
    """Services with usage that no model knows, by what was spent on it; `share_ppm` of all energy-bearing spend."""
    spent = {told.currency: told.cost_micro for told in coverage(filters)}
    where, values = where_sql(filters)
    found = rows(
        "SELECT service, v.currency, SUM(cost_micro)::bigint AS spent, "  # noqa: S608
        f"SUM(operational_ug + embodied_ug)::bigint, SUM(lines)::bigint FROM {cells_sql(filters)} {_CURRENCY} "
        f"WHERE {where} AND quality = %s GROUP BY 1, 2 ORDER BY spent DESC, 1",
        [*values, UNKNOWN],
    )
    return tuple(
        UnknownService(service, currency, int(cost), int(ug), int(lines), coverage_ppm(int(cost), spent.get(currency, 0)) or 0)
        for service, currency, cost, ug, lines in found
    )


def lines_of_versions(hour_from: int, hour_through: int) -> Lines:
    """What became of every line of the versions that the ledger follows for bills of these hours."""
    followed = BillVersion.objects.filter(
        state=BillVersion.State.CONFIRMED, bill__period_from__lte=hour_through, bill__period_through__gte=hour_from
    )
    counts: dict[str, int] = defaultdict(int)
    for told in followed.values_list("counts", flat=True):
        for name, count in told.items():
            counts[name] += int(count)
    kept = (
        QuarantinedLine.objects.filter(version__in=followed).select_related("version__bill").order_by("version", "file", "line")
    )
    reasons: dict[str, int] = defaultdict(int)
    for code in kept.values_list("code", flat=True):
        reasons[code] += 1
    listed: list[Any] = [
        (row.version_id, f"{row.version.bill} v{row.version.number}", Quarantined(row.file, row.line, row.code, row.message))
        for row in kept[:MAX_LISTED]
    ]
    by_count = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return Lines(dict(counts), tuple(LeftOut(code, number) for code, number in by_count), tuple(listed))
