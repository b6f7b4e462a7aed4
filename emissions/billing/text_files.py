"""Whether a text file (CSV or JSON lines) can be read to its end, and what its first lines say.

Every byte is read once: for the digest, for the integrity of the compression, for the encoding and for the line ends.
What comes out is a plain file in UTF-8 with one kind of line end.
"""

from __future__ import annotations

import codecs
import csv
import errno
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from cloudtuner.errors import BillError, CloudTunerError
from emissions.billing.json_lines import is_json_lines, start_of_json

_CHUNK = 1 << 20
_MAX_START = 1 << 20

# The parser takes lines of up to two megabytes, and so must those who count lines: tags can be long.
csv.field_size_limit(4 << 20)

# A bill packs 10 to 60 times smaller. What unpacks to more than this is made to fill a disk.
MAX_RATIO = 200
ALWAYS_ALLOWED = 64 << 20


@dataclass(frozen=True)
class TextFile:
    """A text file that was read to its end. `kind` is csv or json.

    `rows` counts lines (below the header in CSV), so that values across lines count more than once. `first_line` has the
    parts of JSON objects one by one, `header` does not.
    """

    kind: str
    path: Path
    digest: str
    rows: int
    header: list[str]
    first_line: dict[str, str]


def read_text_file(path: Path, name: str, *, codec: str | None, unpacked: Path) -> TextFile:
    """Reads a text file to its end; raises BillError with the line where it is damaged. Unpacks to `unpacked` if need be."""
    plain = path if codec is None else unpacked
    facts = _Facts(name, codec)
    digest = hashlib.sha256() if codec is None else _digest(path)
    most = max(ALWAYS_ALLOWED, MAX_RATIO * path.stat().st_size)
    target: BinaryIO = io.BytesIO() if codec is None else plain.open("wb")
    with target:
        for chunk in _chunks(path, facts):
            facts.take(chunk)
            if codec is None:
                digest.update(chunk)
            else:
                if facts.size > most:
                    raise BillError(
                        f"it unpacks to more than {MAX_RATIO} times its size: no bill does.",
                        code="bill.bomb",
                        where=f"{name}, line {facts.newlines + 1}",
                        hint="Export it again, or give it unpacked.",
                    )
                _write(target, chunk, name)
    facts.finish()
    if facts.bare_returns and (line := _line_of_bare_return(plain)):
        raise BillError(
            "a line ends in a carriage return without a line feed.",
            code="bill.line_ends",
            where=f"{name}, line {line}",
            hint="Export it with LF or CRLF as the end of a line.",
        )
    if facts.returns not in (0, facts.newlines):
        # The parser expects one kind of line end throughout; a value across lines keeps its break.
        plain = _with_line_feeds(plain, unpacked.with_suffix(".lf.csv"), name)
    with plain.open("r", encoding="utf-8-sig", newline="") as stream:
        start = stream.read(_MAX_START)
    kind = "json" if is_json_lines(start) else "csv"
    header, first_line = _start(start, name)
    rows = facts.newlines - facts.ended + (kind == "json")
    return TextFile(kind, plain, "0x" + digest.hexdigest(), rows, header, first_line)


