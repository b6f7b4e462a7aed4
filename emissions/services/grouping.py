"""Which bills the files of an upload hold: each file under its bill, those of several bills cut and kept in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.db.models import Max

from cloudtuner.clock import hour_text, month_hours
from cloudtuner.errors import BillError
from emissions.billing.files import BillFile
from emissions.engine.repeating import Repeat
from emissions.engine.sorting import BillName, Sorted, sort_into_bills
from emissions.models import Upload, UploadFile
from emissions.services.progress import Meter
from emissions.store import Store

# The flag of a version of which one file says again what another says.
FILES_REPEATED = "files.repeated"
# Text is parsed and unpacked on the way. What is beyond this is read again, bill by bill, rather than fill the disk.
_MOST_KEPT = 20 << 30


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


@dataclass(frozen=True)
class BillFiles:
    """A bill's files: as rows of the upload, and as they are read. `parsed` are those that were parsed, by digest.

    `flags` are what a person should see before its files count together.
    """

    key: BillKey
    rows: list[UploadFile]
    files: list[BillFile | Path]
    parsed: Mapping[str, Path]
    flags: list[dict[str, str]]


def files_sort(paths: Sequence[Path], *, folder: Path, store: Store, meter: Meter) -> Sorted:
    """Sorts files into bills; cut files are in the store when it returns. Touches no database: it may take long."""
    found = sort_into_bills(paths, folder=folder, on_progress=meter.tell, look_around=False)
    for parts in found.bills.values():
        for part in parts:
            if part.cut_from is not None:
                with part.file.path.open("rb") as stream:
                    store.put(iter(lambda: stream.read(1 << 20), b""))
    return found


def bills_of_upload(upload: Upload, found: Sorted, given: Mapping[str, Path], folder: Path) -> list[BillFiles]:
    """The bills, oldest first, with a row of the upload for every file that was cut. `given` are the paths by digest."""
    rows = {f"0x{row.digest}": row for row in upload.files.filter(cut_from=None)}
    reuse = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= _MOST_KEPT
    bills = []
    with transaction.atomic():
        position = upload.files.aggregate(last=Max("position"))["last"] or 0
        for name, parts in found.bills.items():
            mine: list[UploadFile] = []
            files: list[BillFile | Path] = []
            for part in parts:
                if part.cut_from is None:
                    mine.append(rows[part.file.digest])
                    files.append(part.file if reuse else given[part.file.digest])
                    continue
                position += 1
                origin = rows[part.cut_from.digest]
                row, _ = UploadFile.objects.get_or_create(
                    upload=upload,
                    digest=part.file.digest.removeprefix("0x"),
                    defaults={
                        "cut_from": origin,
                        "name": origin.name,
                        "position": position,
                        "size": part.file.path.stat().st_size,
                    },
                )
                if row in mine:
                    # Two files hold the month, the same byte for byte: it counts once, as two such files do.
                    continue
                mine.append(row)
                files.append(part.file)
            key = _key(name)
            _refuse_two_deliveries(key, [row.name for row in mine])
            flags = [_repeated(each) for each in found.repeats[name]]
            bills.append(BillFiles(key, mine, files, found.parsed if reuse else {}, flags))
    return bills


def notes_of(found: Sorted) -> list[dict[str, str]]:
    """What a person should know of the sorting: files that held several bills, and lines that are in none."""
    notes = []
    for file in found.cut:
        held = [name for name, parts in found.bills.items() if any(part.cut_from is file for part in parts)]
        payers = len({(name.provider, name.payer) for name in held})
        months = sorted({name.month_text for name in held})
        span = months[0] if len(months) == 1 else f"{len(months)} months, {months[0]} to {months[-1]}"
        bills = f"{len(held)} bills" if len(held) > 1 else "one bill"
        text = f"{file.name} holds {bills}: {_counted(payers, 'payer')}, {span}. Each was read by itself."
        notes.append({"code": "bill.cut", "account": "", "text": text})
    for provider, lines in found.left_out.items():
        whose = f"of {provider!r}, a provider that is not estimated" if provider else "of no named provider"
        text = f"{_counted(lines, 'line')} {'is' if lines == 1 else 'are'} {whose}: left out of every bill."
        notes.append({"code": "bill.left_out", "account": "", "text": text})
    return notes


def _repeated(repeat: Repeat) -> dict[str, str]:
    text = (
        f"{repeat.file.name} says again about {repeat.percent} % of what {repeat.other.name} says, and both count. If one is a "
        "newer delivery, discard this and upload the newer one alone; confirm it if they belong together."
    )
    return {"code": FILES_REPEATED, "account": "", "text": text}


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def _key(name: BillName) -> BillKey:
    assert name.month is not None
    period_from, period_through = month_hours(name.month // 12, name.month % 12 + 1)
    return BillKey(period_from, period_through, name.provider, name.payer, name.format_name)


def _refuse_two_deliveries(key: BillKey, names: Sequence[str]) -> None:
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
