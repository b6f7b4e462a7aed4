"""Which bills some files hold, and the files of each bill.

Most files are of one bill and stay what they are. A file with lines of several months, payers or providers (a year's
FOCUS export, one of several clouds) is cut into one Parquet file per bill (`emissions.engine.cutting`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from cloudtuner.errors import BillError, ConfigurationError
from emissions.billing.files import BillFile, open_each
from emissions.billing.formats import BillFormat
from emissions.billing.places import columns_of
from emissions.billing.registry import FORMATS
from emissions.engine.cutting import FileLines, Owner
from emissions.engine.kept import Kept, whole
from emissions.engine.reading import Progress, connect
from emissions.engine.repeating import Repeat, repeats

# Beyond this it is not months and payers that differ, but columns that are not what they are taken for.
MAX_BILLS = 1000
_LAST_MONTH = 12 * 9999


class BillName(NamedTuple):
    """What tells bills apart. `month` is 12 × year + month − 1, or None where months are kept together."""

    provider: str
    payer: str
    month: int | None
    format_name: str

    @property
    def month_text(self) -> str:
        """The month as 2026-04; empty where months are kept together.

        >>> BillName("aws", "1", 24315, "focus").month_text
        '2026-04'
        """
        return "" if self.month is None else f"{self.month // 12:04d}-{self.month % 12 + 1:02d}"


@dataclass(frozen=True)
class Part:
    """A file of one bill: a given one, or what was cut out of `cut_from`. `lines` is how many it has."""

    file: BillFile
    lines: int
    cut_from: BillFile | None = None


@dataclass(frozen=True)
class Sorted:
    """The files of each bill, oldest bill first.

    `left_out` counts the lines of each provider that is not known, as it is written; they are in no bill. `parsed` are
    the text files of one bill that were parsed on the way, by digest: an estimate need not do it again. `repeats` are the
    files of a bill that say again what another one says, where lines have no ids that would tell.
    """

    bills: Mapping[BillName, tuple[Part, ...]]
    left_out: Mapping[str, int]
    parsed: Mapping[str, Path]
    repeats: Mapping[BillName, Sequence[Repeat]]

    @property
    def cut(self) -> list[BillFile]:
        """The files that held more than one bill."""
        parts = (part.cut_from for parts in self.bills.values() for part in parts)
        return list({file.digest: file for file in parts if file is not None}.values())


def sort_into_bills(
    paths: Iterable[Path | str | BillFile],
    *,
    folder: Path,
    by_month: bool = True,
    format_name: str | None = None,
    threads: int = 2,
    memory_limit: str = "1GiB",
    on_progress: Progress | None = None,
    look_around: bool = True,
) -> Sorted:
    """Opens the files and sorts them into bills; what has to be written goes to `folder`.

    `by_month` False keeps the months of a payer together; `look_around` is that of `open_each`. Raises BillError
    for a file that is no bill's, or that cannot be read to its end.
    """
    tell = on_progress or _silent
    files = open_each(paths, work_dir=folder, format_name=format_name, any_provider=True, look_around=look_around)
    bills: dict[BillName, list[Part]] = {}
    left_out: dict[str, int] = {}
    parsed: dict[str, Path] = {}
    total = sum(file.rows for file in files)
    done = 0
    with connect(folder, threads=threads, memory_limit=memory_limit) as connection:
        for file in files:
            tell("rows", done, total)
            lines = FileLines(connection, file, folder, by_month=by_month)
            owners = lines.owners()
            held = _bills_of(owners, lines.formats, left_out)
            if len(held) == 1 and len(next(iter(held.values()))[1]) == len(owners):
                ((name, (bill_format, _)),) = held.items()
                bills.setdefault(name, []).append(
                    Part(replace(file, bill_format=bill_format), sum(each.lines for each in owners))
                )
                if lines.parsed is not None:
                    parsed[file.digest] = lines.parsed
            else:
                for number, (name, (bill_format, mine)) in enumerate(held.items()):
                    tell("sort", number, len(held))
                    cut = Part(lines.cut(mine, bill_format), sum(each.lines for each in mine), file)
                    bills.setdefault(name, []).append(cut)
                lines.forget()
            done += file.rows
        tell("rows", total, total)
        _refuse_nameless(bills, by_month=by_month)
        _refuse_none_or_too_many(bills, left_out, files[0].name)
        found = {name: tuple(bills[name]) for name in sorted(bills, key=_order)}
        # The same cut of two files is one file, and counts once.
        once = {name: list({part.file.digest: part.file for part in parts}.values()) for name, parts in found.items()}
        again = {name: repeats(connection, each) for name, each in once.items()}
    return Sorted(found, left_out, parsed, again)


def _bills_of(
    owners: Sequence[Owner], formats: Sequence[BillFormat], left_out: dict[str, int]
) -> dict[BillName, tuple[BillFormat, list[Owner]]]:
    """The bills that a file's lines are of, in order. A line that does not tell its payer or month goes with one that does."""
    held: dict[BillName, tuple[BillFormat, list[Owner]]] = {}
    for owner in sorted(owners, key=lambda each: (not each.payer, each.month is None, each)):
        bill_format = format_of(owner.provider, formats)
        if bill_format is None:
            left_out[owner.provider] = left_out.get(owner.provider, 0) + owner.lines
            continue
        name = BillName(bill_format.provider, owner.payer, owner.month, bill_format.name)
        if not owner.payer or owner.month is None:
            name = next((each for each in sorted(held, key=_order) if _agree(each, name)), name)
        held.setdefault(name, (bill_format, []))[1].append(owner)
    return {name: held[name] for name in sorted(held, key=_order)}