class _Facts:
    """What is learnt of a text while it passes by."""

    def __init__(self, name: str, codec: str | None) -> None:
        self.name, self.codec = name, codec
        self.size = self.newlines = self.returns = 0
        self.bare_returns = self.ended = False
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._last = b""

    def take(self, chunk: bytes) -> None:
        """Looks at the next piece; raises BillError where it is no UTF-8 text."""
        try:
            # Most chunks are plain ASCII; then there is nothing to decode, unless a character is open.
            if not chunk.isascii() or self._decoder.getstate()[0]:
                self._decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise self._not_text("the text is not UTF-8.", chunk[: max(error.start, 0)]) from error
        if b"\x00" in chunk:
            raise self._not_text("the text holds a NUL byte.", chunk[: chunk.index(b"\x00")])
        self.size += len(chunk)
        newlines = chunk.count(b"\n")
        if b"\r" in chunk or self._last == b"\r":
            joined = self._last + chunk if self._last == b"\r" else chunk
            returns, pairs = joined.count(b"\r") - joined.endswith(b"\r"), joined.count(b"\r\n")
            self.returns += pairs
            self.bare_returns |= returns > pairs
        self.newlines += newlines
        self.ended = chunk.endswith(b"\n")
        self._last = chunk[-1:]

    def finish(self) -> None:
        """The text is over; raises BillError where it should not be."""
        if not self.size:
            raise BillError("the file is empty.", code="bill.empty", where=self.name, hint="Deliver it again.")
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise BillError(
                "the text ends inside a character.", code="bill.encoding", where=f"{self.name}, line {self.newlines + 1}"
            ) from error

    def _not_text(self, message: str, before: bytes) -> BillError:
        line = self.newlines + before.count(b"\n") + 1
        return BillError(message, code="bill.encoding", where=f"{self.name}, line {line}", hint="Export it as UTF-8.")


def _chunks(path: Path, facts: _Facts) -> Iterator[bytes]:
    try:
        with pa.input_stream(str(path), compression=facts.codec) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (OSError, pa.ArrowException) as error:
        raise BillError(
            f"the {facts.codec or 'text'} ends early or is damaged after line {facts.newlines} ({error}).",
            code="bill.truncated",
            where=f"{facts.name}, line {facts.newlines + 1}",
            hint="Deliver it again.",
        ) from error


def _write(target: BinaryIO, chunk: bytes, name: str) -> None:
    try:
        target.write(chunk)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        raise CloudTunerError(
            "there is no room to unpack the file." if full else f"the file cannot be unpacked: {error.strerror}.",
            code="engine.disk",
            where=name,
            hint="Free some space where temporary files go (TMPDIR).",
        ) from error


def _digest(path: Path) -> hashlib._Hash:
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256")


def _line_of_bare_return(plain: Path) -> int:
    """The first line with a carriage return outside quotes that no line feed follows; 0 if all are inside quotes."""
    line, quotes = 1, 0
    with plain.open("rb") as stream:
        ahead = stream.read(_CHUNK)
        while ahead:
            # One byte more than the piece, to see what follows a carriage return at its end.
            chunk, ahead = ahead, stream.read(_CHUNK)
            seen, place = 0, chunk.find(b"\r")
            while place >= 0:
                quotes += chunk.count(b'"', seen, place)
                line += chunk.count(b"\n", seen, place)
                seen = place
                if quotes % 2 == 0 and (chunk[place + 1 : place + 2] or ahead[:1]) != b"\n":
                    return line
                place = chunk.find(b"\r", place + 1)
            quotes += chunk.count(b'"', seen)
            line += chunk.count(b"\n", seen)
    return 0


def _with_line_feeds(plain: Path, target: Path, name: str) -> Path:
    held = b""
    with plain.open("rb") as stream, target.open("wb") as out:
        while chunk := stream.read(_CHUNK):
            text = held + chunk
            held = b"\r" if text.endswith(b"\r") else b""
            _write(out, text[: len(text) - len(held)].replace(b"\r\n", b"\n"), name)
        _write(out, held, name)
    return target


def _start(start: str, name: str) -> tuple[list[str], dict[str, str]]:
    if is_json_lines(start):
        return start_of_json(start, name)
    reader = csv.reader(io.StringIO(start, newline=""))
    try:
        header, first = next(reader, []), next((row for row in reader if row), [])
    except csv.Error as error:
        raise BillError(
            f"not CSV ({error}).", code="bill.columns", where=f"{name}, line {reader.line_num}", hint="Export it again."
        ) from error
    if not header:
        raise BillError("the first line names no columns.", code="bill.columns", where=f"{name}, line 1")
    return header, dict(zip(header, first, strict=False))
