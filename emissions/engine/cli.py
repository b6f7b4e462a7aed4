"""`cloudtuner estimate BILL…`: what a bill emitted, on the terminal, as JSON or in a file."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from emissions.billing.detection import AUTO
from emissions.engine.dialects import DIALECTS
from emissions.engine.dialects import emit_sql as sql_in
from emissions.engine.lines_out import ENDINGS as LINES_ENDINGS
from emissions.engine.method import METHODS, OWN
from emissions.engine.rows_out import GROUPS, check_out, groups_of, write_rows
from emissions.engine.running import DUCKDB, ENGINES, beside, bills_of, estimating_each, one_of, refusing
from emissions.engine.showing import as_object, print_bills, print_estimate, print_explanation, print_together
from emissions.engine.sorting import sort_into_bills, write_bills
from emissions.grid.factor_set import BASES
from emissions.sources.fetching import local_bills

Bills = Annotated[
    list[str] | None,
    typer.Argument(
        help="Files, folders, manifests or s3://, gs:// or az:// prefixes: CSV, gzip, zstd or Parquet.",
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
    """Estimate the emissions of cloud bills, one estimate per provider and payer. Exit code 2 when one is refused.

    With several, --out and --lines-out write a file each, named after provider, payer and format.
    """
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
    reading = estimating_each(
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
    with reading as told, refusing(as_json=as_json):
        several = len(told.found) > 1
        if out is not None:
            for found in told.found:
                write_rows(found, groups, beside(out, found) if several else out)
        if as_json:
            objects = [as_object(found, groups, explained=explain) for found in told.found]
            whole = {"estimates": objects, "lines_left_out": dict(told.left_out)} if several or told.left_out else objects[0]
            typer.echo(json.dumps(whole, ensure_ascii=False, indent=2))
            return
        # A bill's own texts are shown as they are: brackets in them are no markup.
        console = Console(markup=False)
        for found in told.found:
            print_estimate(found, console, groups if by is not None else None)
            if explain:
                print_explanation(found, console)
        print_together(told.found, told.left_out, console)


def split_command(
    files: Bills = None,
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)] = Path("bills"),
    format_name: Format = AUTO,
    threads: Threads = 2,
    memory: Memory = "1GiB",
) -> None:
    """Write the bills of files with several months, payers or providers as Parquet files of one bill each.

    They are what the service makes of such an upload, byte for byte. A file of one bill stays where it is.
    """
    with refusing(as_json=False), local_bills(bills_of(files)) as paths, TemporaryDirectory(prefix="cloudtuner-") as folder:
        found = sort_into_bills(paths, folder=Path(folder), format_name=format_name, threads=threads, memory_limit=memory)
        print_bills(found, write_bills(found, out), Console(markup=False))


def emitted(dialect: str) -> str:
    """The fact query in a dialect; raises ConfigurationError naming those there are."""
    one_of("--emit-sql", dialect, DIALECTS)
    return sql_in(dialect)
