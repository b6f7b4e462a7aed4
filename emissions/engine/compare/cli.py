"""`cloudtuner compare BILL`: our figures, Cloud Carbon Footprint's and the provider's own side by side, and why they differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cloudtuner.clock import hour_start
from cloudtuner.units import group
from emissions.billing.detection import AUTO
from emissions.engine.cli import AsJson, Bills, Factors, Format, Memory, Threads
from emissions.engine.compare.differences import compare_key
from emissions.engine.compare.provider_export import ProviderExport, read_export
from emissions.engine.compare.table import MARKET, Cause, Comparison, Row, compare
from emissions.engine.estimate import Estimate
from emissions.engine.running import bills_of, estimating, refusing

_CCF = "Cloud Carbon Footprint (aws 0.15.0)"


def compare_command(
    files: Bills = None,
    provider_export: Annotated[
        Path | None,
        typer.Option(help="The provider's own carbon export: AWS CARBON_EMISSIONS or Google's, CSV or Parquet.", exists=False),
    ] = None,
    format_name: Format = AUTO,
    factors: Factors = None,
    as_json: AsJson = False,
    threads: Threads = 2,
    memory: Memory = "1GiB",
) -> None:
    """Compare a bill's figures with Cloud Carbon Footprint's method and with the provider's own export."""
    reading = estimating(
        bills_of(files), as_json=as_json, factors=factors, format_name=format_name, threads=threads, memory=memory
    )
    with reading as found, refusing(as_json=as_json):
        export = None
        if provider_export is not None:
            accounts = [account.account for account in found.accounts]
            export = read_export(provider_export, accounts=accounts, months=_months(found))
        keys = [compare_key(amount, found.rates[amount.key, amount.month]) for amount in found.amounts()]
        told = compare(keys, export)
        if as_json:
            typer.echo(json.dumps(_object(told, found), ensure_ascii=False, indent=2))
        else:
            _print(told, found, Console(markup=False))


def _months(found: Estimate) -> list[str]:
    """The calendar months of the bill, as "2026-02"."""
    first, last = hour_start(found.bill.period_from), hour_start(found.bill.period_through)
    numbers = range(12 * first.year + first.month - 1, 12 * last.year + last.month)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]


def _object(told: Comparison, found: Estimate) -> dict[str, Any]:
    """The comparison as JSON; kilograms as decimal texts to the microgram."""
    return {
        "factor_set": found.factor_set,
        "ours_kg": _text(told.ours_kg),
        "ccf_kg": _text(told.ccf_kg),
        "rows": [
            {
                "category": row.category,
                "service": row.service,
                "lines": row.lines,
                "ours_operational_kg": _text(row.ours_operational_kg),
                "ours_embodied_kg": _text(row.ours_embodied_kg),
                "ccf_operational_kg": _text(row.ccf_operational_kg),
                "ccf_embodied_kg": _text(row.ccf_embodied_kg),
                "difference_by_cause_kg": {cause: _text(kg) for cause, kg in sorted(row.by_cause.items())},
            }
            for row in told.rows
        ],
        "causes": _causes(told.causes),
        "provider": None if told.export is None else _provider_object(told, told.export),
    }


def _provider_object(told: Comparison, export: ProviderExport) -> dict[str, Any]:
    return {
        "provider": export.provider,
        "model_versions": list(export.model_versions),
        "months": list(export.months),
        "rows_of_other_accounts_or_months": export.other_rows,
        "services": [
            {
                "service": pair.service,
                "ours_kg": _text(pair.ours_kg),
                "provider_kg": _text(pair.figure.total_kg if pair.figure else None),
                "provider_operational_kg": _text(pair.figure.operational_kg if pair.figure else None),
                "provider_scope3_kg": _text(pair.figure.embodied_kg if pair.figure else None),
                "provider_market_based_kg": _text(pair.figure.market_kg if pair.figure else None),
            }
            for pair in told.services
        ],
        "causes": _causes(told.provider_causes),
        "market_based": MARKET,
    }


