"""`cloudtuner estimate BILL…`: what a bill emitted, on the terminal, as JSON or in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from emissions.billing.detection import AUTO
from emissions.engine.dialects import DIALECTS
from emissions.engine.dialects import emit_sql as sql_in
from emissions.engine.lines_out import ENDINGS as LINES_ENDINGS
from emissions.engine.method import METHODS, OWN
from emissions.engine.rows_out import GROUPS, check_out, groups_of, write_rows
from emissions.engine.running import DUCKDB, ENGINES, bills_of, estimating, one_of, refusing
from emissions.engine.showing import as_object, print_estimate, print_explanation
from emissions.grid.factor_set import BASES

Bills = Annotated[
    list[str] | None,
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
    files: Bills = None,
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
    engine: Annotated[
        str, typer.Option(help=f"{' or '.join(ENGINES)} (pip install 'cloudtuner\\[spark]'); the integers are the same.")
    ] = DUCKDB,
    emit_sql: Annotated[
        str | None, typer.Option(help=f"Print the query for another engine and read no bill: {', '.join(DIALECTS)}.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(help="Keep what is done in this folder, so that a run that was cut off goes on.", file_okay=False),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each usage type came to what it came to.")] = False,
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse the bill when a line cannot be valued.")] = False,
    threads: Threads = 2,
    memory: Memory = "1GiB",
) -> None:
    """Estimate the emissions of a cloud bill. Exit code 2 when the bill is refused."""
    with refusing(as_json=as_json):
        if emit_sql is not None:
            typer.echo(emitted(emit_sql), nl=False)
            return
        groups = groups_of(by)
        one_of("--engine", engine, ENGINES)
        if out is not None:
            check_out(out)
        if lines_out is not None:
            check_out(lines_out, LINES_ENDINGS)
    reading = estimating(
        bills_of(files),
        as_json=as_json,
        factors=factors,
        format_name=format_name,
        method=method,
        basis=basis,
        engine=engine,
        resume=resume,
        threads=threads,
        memory=memory,
        strict=strict,
        lines_out=lines_out,
    )
    with reading as found, refusing(as_json=as_json):
        if out is not None:
            write_rows(found, groups, out)
        if as_json:
            typer.echo(json.dumps(as_object(found, groups, explained=explain), ensure_ascii=False, indent=2))
            return
        # A bill's own texts are shown as they are: brackets in them are no markup.
        console = Console(markup=False)
        print_estimate(found, console, groups if by is not None else None)
        if explain:
            print_explanation(found, console)


def emitted(dialect: str) -> str:
    """The fact query in a dialect; raises ConfigurationError naming those there are."""
    one_of("--emit-sql", dialect, DIALECTS)
    return sql_in(dialect)
