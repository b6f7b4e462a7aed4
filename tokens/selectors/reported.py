"""What a node's hours are made of when its bills are not in our ledger: its attested reports' own lines, valued again."""

from __future__ import annotations

from collections import Counter

from cloudtuner.errors import CloudTunerError, ServiceError
from emissions.engine.hourly import DAY
from emissions.engine.identity import ENGINE_ID
from emissions.engine.ratecard import Rate, month_of, rate_of
from emissions.engine.ratekey import RateKey
from emissions.engine.recompute import value_quantity
from emissions.grid.catalog import load_factor_set
from emissions.models import ReportedMonth
from emissions.poce.lines import StrippedLines
from emissions.register.models import ReportCommitment
from emissions.store import default_store
from tokens.models import Lot
from tokens.network import reading
from tokens.selectors.cells import Cell, Composition
from tokens.selectors.rulers import leaf_of_round


def reports_without_ledger(node: str, hour_from: int, hour_through: int) -> list[ReportCommitment]:
    """The node's attested reports of these hours whose month our ledger did not state: its own agent posted them."""
    entry = reading.leaf_of(reading.newest_posted(), node)
    if entry is None:
        return []
    here = ReportedMonth.objects.filter(node=node).values_list("hour_through", flat=True)
    found = ReportCommitment.objects.filter(
        report_hash__in=entry.reports, hour_from__lte=hour_through, hour_through__gte=hour_from
    ).defer("report", "hours")
    return list(found.exclude(hour_through__in=list(here)).order_by("hour_from"))


def reports_of_round(lot: Lot, hour_from: int, hour_through: int) -> list[ReportCommitment]:
    """The reports behind a lot that an airdrop round paid, those of these hours."""
    entry = leaf_of_round(lot)
    found = ReportCommitment.objects.filter(
        report_hash__in=entry.reports if entry else (), hour_from__lte=hour_through, hour_through__gte=hour_from
    ).defer("report", "hours")
    return list(found.order_by("hour_from"))


def composition_of(report: ReportCommitment, hour_from: int, hour_through: int, *, kept: dict[str, StrippedLines]) -> Composition:
    """What the lines of a report come to in some of its hours. `kept` holds the lines that were read, for the next hours.

    Raises ServiceError `retirement.other_method` when this release cannot value them as the report did.
    """
    if report.engine != ENGINE_ID:
        raise _other_method(report, f"engine {report.engine[:10]}…")
    try:
        factors = load_factor_set(report.factor_set)
        if report.lines_digest not in kept:
            kept[report.lines_digest] = StrippedLines.from_bytes(default_store().read(report.lines_digest))
    except CloudTunerError as error:
        raise _other_method(report, str(error)) from error
    lines = kept[report.lines_digest].between(hour_from, hour_through)
    keys = [RateKey.from_text(text) for text in lines.rate_keys]
    rates: dict[tuple[int, int], Rate] = {}
    found = Composition()
    # Most quantities are one hour, so equal lines of an hour of the day in a month are valued once.
    counted = Counter((key, month_of(hour), hour % DAY, quantity) for hour, key, quantity in lines.lines)
    for (key, month, hour, quantity), count in counted.items():
        rate = rates.get((key, month))
        if rate is None:
            told = rate_of(keys[key], month, factors)
            if not isinstance(told, Rate):
                raise _other_method(report, f"no rate values {keys[key].usage_type}")
            rate = rates[key, month] = told
        energy_uwh, operational_ug, embodied_ug, low_ug, high_ug = (count * one for one in value_quantity(quantity, rate, hour))
        found.cells[Cell("operational", rate.region, rate.basis, rate.quality)] += operational_ug
        found.cells[Cell("embodied", rate.region, rate.basis, rate.quality)] += embodied_ug
        found.energy_uwh += energy_uwh
        found.low_ug += low_ug
        found.high_ug += high_ug
    return found


def _other_method(report: ReportCommitment, why: str) -> ServiceError:
    return ServiceError(
        f"the report {report.report_hash[:10]}… cannot be broken down into regions and qualities: {why}",
        code="retirement.other_method",
        hint="Let your node report the month again with its present release.",
    )
