"""What an estimate has done so far, kept in a folder, so that a run which was interrupted goes on where it was.

Parsed text files and the sums of each slice are kept under the digests of everything they follow from: another file or
format, factor set, engine, basis or method finds nothing. A file is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rfc8785

from emissions.billing.files import BillFile


@dataclass(frozen=True)
class Kept:
    """A folder for one bill's unfinished work; without a folder nothing is kept."""

    folder: Path | None = None

    @classmethod
    def of(cls, parent: Path | None, files: Sequence[BillFile]) -> Kept:
        """Where the work on these files is kept under `parent`."""
        return cls() if parent is None else cls(parent / _digest(*(f"{file.digest} {file.bill_format.title}" for file in files)))

    def valued_by(self, *what: str | None) -> Kept:
        """The part that holds what follows from a factor set, an engine and the like."""
        return Kept() if self.folder is None else Kept(self.folder / _digest(*(part or "" for part in what)))

    def path(self, name: str) -> Path | None:
        """Where a piece of work is kept, if any is; its folder is made."""
        if self.folder is None:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name

    def clear(self) -> None:
        """Lets go of it all: the estimate is done."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; when all went well it becomes `path` in one step."""
    beside = path.with_name(f"{path.name}.part")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def _digest(*parts: str) -> str:
    return hashlib.sha256(rfc8785.dumps(list(parts))).hexdigest()[:32]
