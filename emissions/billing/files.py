"""Which files make up a bill, whether each can be read to its end, and what its columns are called.

Every byte is read once here: for the digest, for the integrity of the compression and for the encoding. What comes
out is a plain CSV or Parquet file with known columns.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.errors import BillError
from emissions.billing.formats import BillFormat, detect_format, find_format, missing_columns
from emissions.billing.registry import FORMATS

_CHUNK = 1 << 20
_MAX_HEADER = 1 << 20
_SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".csv.zstd", ".parquet")


@dataclass(frozen=True)
class BillFile:
    """One file of a bill. `path` is what to read now (unpacked if need be), `name` what people call it.

    `export` is the export's name where AWS's folder layout tells it. `columns` are (name, type), the type being "text" in
    CSV and Arrow's word for it in Parquet. `rows` is how many there are: in CSV at most, where a quoted value spans lines.
    """

    path: Path
    name: str
    digest: str
    kind: str
    columns: tuple[tuple[str, str], ...]
    bill_format: BillFormat
    export: str = ""
    rows: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in the file's order."""
        return tuple(name for name, _ in self.columns)


def open_files(paths: Iterable[Path | str], *, work_dir: Path, format_name: str | None = None) -> list[BillFile]:
    """The files of a bill, checked to their end; folders give the bill files in them. Raises BillError naming the file.

    A file that occurs twice, byte for byte, is taken once.
    """
    found: dict[str, BillFile] = {}
    for number, (path, name) in enumerate(_expand(paths)):
        opened = _open_file(path, name, number, work_dir, format_name)
        found.setdefault(opened.digest, opened)
    if not found:
        raise BillError("no bill file given.", code="bill.none", hint=f"Name files or folders with {', '.join(_SUFFIXES)}.")
    files = sorted(found.values(), key=lambda opened: opened.digest)
    formats = sorted({opened.bill_format.name for opened in files})
    if len(formats) > 1:
        raise BillError(f"files of several formats: {', '.join(formats)}.", code="bill.mixed", hint="Give one bill at a time.")
    return files


def _expand(paths: Iterable[Path | str]) -> Iterator[tuple[Path, str]]:
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = sorted(entry for entry in path.rglob("*") if entry.is_file() and entry.name.lower().endswith(_SUFFIXES))
            if not inside:
                raise BillError(
                    f"the folder holds no file that ends in {', '.join(_SUFFIXES)}.", code="bill.none", where=str(path)
                )
            yield from ((entry, str(entry.relative_to(path))) for entry in inside)
        elif path.is_file():
            yield path, path.name
        else:
            raise BillError("no such file.", code="bill.none", where=str(path))


def _open_file(path: Path, name: str, number: int, work_dir: Path, format_name: str | None) -> BillFile:
    try:
        with path.open("rb") as stream:
            magic = stream.read(4)
    except OSError as error:
        raise BillError(f"cannot be read: {error.strerror or error}.", where=name) from error
    if not magic:
        raise BillError("the file is empty.", code="bill.empty", where=name, hint="Deliver it again.")
    if magic == b"PAR1" or path.name.lower().endswith(".parquet"):
        return _open_parquet(path, name, format_name)
    codec = "gzip" if magic[:2] == b"\x1f\x8b" else "zstd" if magic == b"\x28\xb5\x2f\xfd" else None
    plain = path if codec is None else work_dir / f"part-{number}.csv"
    digest, bom, rows = _read_through(path, name, codec, plain)
    header = _header(plain, name)
    if bom:
        header[0] = header[0].removeprefix("\ufeff").strip('"')
    return BillFile(
        path=plain,
        name=name,
        digest=digest,
        kind="csv",
        columns=tuple((column, "text") for column in header),
        bill_format=_format_of(header, name, format_name),
        export=_export_name(path),
        rows=rows,
    )


