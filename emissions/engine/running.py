"""An estimate on the terminal: with progress, and with exit code 2 and one sentence where the bill is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cloudtuner.errors import CloudTunerError, ConfigurationError
from emissions.engine.estimate import Estimate, estimate
from emissions.engine.method import OWN
from emissions.grid.catalog import load_factor_set
from emissions.sources.fetching import local_bills

REFUSED = 2
DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)


def one_of(option: str, word: str, known: Sequence[str]) -> None:
    """Raises ConfigurationError for a word that an option does not know."""
    if word not in known:
        raise ConfigurationError(f"{option} does not know {word!r}.", code="cli.option", hint=f"Use {', '.join(known)}.")


def bills_of(places: Sequence[str] | None) -> Sequence[str]:
    """The bills that were named; without any there is nothing to do, which is a wrong call."""
    if not places:
        raise typer.BadParameter("name a bill: a file, a folder, or an s3://, gs:// or az:// prefix.", param_hint="BILL…")
    return places


@contextmanager
def refusing(*, as_json: bool) -> Iterator[None]:
    """Turns what is wrong with a bill or an option into one message and exit code 2."""
    try:
        yield
    except CloudTunerError as error:
        if as_json:
            typer.echo(json.dumps({"error": {"code": error.code, "message": str(error)}}, ensure_ascii=False))
        errors = Console(stderr=True)
        errors.print(f"[bold red]Refused[/] ({error.code})", highlight=False)
        errors.print(str(error), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(REFUSED) from error


@contextmanager
def estimating(
    places: Sequence[str],
    *,
    as_json: bool,
    factors: str | None = None,
    format_name: str | None = None,
    method: str = OWN,
    basis: str | None = None,
    engine: str = DUCKDB,
    resume: Path | None = None,
    threads: int = 2,
    memory: str = "1GiB",
    strict: bool = False,
    lines_out: Path | None = None,
) -> Iterator[Estimate]:
    """The estimate of a bill that lies in files or in an object store; what was fetched stays until it is left."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # What was fetched stays until the figures are told: they are read from it again.
    with ExitStack() as held:
        with refusing(as_json=as_json), Progress(*columns, console=Console(stderr=True), transient=True, disable=as_json) as bar:
            task = bar.add_task("Reading", total=None)

            def tell(step: str, done: int, total: int) -> None:
                if step != "read":  # files; the rows say more
                    bar.update(task, description=step.capitalize(), completed=done, total=total)

            def tell_fetched(done: int, total: int) -> None:
                tell("fetching", done, total)

            found = held.enter_context(
                estimate(
                    held.enter_context(local_bills(places, on_progress=tell_fetched)),
                    factor_set=load_factor_set(factors),
                    format_name=format_name,
                    threads=threads,
                    memory_limit=memory,
                    strict=strict,
                    on_progress=tell,
                    lines_out=lines_out,
                    basis=basis,
                    method=method,
                    engine=engine,
                    resume=resume,
                )
            )
        yield found
