"""Which files make up a bill, whether each can be read to its end, and what its columns are called.

What comes out is a plain CSV or Parquet file with known columns and one format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cloudtuner.errors import BillError
from emissions.billing.detection import detect_format, formats_named
from emissions.billing.formats import MOMENTS, BillFormat
from emissions.billing.manifests import (
    SUFFIXES,
    Manifest,
    files_named,
    is_bill,
    is_manifest,
    manifest_in,
    newest,
    path_ends,
)
from emissions.billing.parquet_files import file_digest, read_parquet_file
from emissions.billing.places import Columns, First, columns_of, firsts_of, places_of, text_on_line
from emissions.billing.registry import FORMATS
from emissions.billing.text_files import read_text_file

# In a file that was cut out of another: the line there on which each record stands.
LINE_COLUMN = "cloudtuner_line"

# A line of a bill has a few hundred columns at most, and one for each tag.
MAX_COLUMNS = 20_000

# What else people give, by how it begins.
_FOREIGN = {
    b"PK\x03\x04": "a ZIP archive or a workbook",
    b"%PDF": "a PDF document",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@dataclass(frozen=True)
class FileColumn:
    """A column: its name in the file, "text" in CSV and Arrow's word for the type in Parquet, and its SQL."""

    name: str
    type: str
    sql: str


