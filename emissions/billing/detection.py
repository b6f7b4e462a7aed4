"""Which format a file is written in, by its columns and, where providers share columns, by its first line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from cloudtuner.errors import BillError
from emissions.billing.formats import BillFormat
from emissions.billing.places import Columns, First

AUTO = "auto"


def formats_named(name: str | None, formats: Sequence[BillFormat]) -> tuple[BillFormat, ...]:
    """The formats to choose from: all of them for None and "auto". Raises BillError naming those there are."""
    if name is None or name == AUTO:
        return tuple(formats)
    found = tuple(candidate for candidate in formats if candidate.name == name)
    if not found:
        known = ", ".join(dict.fromkeys((AUTO, *(candidate.name for candidate in formats))))
        raise BillError(f"no bill format is called {name!r}.", code="bill.format_unknown", hint=f"Formats: {known}.")
    return found


def detect_format(
    names: Sequence[str],
    *,
    first_line: Callable[[First], str],
    where: str,
    formats: Sequence[BillFormat],
    any_provider: bool = False,
) -> BillFormat:
    """The one format whose required columns are all there; raises BillError naming what the nearest one lacks.

    `first_line` reads a place on the first line; it is asked only where providers write the same columns. When it names a
    provider that is not known, `any_provider` gives the first provider's format, for a file that is sorted line by line.
    """
    columns = Columns(names)
    whole = [candidate for candidate in formats if not candidate.missing(columns)]
    # A format that was asked for by name is taken even if another's columns are there too.
    fitting = [each for each in whole if not any(columns.find(name) for name in each.unlike)] or whole
    if fitting:
        told = [each for each in fitting if each.told_by is not None]
        if fitting[0].told_by is None:
            return fitting[0]
        return _by_provider(told, first_line) or (told[0] if any_provider else _refuse_provider(told, first_line, where))
    nearest = min(formats, key=lambda candidate: len(candidate.missing(columns)))
    lacking = nearest.missing(columns)
    if len(lacking) == len(nearest.required):
        titles = ", ".join(dict.fromkeys(candidate.title for candidate in formats))
        raise BillError(
            "the first line names no column of a bill format we know.",
            code="bill.columns",
            where=f"{where}, line 1",
            hint=f"Give an export of one of these: {titles}.",
        )
    raise BillError(
        f"{nearest.title} needs the column{'s' if len(lacking) > 1 else ''} {', '.join(lacking)}.",
        code="bill.columns",
        where=f"{where}, line 1",
        hint="Add them to the export and deliver it again.",
    )


def formats_beside(bill_format: BillFormat, formats: Sequence[BillFormat], names: Sequence[str]) -> tuple[BillFormat, ...]:
    """The formats that a file's lines may be in: itself, or every provider's where providers write the same columns."""
    if bill_format.told_by is None:
        return (bill_format,)
    columns = Columns(names)
    return tuple(each for each in formats if each.name == bill_format.name and each.told_by and not each.missing(columns))


def _by_provider(formats: Sequence[BillFormat], first_line: Callable[[First], str]) -> BillFormat | None:
    for candidate in formats:
        if candidate.told_by is not None and first_line(candidate.told_by).lower() in candidate.spellings:
            return candidate
    return None


def _refuse_provider(formats: Sequence[BillFormat], first_line: Callable[[First], str], where: str) -> NoReturn:
    written = first_line(formats[0].told_by or First())
    named = f"the first line names the provider {written!r}" if written else "the first line names no provider"
    raise BillError(
        f"{named}; known are {', '.join(sorted(each.provider for each in formats))}.",
        code="bill.provider",
        where=f"{where}, line 2",
        hint="Give the lines of one of these providers.",
    )
