"""An estimate on the terminal: with progress, and with exit code 2 and one sentence where the bill is refused."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cloudtuner.errors import BillError, CloudTunerError, ConfigurationError
from emissions.billing.files import BillFile
from emissions.engine.estimate import Estimate, estimate
from emissions.engine.method import OWN
from emissions.engine.reading import Progress as Told
from emissions.engine.sorting import sort_into_bills
from emissions.grid.catalog import load_factor_set
from emissions.sources.fetching import local_bills

REFUSED = 2
DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)
# What a bill is refused for that is several.
_SEVERAL = ("bill.payers", "bill.mixed", "bill.provider", "bill.currencies")


def one_of(option: str, word: str, known: Sequence[str]) -> None:
    """Raises ConfigurationError for a word that an option does not know."""
    if word not in known:
        raise ConfigurationError(f"{option} does not know {word!r}.", code="cli.option", hint=f"Use {', '.join(known)}.")


def bills_of(places: Sequence[str] | None) -> Sequence[str]:
    """The bills that were named; without any there is nothing to do, which is a wrong call."""
    if not places:
        raise typer.BadParameter("name a bill: a file, a folder, or an s3://, gs:// or az:// prefix.", param_hint="BILL…")
    return places


class How(TypedDict, total=False):
    """How a bill is estimated, as it is said on the command line; what is left out is as usual."""

    factors: str | None
    format_name: str | None
    method: str
    basis: str | None
    engine: str
    resume: Path | None
    threads: int
    memory: str
    strict: bool


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


@dataclass(frozen=True)
class Estimates:
    """The estimates of everything that was named, one per provider and payer, and the lines of providers not known."""

    found: list[Estimate]
    left_out: Mapping[str, int]


@contextmanager
def estimating(places: Sequence[str], *, as_json: bool, lines_out: Path | None = None, **how: Unpack[How]) -> Iterator[Estimate]:
    """The estimate of a bill that lies in files or in an object store; what was fetched stays until it is left."""
    # What was fetched stays until the figures are told: they are read from it again.
    with ExitStack() as held:
        with refusing(as_json=as_json), _showing(silent=as_json) as tell:
            paths = held.enter_context(local_bills(places, on_progress=partial(tell, "fetching")))
            found = held.enter_context(_estimate(paths, tell, lines_out, how))
        yield found


@contextmanager
def estimating_each(
    places: Sequence[str], *, as_json: bool, lines_out: Path | None = None, **how: Unpack[How]
) -> Iterator[Estimates]:
    """The same of bills of several payers, providers or formats, in files of their own or in one: an estimate each.

    `lines_out` then stands for a file per estimate (`beside`); they are written when every estimate went well.
    """
    with ExitStack() as held:
        with refusing(as_json=as_json), _showing(silent=as_json) as tell:
            paths = held.enter_context(local_bills(places, on_progress=partial(tell, "fetching")))
            try:
                found = Estimates([held.enter_context(_estimate(paths, tell, lines_out, how))], {})
            except BillError as error:
                if error.code not in _SEVERAL:
                    raise
                found = _each(paths, tell, lines_out, how, held)
        yield found


def _each(paths: Sequence[Path], tell: Told, lines_out: Path | None, how: How, held: ExitStack) -> Estimates:
    folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="cloudtuner-")))
    bills = sort_into_bills(
        paths,
        folder=folder,
        by_month=False,
        format_name=how.get("format_name"),
        threads=how.get("threads", 2),
        memory_limit=how.get("memory", "1GiB"),
        on_progress=tell,
    )
    found, drafts = [], {}
    for number, parts in enumerate(bills.bills.values()):
        draft = folder / f"lines-out-{number}{lines_out.suffix}" if lines_out is not None else None
        one = held.enter_context(_estimate([part.file for part in parts], tell, draft, how))
        found.append(one)
        if draft is not None and lines_out is not None:
            drafts[draft] = beside(lines_out, one)
    for draft, path in drafts.items():
        shutil.move(draft, path)
    return Estimates(found, bills.left_out)


def beside(path: Path, found: Estimate) -> Path:
    """Where one of several estimates is written: `sums.csv` becomes `sums.aws-900011112222-focus.csv`."""
    payer = re.sub(r"[^A-Za-z0-9_-]+", "-", found.bill.payer)
    return path.with_name(f"{path.stem}.{found.bill.provider}-{payer}-{found.bill.format_name}{path.suffix}")


@contextmanager
def _showing(*, silent: bool) -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=silent) as bar:
        task = bar.add_task("Reading", total=None)

        def tell(step: str, done: int, total: int) -> None:
            if step != "read":  # files; the rows say more
                bar.update(task, description=step.capitalize(), completed=done, total=total)

        yield tell


def _estimate(paths: Sequence[Path | BillFile], tell: Told, lines_out: Path | None, how: How) -> Estimate:
    return estimate(
        paths,
        factor_set=load_factor_set(how.get("factors")),
        format_name=how.get("format_name"),
        threads=how.get("threads", 2),
        memory_limit=how.get("memory", "1GiB"),
        strict=how.get("strict", False),
        on_progress=tell,
        lines_out=lines_out,
        basis=how.get("basis"),
        method=how.get("method", OWN),
        engine=how.get("engine", DUCKDB),
        resume=how.get("resume"),
    )