@dataclass(frozen=True)
class BillFile:
    """One file of a bill. `path` is what to read now (unpacked if need be), `name` what people call it.

    `kind` is csv, json or parquet. `export` is the export's name where AWS's folder layout tells it. `columns` of Parquet
    name the parts of a struct one by one, with dots. `rows` is how many there are: in text at most, where a value spans
    lines. `told_digest` is "" where opening the file did not read every byte.
    """

    path: Path
    name: str
    told_digest: str
    kind: str
    columns: tuple[FileColumn, ...]
    bill_format: BillFormat
    export: str = ""
    rows: int = 0

    @cached_property
    def digest(self) -> str:
        """The sha256 of what was given, as "0x…"."""
        return self.told_digest or file_digest(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in the file's order."""
        return tuple(column.name for column in self.columns)

    @property
    def is_cut(self) -> bool:
        """Whether it was cut out of another file. A column of that name in somebody's own file says nothing."""
        return self.kind == "parquet" and any((column.name, column.type) == (LINE_COLUMN, "int64") for column in self.columns)


@dataclass(frozen=True)
class _Given:
    """A file to open: where it is, what people call it, and how many lines its manifest says it has (0: none says)."""

    path: Path
    name: str
    rows: int = 0


def open_files(paths: Iterable[Path | str | BillFile], *, work_dir: Path, format_name: str | None = None) -> list[BillFile]:
    """The files of a bill, checked to their end. Raises BillError naming the file.

    A folder gives the files that its newest manifests name, or all bill files where there is no manifest; a manifest gives
    the files it names. A file that occurs twice, byte for byte, is taken once; one that is open already is taken as it is.
    """
    files = open_each(paths, work_dir=work_dir, format_name=format_name)
    formats = sorted({opened.bill_format.title for opened in files})
    if len(formats) > 1:
        raise BillError(f"files of several formats: {', '.join(formats)}.", code="bill.mixed", hint="Give one bill at a time.")
    return files


def open_each(
    paths: Iterable[Path | str | BillFile],
    *,
    work_dir: Path,
    format_name: str | None = None,
    any_provider: bool = False,
    look_around: bool = True,
) -> list[BillFile]:
    """The same for files that may be of several bills, each in a format of its own.

    `any_provider` lets the first line name a provider that is not known, where others write the same columns.
    `look_around` False keeps a manifest to its own folder: a stranger's may not name what else this disk holds.
    """
    opened: list[BillFile] = []
    for number, given in enumerate(_expand(paths, look_around=look_around)):
        if isinstance(given, BillFile):
            opened.append(given)
            continue
        file = _open_file(given, work_dir / f"part-{number}.csv", format_name, any_provider=any_provider)
        if file.rows < given.rows:
            raise BillError(
                f"the manifest promises {given.rows} lines, there are {file.rows}.",
                code="bill.incomplete",
                where=given.name,
                hint="Copy the whole delivery again.",
            )
        opened.append(file)
    if not opened:
        raise BillError("no bill file given.", code="bill.none", hint=f"Name files or folders with {', '.join(SUFFIXES)}.")
    if len(opened) == 1:
        # Nothing to tell apart: its digest may be taken beside other work.
        return opened
    return [file for _, file in sorted({file.digest: file for file in reversed(opened)}.items())]


def _expand(paths: Iterable[Path | str | BillFile], *, look_around: bool) -> Iterator[_Given | BillFile]:
    for given in paths:
        if isinstance(given, BillFile):
            yield given
            continue
        path = Path(given)
        if path.is_dir():
            yield from _in_folder(path)
        elif path.is_file() and is_manifest(path.name) and (manifest := manifest_in(path, str(path))):
            yield from _named_by(manifest, path, look_around=look_around)
        elif path.is_file():
            yield _Given(path, path.name)
        else:
            raise BillError("no such file.", code="bill.none", where=str(path))


def _in_folder(folder: Path) -> Iterator[_Given]:
    inside = sorted(str(entry.relative_to(folder)) for entry in folder.rglob("*") if entry.is_file())
    bills = [name for name in inside if is_bill(name)]
    told = [manifest_in(folder / name, name) for name in inside if is_manifest(name)]
    manifests = newest(one for one in told if one is not None)
    if not bills:
        raise BillError(f"the folder holds no file that ends in {', '.join(SUFFIXES)}.", code="bill.none", where=str(folder))
    named = [item for manifest in manifests for item in files_named(manifest, bills).items()]
    yield from (_Given(folder / name, name, rows) for name, rows in (named or [(name, 0) for name in bills]))


def _named_by(manifest: Manifest, path: Path, *, look_around: bool) -> Iterator[_Given]:
    """The files of a manifest that was given by itself: they lie beside it or below, or below one of three folders above it
    by the path that the manifest tells, or by an end of it.
    """
    refusal: BillError | None = None
    for folder in (path.parent, *(path.absolute().parents[1:4] if look_around else ())):
        if folder == path.parent:
            inside = (entry for entry in folder.rglob("*") if entry.is_file() and is_bill(entry.name))
            bills = sorted(str(entry.relative_to(folder)) for entry in inside)
        else:
            # What lies above may be the whole disk: it is asked for names and not walked.
            bills = sorted({end for file in manifest.files for end in path_ends(file) if (folder / end).is_file()})
        try:
            named = files_named(manifest, bills)
        except BillError as error:
            refusal = refusal or error
            continue
        yield from (_Given(folder / name, name, rows) for name, rows in named.items())
        return
    if refusal is not None:
        raise refusal


def _open_file(given: _Given, unpacked: Path, format_name: str | None, *, any_provider: bool) -> BillFile:
    path, name = given.path, given.name
    codec = codec_of(path, name)
    if codec == "parquet":
        found = read_parquet_file(path, name)
        columns = tuple(FileColumn(*column) for column in found.columns)
        bill_format = format_of([column.name for column in columns], found.first_line, name, format_name, any_provider)
        _refuse_types(columns, bill_format, name)
        _refuse_twins([column.name for column in columns], bill_format, name)
        return BillFile(path, name, "", "parquet", columns, bill_format, _export_name(path), found.rows)
    text = read_text_file(path, name, codec=codec or None, unpacked=unpacked)
    bill_format = format_of(text.header, text.first_line, name, format_name, any_provider)
    if text.kind == "json":
        _refuse_twins(text.header, bill_format, name)
    columns = _json_columns(text.header, bill_format) if text.kind == "json" else _csv_columns(text.header)
    return BillFile(text.path, name, text.digest, text.kind, columns, bill_format, _export_name(path), text.rows)


def _csv_columns(header: Sequence[str]) -> tuple[FileColumn, ...]:
    """By place and not by name: tags may differ in case only, which SQL takes for the same name."""
    return tuple(FileColumn(column, "text", f"c{place}") for place, column in enumerate(header))


def _json_columns(names: Sequence[str], bill_format: BillFormat) -> tuple[FileColumn, ...]:
    """What the first lines name, and what later ones may name: a line leaves out what it has no value for."""
    there = Columns(names)
    later = [
        column.partition(".")[0]
        for source in bill_format.columns.values()
        for column in columns_of(source)
        if there.find(column) is None and not any(one.default for one in firsts_of(source))
    ]
    return tuple(FileColumn(name, "text", '"' + name.replace('"', '""') + '"') for name in dict.fromkeys([*names, *later]))


def codec_of(path: Path, name: str) -> str:
    """How a file is packed, by its first bytes: "" (plain), "gzip", "zstd" or "parquet"."""
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise BillError(f"cannot be read: {error.strerror or error}.", where=name) from error
    if not magic:
        raise BillError("the file is empty.", code="bill.empty", where=name, hint="Deliver it again.")
    for begins, kind in _FOREIGN.items():
        if magic.startswith(begins):
            raise BillError(
                f"this is {kind}.", code="bill.kind", where=name, hint="Give CSV or JSON lines in UTF-8, or Parquet, unpacked."
            )
    if magic == b"PAR1" or path.name.lower().endswith(".parquet"):
        return "parquet"
    return "gzip" if magic[:2] == b"\x1f\x8b" else "zstd" if magic == b"\x28\xb5\x2f\xfd" else ""


def _export_name(path: Path) -> str:
    """AWS delivers to <export>/data/BILLING_PERIOD=<month>/."""
    parts = path.absolute().parts
    for place, part in enumerate(parts):
        if part.startswith("BILLING_PERIOD=") and place >= 2:
            return parts[place - 2]
    return ""


def format_of(
    names: Sequence[str], line: Mapping[str, str], name: str, format_name: str | None, any_provider: bool = False
) -> BillFormat:
    """The format of a file with these columns and this first line; raises BillError when there is none."""
    if len(names) > MAX_COLUMNS:
        raise BillError(
            f"it names {len(names)} columns; no bill has more than {MAX_COLUMNS}.",
            code="bill.columns",
            where=f"{name}, line 1",
            hint="Look whether the first line is what it should be.",
        )
    doubled = sorted(column for column, count in Counter(names).items() if column and count > 1)
    if doubled:
        raise BillError(f"the column {doubled[0]} occurs twice.", code="bill.columns", where=f"{name}, line 1")

    def first_line(place: First) -> str:
        return text_on_line(place, line)

    formats = formats_named(format_name, FORMATS)
    return detect_format(names, first_line=first_line, where=name, formats=formats, any_provider=any_provider)


def _refuse_types(columns: tuple[FileColumn, ...], bill_format: BillFormat, name: str) -> None:
    """Raises BillError for a column of a type that cannot hold its field."""
    found = Columns([column.name for column in columns])
    types = {column.name: column.type for column in columns}
    for field, source in bill_format.columns.items():
        for wanted in columns_of(source):
            place = found.find(wanted)
            if place is None or place[1]:
                continue
            kind = types[place[0]]
            nested = kind.startswith(("list<", "large_list<", "map<"))
            keyed = any(each.column == wanted and each.key for each in places_of(source))
            time = kind.startswith(("timestamp", "date", "string", "large_string"))
            if (nested and not keyed) or kind.startswith(("binary", "fixed_size_binary")) or (field in MOMENTS and not time):
                needed = "a time" if field in MOMENTS else "a text or a number"
                raise BillError(
                    f"the column {place[0]} holds {kind}, {bill_format.title} has {needed} there.",
                    code="bill.types",
                    where=name,
                    hint="Export it again with the provider's own types.",
                )


def _refuse_twins(names: Sequence[str], bill_format: BillFormat, name: str) -> None:
    """Raises BillError where a column that is read has a twin in another case: the reader takes them for the same name."""
    spelt: dict[str, list[str]] = {}
    for column in names:
        spelt.setdefault(column.lower(), []).append(column)
    found = Columns(names)
    for wanted in bill_format.read_columns:
        place = found.find(wanted)
        twins = spelt[place[0].lower()] if place else []
        if len(twins) > 1:
            raise BillError(
                f"the columns {' and '.join(twins)} differ in case only.",
                code="bill.columns",
                where=name,
                hint="Export it again with one of them, or as CSV.",
            )
