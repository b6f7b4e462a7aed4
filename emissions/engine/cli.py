"""`cloudtuner estimate BILL…`: what a bill emitted, on the terminal, as JSON or in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emissions.billing.detection import AUTO
from emissions.engine.method import METHODS, OWN
from emissions.engine.rows_out import GROUPS, check_out, groups_of, write_rows
from emissions.engine.running import estimating, refusing
from emissions.engine.showing import as_object, print_estimate, print_explanation
from emissions.grid.factor_set import BASES

Bills = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders, manifests or s3://, gs:// or az:// prefixes of one bill: CSV, gzip, zstd or Parquet.",
        metavar="BILL…",
    ),
]
Format = Annotated[str, typer.Option("--format", help="auto (from the columns), cur, cur2, focus, azure, gcp or oci.")]
Factors = Annotated[str | None, typer.Option(help="Factor set by name or id, or a folder; genesis when left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Threads = Annotated[int, typer.Option(min=1, help="Threads; the figures do not depend on it.")]
Memory = Annotated[str, typer.Option(help="Memory limit; what does not fit goes to disk.")]


def estimate_command(
    files: Bills,
    format_name: Format = AUTO,
    factors: Factors = None,
    method: Annotated[str, typer.Option(help=f"{' or '.join(METHODS)} (Cloud Carbon Footprint, AWS bills).")] = OWN,
    basis: Annotated[
        str | None, typer.Option(help=f"{' or '.join(BASES)} grid factors everywhere; each region's own when left out.")
    ] = None,
    by: Annotated[str | None, typer.Option(help=f"Words to sum by, with commas: {', '.join(GROUPS)}.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the sums to this .csv, .parquet or .json file.", dir_okay=False)] = None,
    lines_out: Annotated[
        Path | None, typer.Option("--lines-out", help="Write each valued line to this .csv or .parquet file.", dir_okay=False)
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each usage type came to what it came to.")] = False,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse the bill when a line cannot be valued.")] = False,
    threads: Threads = 2,
    memory: Memory = "1GiB",
) -> None:
    """Estimate the emissions of a cloud bill. Exit code 2 when the bill is refused."""
    with refusing(as_json=as_json):
        groups = groups_of(by)
        if out is not None:
            check_out(out)
    with estimating(
        files,
        as_json=as_json,
        factors=factors,
        format_name=format_name,
        method=method,
        basis=basis,
        threads=threads,
        memory=memory,
        strict=strict,
        lines_out=lines_out,
    ) as found:
        if out is not None:
            with refusing(as_json=as_json):
                write_rows(found, groups, out)
        if as_json:
            typer.echo(json.dumps(as_object(found, groups, explained=explain), ensure_ascii=False, indent=2))
            return
        console = Console()
        print_estimate(found, console, groups if by is not None else None)
        if explain:
            print_explanation(found, console)
