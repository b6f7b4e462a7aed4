"""Which bill a file belongs to, from its columns and its first line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cloudtuner.clock import hour_text, month_hours
from cloudtuner.errors import BillError
from emissions.billing.peek import first_line


@dataclass(frozen=True, order=True)
class BillKey:
    """What tells bills apart: provider, payer, export and billing period (a calendar month, by its hours).

    The formats read so far name no export, so one payer has one export per format.
    """

    period_from: int
    period_through: int
    provider: str
    payer: str
    export: str


def bill_key(path: Path) -> BillKey:
    """The bill that a file is a part of. Raises BillError naming the file when its columns are no bill's."""
    line = first_line(path)
    period_from, period_through = month_hours(line.year, line.month)
    return BillKey(
        period_from=period_from,
        period_through=period_through,
        provider=line.bill_format.provider,
        payer=line.payer,
        export=line.bill_format.name,
    )


def group_by_bill(paths: Sequence[Path]) -> list[tuple[BillKey, list[Path]]]:
    """The files of each bill, oldest billing period first."""
    groups: dict[BillKey, list[Path]] = {}
    for path in paths:
        groups.setdefault(bill_key(path), []).append(path)
    return sorted(groups.items())


def refuse_two_deliveries(key: BillKey, names: Sequence[str]) -> None:
    """Raises BillError when two files of one bill have the same name: two deliveries, of which only one can count.

    A delivery numbers its parts, so two parts never share a name; adding two deliveries up would count the bill twice.
    """
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise BillError(
            f"two different files are called {doubled[0]}, both of payer {key.payer} for {hour_text(key.period_from)[:7]}.",
            code="bill.two_deliveries",
            where=doubled[0],
            hint="Upload one delivery of a bill at a time, the older first.",
        )