def _causes(causes: tuple[Cause, ...]) -> list[dict[str, str | None]]:
    return [{"cause": cause.name, "kg": _text(cause.kg), "words": cause.words} for cause in causes]


def _text(kg: float | None) -> str | None:
    return None if kg is None else f"{kg:.9f}"


class _Scale:
    """The unit of mass that a bill's figures are shown in: kilograms, grams for a small one."""

    def __init__(self, kg: float) -> None:
        self.unit, self._per_kg = ("kg", 1) if kg >= 1 else ("g", 1000)

    def __call__(self, kg: float | None) -> str:
        """Three places, grouped; a dash where there is no figure."""
        if kg is None:
            return "–"
        text = f"{kg * self._per_kg:.3f}"
        return group("0.000" if text == "-0.000" else text)


def _print(told: Comparison, found: Estimate, console: Console) -> None:
    shown = _Scale(max(told.ours_kg, told.ccf_kg or 0.0))
    table = Table(title=f"{shown.unit} CO2e by category and service, estimated", title_justify="left", show_footer=True)
    table.add_column("Category", "Total")
    table.add_column("Service", overflow="fold")
    table.add_column("Ours", shown(told.ours_kg), justify="right", no_wrap=True)
    table.add_column("of it embodied", shown(sum(row.ours_embodied_kg for row in told.rows)), justify="right", no_wrap=True)
    table.add_column("CCF", shown(told.ccf_kg), justify="right", no_wrap=True)
    table.add_column("Main reason", overflow="fold")
    for row in told.rows:
        cells = (shown(row.ours_kg), shown(row.ours_embodied_kg), shown(row.ccf_kg), _main(row))
        table.add_row(row.category, row.service, *cells)
    console.print(table)
    if told.ccf_kg is None:
        console.print(f"{_CCF} is repeated for AWS bills only.", highlight=False)
    elif told.causes:
        difference = shown(told.ours_kg - told.ccf_kg)
        console.print(f"Ours − {_CCF} = {difference} {shown.unit}, one change at a time:", highlight=False)
        _print_causes(told.causes, shown, console)
    if told.export is not None:
        _print_provider(told, told.export, console)
    console.print(f"Factor set {found.factor_set}", highlight=False, soft_wrap=True)


def _main(row: Row) -> str:
    return max(row.by_cause, key=lambda cause: abs(row.by_cause[cause])) if row.by_cause else ""


def _print_provider(told: Comparison, export: ProviderExport, console: Console) -> None:
    shown = _Scale(max(told.ours_kg, *(figure.total_kg for figure in export.figures.values()), 0.0))
    versions = ", ".join(export.model_versions) or "not stated"
    title = f"{shown.unit} CO2e by service, ours and the provider's own ({export.provider}, model {versions})"
    table = Table(title=title, title_justify="left")
    table.add_column("Service", overflow="fold")
    for name in ("Ours", "Provider", "of it scope 3", "market-based"):
        table.add_column(name, justify="right", no_wrap=True)
    for pair in told.services:
        figure = pair.figure
        theirs = (figure.total_kg, figure.embodied_kg, figure.market_kg) if figure else (None, None, None)
        table.add_row(pair.service, shown(pair.ours_kg), *(shown(value) for value in theirs))
    console.print(table)
    if export.other_rows:
        console.print(f"{export.other_rows} rows of other accounts or months were left out.", highlight=False)
    total = sum(pair.ours_kg - (pair.figure.total_kg if pair.figure else 0.0) for pair in told.services)
    console.print(f"Ours − the provider's = {shown(total)} {shown.unit}:", highlight=False)
    _print_causes(told.provider_causes, shown, console)
    console.print(f"Note: {MARKET}.", highlight=False, soft_wrap=True)


def _print_causes(causes: tuple[Cause, ...], shown: _Scale, console: Console) -> None:
    for cause in causes:
        console.print(f"  {shown(cause.kg):>16} {shown.unit}  {cause.words}", highlight=False, soft_wrap=True)
