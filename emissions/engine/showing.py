"""An estimate as people and programs read it: tables on the terminal, and one JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from cloudtuner.clock import hour_text
from cloudtuner.units import decimal_text, group
from emissions.engine.estimate import Estimate
from emissions.engine.explain import Explanation, unknown_usage
from emissions.engine.rows_out import USUAL, rows_by
from emissions.engine.sorting import Sorted

_SHOWN_FAULTS = 10
_SHOWN_ROWS = 200
_SHOWN_USAGE = 40
_NARROW = 130


def as_object(found: Estimate, groups: Sequence[str] = USUAL, *, explained: bool = False) -> dict[str, Any]:
    """The estimate as JSON: every quantity a decimal string."""
    bill = found.bill
    told: dict[str, Any] = {
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
            {key: str(value) if isinstance(value, int) and key not in ("lines", "hour") else value for key, value in row.items()}
            for row in rows_by(found, groups)
        ],
        "counts": vars(found.counts),
        "coverage_basis_points": found.coverage.basis_points,
        "quarantined": [vars(line) for line in found.quarantined],
    }
    if explained:
        rows = found.explain()
        told["explained"] = [_explanation(row) for row in rows]
        told["unknown_usage"] = [
            {**vars(one), "cost_micro": str(one.cost_micro), "ug": str(one.ug)} for one in unknown_usage(rows)
        ]
    return told


def _explanation(row: Explanation) -> dict[str, Any]:
    sums, key = row.sums, row.sums.key
    return {
        "provider": key.provider,
        "service": key.service,
        "usage_type": key.usage_type,
        "unit": key.unit,
        "region": row.region,
        "instance_type": key.instance_type,
        "lines": sums.lines,
        "cost_micro": str(sums.cost_micro),
        "energy_uwh": str(sums.figures.energy_uwh),
        "operational_ug": str(sums.figures.operational_ug),
        "embodied_ug": str(sums.figures.embodied_ug),
        "category": row.category,
        "quality": row.quality,
        "reason": row.reason,
        "basis": row.basis,
        "factor_ids": list(row.factor_ids),
        "terms": [{"part": term.part, "id": term.id, "value": term.text, "unit": term.unit} for term in row.terms],
    }


def kg(ug: object) -> str:
    """Kilograms of micrograms, grouped, three places."""
    return group(decimal_text(int(str(ug)), scale=9, places=3))


def print_estimate(found: Estimate, console: Console, groups: Sequence[str] | None = None) -> None:
    """The table of sums, what was read, and what was not; by the usual words, fewer on a narrow terminal, when None."""
    bill = found.bill
    # A narrow terminal would cut every cell; it gets fewer columns and the sums over what is left out.
    narrow = console.width < _NARROW
    keys = tuple(groups) if groups is not None else USUAL[:4] if narrow else USUAL
    rows = rows_by(found, keys)
    low, high = sum(int(row["low_ug"]) for row in rows), sum(int(row["high_ug"]) for row in rows)
    table = Table(
        title=f"Estimated emissions, {bill.provider} payer {bill.payer}, "
        f"{hour_text(bill.period_from)} to {hour_text(bill.period_through + 1)}",
        title_justify="left",
        show_footer=True,
    )
    table.add_column(keys[0].capitalize(), "Total", no_wrap=True)
    for name in keys[1:]:
        table.add_column(name.capitalize(), no_wrap=True)
    if not narrow:
        table.add_column("kWh", kg(sum(int(row["energy_uwh"]) for row in rows)), justify="right")
    table.add_column("kg CO2e", kg(found.ug), justify="right", no_wrap=True)
    if not narrow:
        table.add_column("low to high", f"{kg(low)} to {kg(high)}", justify="right")
        table.add_column("Lines", str(found.counts.with_energy), justify="right")
    for row in rows[:_SHOWN_ROWS]:
        cells = [hour_text(row[name]) if name == "hour" else str(row[name]) for name in keys]
        ug = kg(int(row["operational_ug"]) + int(row["embodied_ug"]))
        if narrow:
            table.add_row(*cells, ug)
        else:
            table.add_row(*cells, kg(row["energy_uwh"]), ug, f"{kg(row['low_ug'])} to {kg(row['high_ug'])}", str(row["lines"]))
    console.print(table)
    if len(rows) > _SHOWN_ROWS:
        console.print(f"… and {len(rows) - _SHOWN_ROWS} rows more; --out or --json has them.", highlight=False)
    if narrow:
        console.print(f"Low to high: {kg(low)} to {kg(high)} kg CO2e.", highlight=False)
    _print_counts(found, console)
    console.print(f"Factor set {found.factor_set}\nEngine     {found.engine}", highlight=False, soft_wrap=True)


def print_together(found: Sequence[Estimate], left_out: Mapping[str, int], console: Console) -> None:
    """What several estimates come to together, unless one payer's use is in two of them; and which lines are in none."""
    payers = [(one.bill.provider, one.bill.payer) for one in found]
    if len(set(payers)) < len(payers):
        console.print("A payer is here in several exports: the estimates say the same use twice and are not added up.")
    elif len(found) > 1:
        low, high = (sum(pc.sum(one.hours[name]).as_py() or 0 for one in found) for name in ("low_ug", "high_ug"))
        together = f"Together, {len(found)} payers: {kg(sum(one.ug for one in found))} kg CO2e ({kg(low)} to {kg(high)})."
        console.print(together, highlight=False, style="bold")
    _print_left_out(left_out, console)


