"""`cloudtuner factors list|show|diff|verify`: which factors there are, where they come from, and what a newer set changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from itertools import islice
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.table import Table as Shown

from cloudtuner import clock
from cloudtuner.errors import CloudTunerError, FactorError
from emissions.grid.catalog import FactorSet, load_factor_set, read_factor_set, shipped_sets
from emissions.grid.diff import Change, HourMove, Move, changes, hour_moves, moves
from emissions.grid.factor_set import BASES
from emissions.grid.factors import Row, decimal_text
from emissions.grid.folder import seal
from emissions.grid.verify import by_code, faults

factors_app = typer.Typer(no_args_is_help=True, help="Factor sets: their rows, sources and differences.", callback=lambda: None)

SetName = Annotated[str, typer.Argument(help="Name or id of a shipped set, or a folder.", metavar="[SET|DIR]")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Day = Annotated[str, typer.Option(help="The day (YYYY-MM-DD, UTC) that factors are read for; today when left out.")]
_MOST_ROWS = 40
_TOLD_APART = frozenset({"id", "source", "year", "note", "valid_from", "valid_to"})
_Answer = TypeVar("_Answer")


@factors_app.command("list")
def list_command(as_json: AsJson = False) -> None:
    """The sets that ship with this version, with their ids and sizes."""
    sets = shipped_sets()
    if as_json:
        told = [{"name": found.name, "id": found.id, "rows": _rows(found), "providers": found.providers()} for found in sets]
        typer.echo(json.dumps(told, indent=2))
        return
    # An id is copied from here into a command: it may not be cut to a column.
    for found in sets:
        typer.echo(f"{found.name}  {found.id}  {_rows(found)} rows: {', '.join(found.providers())}")


@factors_app.command("show")
def show_command(
    wanted: SetName = "genesis",
    table: Annotated[str, typer.Option(help="The rows of this table.")] = "",
    region: Annotated[str, typer.Option(help="What the set answers for a region: PROVIDER/REGION, or PROVIDER for all.")] = "",
    words: Annotated[str, typer.Option("--find", help="Only rows that hold these words.")] = "",
    day: Day = "",
    as_json: AsJson = False,
) -> None:
    """A set: its tables and credits, the rows of one table, or what it answers for a region."""
    found = _or_exit(lambda: load_factor_set(wanted))
    if region:
        _show_regions(found, region, _day(day), as_json)
    elif table:
        if table not in found.tables:
            _refuse("factors.table", f"{found.name} has no table {table}. There are {', '.join(sorted(found.tables))}.")
        _show_rows([row for row in found.tables[table] if _holds(row, words)], as_json)
    else:
        _show_set(found, as_json)


@factors_app.command("diff")
def diff_command(older: SetName, newer: SetName, day: Day = "", as_json: AsJson = False) -> None:
    """Every figure that a newer set changes, and by how many per cent each region's kilograms move."""
    first, second = _or_exit(lambda: (load_factor_set(older), load_factor_set(newer)))
    on = _day(day)
    rows, regions, hours = changes(first, second), moves(first, second, on), hour_moves(first, second, on)
    if as_json:
        told = {
            "older": first.id,
            "newer": second.id,
            "changes": [_change(row) for row in rows],
            "moves": [_move(m) for m in regions],
            "hours": [_hour_move(move) for move in hours],
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    # Rows hold patterns such as [a-z], which are text here and no colours.
    console = Console(markup=False)
    kinds = {kind: sum(row.kind == kind for row in rows) for kind in ("added", "removed", "changed")}
    console.print(
        f"{first.name} → {second.name}: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()), highlight=False
    )
    _print_changes(console, rows)
    _print_moves(console, regions)
    for move in hours:
        shown = _hour_move(move)
        console.print(
            f"{move.provider}/{move.region} {move.basis} by hour: most at {shown['hour']}, "
            f"{shown['older']} → {shown['newer']} kg per kWh at the rack, {shown['change']}",
            highlight=False,
        )


@factors_app.command("verify")
def verify_command(
    wanted: SetName = "genesis",
    seal_it: Annotated[bool, typer.Option("--seal", help="Write the id of a sound folder into its set.json.")] = False,
    as_json: AsJson = False,
) -> None:
    """Recompute a set's id and check units, bands, sources, references, and gaps and overlaps in time. Exit code 2 on a fault."""
    found, stated = _or_exit(lambda: read_factor_set(wanted))
    told = faults(found)
    if seal_it and not told and stated != found.id:
        _or_exit(lambda: seal(wanted, found.id))
        stated = found.id
    agrees = stated in ("", found.id)
    if as_json:
        verdict = {
            "set": found.name,
            "id": found.id,
            "stated": stated,
            "sound": not told and agrees,
            "faults": list(map(str, told)),
        }
        typer.echo(json.dumps(verdict, ensure_ascii=False, indent=2))
    else:
        console = Console(soft_wrap=True, highlight=False)
        console.print(f"{found.name}: {_rows(found)} rows in {len(found.tables)} tables")
        console.print(f"id {found.id}" + ("" if agrees else f", but set.json states {stated}"))
        for fault in islice(told, _MOST_ROWS):
            console.print(str(fault), markup=False)
        summary = ", ".join(f"{count} {code}" for code, count in by_code(told).items())
        console.print("sound" if not told and agrees else f"not sound: {summary or 'another id than stated'}")
    if told or not agrees:
        raise typer.Exit(2)


def _show_set(found: FactorSet, as_json: bool) -> None:
    sizes = {name: len(rows) for name, rows in found.tables.items()}
    if as_json:
        credits_ = [vars(told) for told in found.attributions()]
        typer.echo(json.dumps({"name": found.name, "id": found.id, "tables": sizes, "attributions": credits_}, indent=2))
        return
    console = Console()
    console.print(f"{found.name}  {found.id}", highlight=False, soft_wrap=True)
    table = Shown("table", "rows")
    for name in sorted(sizes):
        table.add_row(name, str(sizes[name]))
    console.print(table)
    for told in found.attributions():
        console.print(f"• {told}", markup=False, highlight=False, soft_wrap=True)


def _show_regions(found: FactorSet, wanted: str, day: str, as_json: bool) -> None:
    provider, _, text = wanted.partition("/")
    names = (text,) if text else found.regions(provider)
    told = _or_exit(lambda: [_region(found, provider, name, day) for name in names])
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    for one in told:
        typer.echo(f"{one['provider']}/{one['region']} on {one['day']}, preferred basis {one['basis']}")
        for basis in BASES:
            typer.echo(
                f"  {basis:9} {one[basis]} kgCO2e/kWh  {one[f'{basis}_id']}, {one[f'{basis}_source']}, {one[f'{basis}_year']}"
            )
            if one[f"{basis}_proxy"]:
                typer.echo(f"            {one[f'{basis}_proxy']}")
            if one.get(f"{basis}_hours"):
                typer.echo(f"            by hour {one[f'{basis}_hours']}  {one[f'{basis}_hours_id']}")
        typer.echo(f"  PUE       {one['pue']}  {one['pue_id']}")
        typer.echo(f"  water     {one['wue']} l/kWh  {one['wue_id']}")


def _region(found: FactorSet, provider: str, text: str, day: str) -> dict[str, str]:
    region = found.find_region(provider, text)
    if region is None:
        raise FactorError(f"{found.name} has no region {provider}/{text}.", code="factors.region")
    told = {"provider": provider, "region": region, "day": day, "basis": found.grid(provider, region, day).basis}
    for basis in BASES:
        grid = found.grid(provider, region, day, basis)
        told |= {basis: decimal_text(grid.factor.value), f"{basis}_id": grid.factor.id, f"{basis}_proxy": grid.proxy}
        told |= {f"{basis}_source": grid.factor.source, f"{basis}_year": grid.factor.year}
        profile = found.hourly_profile(provider, region, day, basis)
        if profile is not None:
            low, high = min(profile.ratios), max(profile.ratios)
            told |= {
                f"{basis}_hours": f"× {decimal_text(low)} at {profile.ratios.index(low):02d}:00 "
                f"to {decimal_text(high)} at {profile.ratios.index(high):02d}:00 UTC",
                f"{basis}_hours_id": profile.id,
            }
    pue, wue = found.pue(provider, region, day), found.wue(provider, region, day)
    return told | {"pue": decimal_text(pue.value), "pue_id": pue.id, "wue": decimal_text(wue.value), "wue_id": wue.id}


def _show_rows(rows: list[Row], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in islice(rows, _MOST_ROWS):
        facts = [f"{name} {value}" for name, value in row.items() if value and name not in _TOLD_APART]
        typer.echo(f"{row['id']}: {', '.join(facts)}")
        days = f"; from {row['valid_from'] or 'the first day'} to {row['valid_to'] or 'the last'}"
        typer.echo(f"    {row['source']}, {row['year']}{days}{'; ' + row['note'] if row.get('note') else ''}")
    if len(rows) > _MOST_ROWS:
        typer.echo(f"… and {len(rows) - _MOST_ROWS} more; --find narrows them, --json prints all.")


def _print_changes(console: Console, rows: list[Change]) -> None:
    table = Shown("table", "row", "what")
    for row in islice(rows, _MOST_ROWS):
        fields = "; ".join(f"{column}: {old or '–'} → {new or '–'}" for column, old, new in row.fields)
        table.add_row(row.table, row.id, fields or row.kind)
    if rows:
        console.print(table)
    if len(rows) > _MOST_ROWS:
        console.print(f"… and {len(rows) - _MOST_ROWS} more; --json prints all.")


def _print_moves(console: Console, regions: list[Move]) -> None:
    if not regions:
        console.print("No region's kilograms move.")
        return
    table = Shown("region", "basis", "kg per kWh at the rack", "change")
    for move in regions:
        shown = [decimal_text(value) if value is not None else "–" for value in (move.older, move.newer)]
        table.add_row(f"{move.provider}/{move.region}", move.basis, " → ".join(shown), _percent(move))
    console.print(table)


def _change(row: Change) -> dict[str, object]:
    fields = [{"column": column, "older": old, "newer": new} for column, old, new in row.fields]
    return {"table": row.table, "id": row.id, "kind": row.kind, "fields": fields}


def _move(move: Move) -> dict[str, str | None]:
    older, newer = (None if value is None else decimal_text(value) for value in (move.older, move.newer))
    return {
        "provider": move.provider,
        "region": move.region,
        "basis": move.basis,
        "older": older,
        "newer": newer,
        "change": _percent(move),
    }


def _hour_move(move: HourMove) -> dict[str, str]:
    return {
        "provider": move.provider,
        "region": move.region,
        "basis": move.basis,
        "hour": f"{move.hour:02d}:00 UTC",
        "older": decimal_text(move.older),
        "newer": decimal_text(move.newer),
        "change": f"{float(move.percent):+.2f} %",
    }


def _percent(move: Move) -> str:
    if move.percent is None:
        return "new" if move.older is None else "gone"
    return f"{float(move.percent):+.2f} %"


def _rows(found: FactorSet) -> int:
    return sum(map(len, found.tables.values()))


def _holds(row: Row, words: str) -> bool:
    text = "\n".join(row.values()).lower()
    return all(word in text for word in words.lower().split())


def _day(text: str) -> str:
    if not text:
        return clock.now().date().isoformat()
    try:
        # Python takes 20260201 and 2026-W05-7 as well; rows are compared as text.
        return date.fromisoformat(text).isoformat()
    except ValueError:
        _refuse("factors.day", f"{text!r} is no day. Write it as YYYY-MM-DD, for example 2026-02-01.")


def _or_exit(ask: Callable[[], _Answer]) -> _Answer:
    try:
        return ask()
    except CloudTunerError as error:
        _refuse(error.code, str(error))


def _refuse(code: str, message: str) -> NoReturn:
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    errors.print(f"[bold red]Refused[/] ({code})")
    errors.print(message, markup=False)
    raise typer.Exit(2)