def format_of(provider: str, formats: Sequence[BillFormat]) -> BillFormat | None:
    """The format of a provider's lines, by the provider's name in lower case; None for one that is not known."""
    if formats[0].told_by is None:
        return formats[0]
    return next((each for each in formats if provider in each.spellings), None)


def _agree(there: BillName, name: BillName) -> bool:
    return there.provider == name.provider and (
        (not name.payer or there.payer == name.payer) and (name.month is None or there.month == name.month)
    )


def _order(name: BillName) -> tuple[int, str, str, str]:
    return (-1 if name.month is None else name.month, name.provider, name.payer, name.format_name)


def _refuse_nameless(bills: Mapping[BillName, Sequence[Part]], *, by_month: bool) -> None:
    for name, parts in bills.items():
        where = parts[0].file.name
        if not name.payer:
            columns = columns_of(parts[0].file.bill_format.columns["payer"])
            raise BillError("no line names a payer.", code="bill.payers", where=where, hint=f"Every line needs {columns[0]}.")
        if by_month and (name.month is None or name.month >= _LAST_MONTH):
            raise BillError("no line names a billing period.", code="bill.period", where=where, hint="Export the bill again.")


def _refuse_none_or_too_many(bills: Mapping[BillName, list[Part]], left_out: Mapping[str, int], where: str) -> None:
    if not bills and left_out:
        raise BillError(
            f"no line is of a provider that is known; named are {', '.join(map(repr, sorted(left_out)))}.",
            code="bill.provider",
            where=where,
            hint=f"Known are {', '.join(sorted({each.provider for each in FORMATS}))}.",
        )
    if not bills:
        raise BillError("the bill has no lines.", code="bill.empty", where=where, hint="Deliver it again.")
    if len(bills) > MAX_BILLS:
        raise BillError(
            f"the lines are of {len(bills)} payers and months: no file holds so many bills.",
            code="bill.too_many",
            where=where,
            hint="Look whether the columns of payer and billing period hold what they should.",
        )


def _silent(step: str, done: int, total: int) -> None:
    pass


def write_bills(found: Sorted, out: Path) -> dict[str, Path]:
    """Puts the files that were cut into a folder, each named for its bill; tells where each is, by digest."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        written = {}
        for name, parts in found.bills.items():
            for part in parts:
                if part.cut_from is None:
                    continue
                words = (name.provider, name.payer, name.format_name, name.month_text, part.file.digest[2:10])
                path = out / (re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(words)) + ".parquet")
                with whole(path) as beside:
                    shutil.copyfile(part.file.path, beside)
                written[part.file.digest] = path
    except OSError as error:
        raise ConfigurationError(f"it cannot be written: {error.strerror}.", code="cli.out", where=str(out)) from error
    return written


def keep_parsed(parsed: Mapping[str, Path], files: Iterable[BillFile | Path], resume: Path) -> None:
    """Puts the text files that were parsed where an estimate of these files that is given `resume` looks for them."""
    opened = sorted((file for file in files if isinstance(file, BillFile)), key=lambda file: file.digest)
    kept = Kept.of(resume, opened)
    for number, file in enumerate(opened):
        path = kept.path(f"lines-{number}.parquet") if file.digest in parsed else None
        if path is not None:
            parsed[file.digest].rename(path)
    kept.release()