def _export_name(path: Path) -> str:
    """AWS delivers to <export>/data/BILLING_PERIOD=<month>/."""
    parts = path.absolute().parts
    for place, part in enumerate(parts):
        if part.startswith("BILLING_PERIOD=") and place >= 2:
            return parts[place - 2]
    return ""


def _format_of(header: Sequence[str], name: str, format_name: str | None) -> BillFormat:
    doubled = sorted({column for column in header if header.count(column) > 1})
    if doubled:
        raise BillError(f"the column {doubled[0]} occurs twice.", code="bill.columns", where=f"{name}, line 1")
    if format_name is None:
        return detect_format(header, where=name, formats=FORMATS)
    named = find_format(format_name, FORMATS)
    if lacking := named.missing(header):
        raise missing_columns(named, lacking, where=name)
    return named


def _read_through(path: Path, name: str, codec: str | None, plain: Path) -> tuple[str, bool, int]:
    """Digest of the bytes, whether the text has a byte-order mark, and its lines below the first; unpacks to `plain`."""
    digest = hashlib.sha256() if codec is None else _digest(path)
    decoder = codecs.getincrementaldecoder("utf-8")()
    newlines, first = 0, True
    bom = ended = False
    text = io.BytesIO() if codec is None else plain.open("wb")
    try:
        with pa.input_stream(str(path), compression=codec) as stream, text:
            while chunk := stream.read(_CHUNK):
                if codec is None:
                    digest.update(chunk)
                try:
                    # Most chunks are plain ASCII; then there is nothing to decode, unless a character is open.
                    if not chunk.isascii() or decoder.getstate()[0]:
                        decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    line = newlines + chunk[: max(error.start, 0)].count(b"\n") + 1
                    raise BillError(
                        "the text is not UTF-8.", code="bill.encoding", where=f"{name}, line {line}", hint="Export it as UTF-8."
                    ) from error
                if b"\x00" in chunk:
                    line = newlines + chunk[: chunk.index(b"\x00")].count(b"\n") + 1
                    raise BillError("the text holds a NUL byte.", code="bill.encoding", where=f"{name}, line {line}")
                if first:
                    bom, first = chunk.startswith(codecs.BOM_UTF8), False
                newlines += chunk.count(b"\n")
                ended = chunk.endswith(b"\n")
                if codec is not None:
                    text.write(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise BillError(
            "the text ends inside a character.", code="bill.encoding", where=f"{name}, line {newlines + 1}"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise BillError(
            f"the {codec or 'text'} ends early or is damaged after line {newlines} ({error}).",
            code="bill.truncated",
            where=f"{name}, line {newlines + 1}",
            hint="Deliver it again.",
        ) from error
    if first:
        raise BillError("the file is empty.", code="bill.empty", where=name, hint="Deliver it again.")
    return "0x" + digest.hexdigest(), bom, newlines - ended


def _digest(path: Path) -> hashlib._Hash:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256")


def _header(plain: Path, name: str) -> list[str]:
    with plain.open("r", encoding="utf-8", newline="") as stream:
        start = stream.read(_MAX_HEADER)
    header = next(csv.reader(io.StringIO(start, newline="")), [])
    if not header:
        raise BillError("the first line names no columns.", code="bill.columns", where=f"{name}, line 1")
    return header


def _open_parquet(path: Path, name: str, format_name: str | None) -> BillFile:
    digest = _digest(path)
    try:
        with pq.ParquetFile(path) as parquet:
            schema, rows = parquet.schema_arrow, parquet.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise BillError(
            f"not a whole Parquet file ({error}).", code="bill.truncated", where=name, hint="Deliver it again."
        ) from error
    columns = tuple((column.name, str(column.type)) for column in schema)
    return BillFile(
        path=path,
        name=name,
        digest="0x" + digest.hexdigest(),
        kind="parquet",
        columns=columns,
        bill_format=_format_of([column for column, _ in columns], name, format_name),
        export=_export_name(path),
        rows=rows,
    )