def print_bills(found: Sorted, written: Mapping[str, Path], console: Console) -> None:
    """Which bills there are, and which file each lies in."""
    table = Table(title="Bills", title_justify="left")
    for title in ("Provider", "Payer", "Month", "Format", "File"):
        table.add_column(title, overflow="fold")
    table.add_column("Lines", justify="right")
    for name, parts in found.bills.items():
        for part in parts:
            path = str(written.get(part.file.digest, f"{part.file.name} as it is"))
            table.add_row(name.provider, name.payer, name.month_text, name.format_name, path, str(part.lines))
    console.print(table)
    _print_left_out(found.left_out, console)


def _print_left_out(left_out: Mapping[str, int], console: Console) -> None:
    for provider, lines in left_out.items():
        whose = f"of {provider}, which is not estimated" if provider else "of no named provider"
        console.print(f"{lines} lines {whose}: left out.", highlight=False, markup=False)


def _print_counts(found: Estimate, console: Console) -> None:
    counts = found.counts
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


def print_explanation(found: Estimate, console: Console) -> None:
    """Each usage type with its reason, the unknown first, and with its factors where the terminal is wide; --json has
    every term of every one.
    """
    rows = found.explain()
    unknown = unknown_usage(rows)
    if unknown:
        table = Table(title="Usage without a model, by what was spent on it", title_justify="left")
        for name, side in (("Service", "left"), ("Usage type", "left"), ("Unit", "left"), ("Lines", "right"), ("Cost", "right")):
            table.add_column(name, justify="right" if side == "right" else "left", overflow="fold")
        table.add_column("kg CO2e by cost", justify="right")
        for one in unknown[:_SHOWN_USAGE]:
            cost = decimal_text(one.cost_micro, scale=6, places=2)
            table.add_row(one.service, one.usage_type, one.unit, str(one.lines), cost, kg(one.ug))
        console.print(table)
    table = Table(title="Why each usage type came to what it came to", title_justify="left")
    wide = console.width >= _NARROW
    for name in ("Usage type", "Region", "Quality", "Reason", *(("Factors",) if wide else ())):
        table.add_column(name, overflow="fold")
    table.add_column("kg CO2e", justify="right", no_wrap=True)
    known = [row for row in rows if row.quality != "unknown"]
    for row in known[:_SHOWN_USAGE]:
        key = row.sums.key
        factors = (" ".join(row.factor_ids),) if wide else ()
        table.add_row(f"{key.service}\n{key.usage_type}", row.region, row.quality, row.reason, *factors, kg(row.sums.figures.ug))
    console.print(table)
    if len(known) > _SHOWN_USAGE:
        console.print(f"… and {len(known) - _SHOWN_USAGE} more; --json --explain has them with every term.", highlight=False)
