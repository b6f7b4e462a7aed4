"""`cloudtuner estimate FILE…`: what a bill emitted, on the terminal or as JSON."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cloudtuner.clock import hour_text
from cloudtuner.errors import CloudTunerError
from cloudtuner.units import decimal_text, group
from emissions.billing.detection import AUTO
from emissions.engine.estimate import Estimate, estimate
from emissions.engine.results import sums_by
from emissions.grid.catalog import load_factor_set
from emissions.sources.fetching import local_bills

_SHOWN_FAULTS = 10
_NARROW = 130


def estimate_command(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders, manifests or s3://, gs:// or az:// prefixes of one bill: CSV, gzip, zstd or Parquet.",
            metavar="BILL…",
        ),
    ],
    format_name: Annotated[
        str,
        typer.Option("--format", help="auto (from the columns), cur, cur2, focus, azure, gcp or oci."),
    ] = AUTO,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse the bill when a line cannot be valued.")] = False,
    lines_out: Annotated[
        Path | None, typer.Option("--lines-out", help="Write each valued line to this .csv or .parquet file.", dir_okay=False)
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads; the figures do not depend on it.")] = 2,
    memory: Annotated[str, typer.Option(help="Memory limit; what does not fit goes to disk.")] = "1GiB",
) -> None:
    """Estimate the emissions of a cloud bill. Exit code 2 when the bill is refused."""
    errors = Console(stderr=True)
    # What was fetched stays until the figures are told: they are read from it again.
    with ExitStack() as fetched:
        try:
            columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
            with Progress(*columns, console=errors, transient=True, disable=as_json) as bar:
                task = bar.add_task("Reading", total=None)

                def tell(step: str, done: int, total: int) -> None:
                    if step != "read":  # files; the rows say more
                        bar.update(task, description=step.capitalize(), completed=done, total=total)

                def tell_fetched(done: int, total: int) -> None:
                    tell("fetching", done, total)

                found = estimate(
                    fetched.enter_context(local_bills(files, on_progress=tell_fetched)),
                    factor_set=load_factor_set(),
                    format_name=format_name,
                    threads=threads,
                    memory_limit=memory,
                    strict=strict,
                    on_progress=tell,
                    lines_out=lines_out,
                )
        except CloudTunerError as error:
            if as_json:
                typer.echo(json.dumps({"error": {"code": error.code, "message": str(error)}}, ensure_ascii=False))
            errors.print(f"[bold red]Refused[/] ({error.code})", highlight=False)
            errors.print(str(error), highlight=False, markup=False, soft_wrap=True)
            raise typer.Exit(2) from error
        with found:
            if as_json:
                typer.echo(json.dumps(as_object(found), ensure_ascii=False, indent=2))
            else:
                _print(found, Console())


def as_object(found: Estimate) -> dict[str, object]:
    """The estimate as JSON: every quantity a decimal string."""
    bill = found.bill
    return {
        "bill": {
            "provider": bill.provider,
            "payer": bill.payer,
            "format": bill.format_name,
            "period_from": bill.period_from,
            "period_through": bill.period_through,
            "bill_digest": bill.bill_digest,
        },
        "factor_set": found.factor_set,
        "engine": found.engine,
        "ug": str(found.ug),
        "accounts": [
            {
                "account": account.account,
                "lines": account.lines,
                "lines_without_invoice": account.lines_without_invoice,
                "ug": str(account.ug),
                "energy_uwh": str(account.energy_uwh),
                "by_cost_ug": str(account.by_cost_ug),
            }
            for account in found.accounts
        ],
        "rows": [
            {key: str(value) if isinstance(value, int) and key != "lines" else value for key, value in row.items()}
            for row in _rows(found)
        ],
        "counts": vars(found.counts),
        "coverage_basis_points": found.coverage.basis_points,
        "quarantined": [vars(line) for line in found.quarantined],
    }


_KEYS = ("account", "region", "service", "category", "quality", "basis")


def _rows(found: Estimate, keys: tuple[str, ...] = _KEYS) -> list[dict[str, object]]:
    """The month's sums by these keys."""
    return sums_by(
        found.hours,
        list(keys),
        ["energy_uwh", "operational_ug", "embodied_ug", "low_ug", "high_ug", "lines", "cost_micro"],
    )


def _kg(ug: object) -> str:
    return group(decimal_text(int(str(ug)), scale=9, places=3))


def _print(found: Estimate, console: Console) -> None:
    bill, counts = found.bill, found.counts
    table = Table(
        title=f"Estimated emissions, {bill.provider} payer {bill.payer}, "
        f"{hour_text(bill.period_from)} to {hour_text(bill.period_through + 1)}",
        title_justify="left",
        show_footer=True,
    )
    # A narrow terminal would cut every cell; it gets fewer columns and the sums over what is left out.
    narrow = console.width < _NARROW
    keys = _KEYS[:4] if narrow else _KEYS
    rows = _rows(found, keys)
    total_low, total_high = sum(int(str(row["low_ug"])) for row in rows), sum(int(str(row["high_ug"])) for row in rows)
    table.add_column(keys[0].capitalize(), "Total", no_wrap=True)
    for name in keys[1:]:
        table.add_column(name.capitalize(), no_wrap=True)
    if not narrow:
        table.add_column("kWh", _kg(sum(int(str(row["energy_uwh"])) for row in rows)), justify="right")
    table.add_column("kg CO2e", _kg(found.ug), justify="right", no_wrap=True)
    if not narrow:
        table.add_column("low to high", f"{_kg(total_low)} to {_kg(total_high)}", justify="right")
        table.add_column("Lines", str(counts.with_energy), justify="right")
    for row in rows:
        cells = [str(row[name]) for name in keys]
        ug = _kg(int(str(row["operational_ug"])) + int(str(row["embodied_ug"])))
        if narrow:
            table.add_row(*cells, ug)
        else:
            table.add_row(*cells, _kg(row["energy_uwh"]), ug, f"{_kg(row['low_ug'])} to {_kg(row['high_ug'])}", str(row["lines"]))
    console.print(table)
    if narrow:
        console.print(f"Low to high: {_kg(total_low)} to {_kg(total_high)} kg CO2e.", highlight=False)
    share = decimal_text(found.coverage.basis_points, scale=2, places=2)
    console.print(
        f"{counts.lines} lines: {counts.with_energy} with energy ({counts.unknown} of them valued by cost), "
        f"{counts.without_energy} without, {counts.duplicates} duplicates counted once, {counts.quarantined} quarantined. "
        f"{share} % of energy-bearing spend has a model.",
        highlight=False,
        soft_wrap=True,
    )
    for account in found.accounts:
        if account.lines_without_invoice:
            console.print(
                f"{account.account}: {account.lines_without_invoice} of {account.lines} lines have no invoice id, "
                "so the month is not final.",
                highlight=False,
                soft_wrap=True,
            )
    for line in found.quarantined[:_SHOWN_FAULTS]:
        console.print(
            f"quarantined: {line.file}, line {line.line}: {line.message}", highlight=False, markup=False, soft_wrap=True
        )
    if len(found.quarantined) > _SHOWN_FAULTS:
        console.print(f"… and {len(found.quarantined) - _SHOWN_FAULTS} more; --json lists them.", highlight=False)
    console.print(f"Factor set {found.factor_set}\nEngine     {found.engine}", highlight=False, soft_wrap=True)
