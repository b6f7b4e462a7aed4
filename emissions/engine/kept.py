"""What an estimate has done so far, kept in a folder, so that a run which was interrupted goes on where it was.

Parsed text files and the sums of each slice are kept under the digests of everything they follow from: another file or
format, factor set, engine, basis or method finds nothing. A file is there whole or not at all. One run at a time works on
a bill: the system lets go of its lock however it ends.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import rfc8785

from cloudtuner.errors import ConfigurationError
from emissions.billing.files import BillFile

_LOCK = "lock"


class _Held:
    """A folder that this run alone works in, until it is released or forgotten."""

    def __init__(self, folder: Path) -> None:
        self.release = weakref.finalize(self, os.close, _locked(folder))


def _locked(folder: Path) -> int:
    """An open file in the folder with a lock on it. Raises ConfigurationError while another run has it."""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            # Another run was done and removed the folder between the two steps.
            continue
        except OSError as error:
            raise ConfigurationError(
                f"nothing can be kept there: {error.strerror}.",
                code="engine.resume_folder",
                where=str(folder.parent),
                hint="Name a folder of your own for --resume.",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            whose = os.read(descriptor, 20).decode()
            os.close(descriptor)
            raise ConfigurationError(
                f"another run ({f'process {whose}' if whose else 'which just began'}) works on this bill here.",
                code="engine.resume_taken",
                where=str(folder.parent),
                hint="Wait until it ends, or name another folder for --resume.",
            ) from error
        if _is_at(folder / _LOCK, descriptor):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            return descriptor
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether the open file is still the one under its name: the run before may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@dataclass(frozen=True)
class Kept:
    """A folder for one bill's unfinished work; without a folder nothing is kept."""

    folder: Path | None = None
    _held: _Held | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(cls, parent: Path | None, files: Sequence[BillFile]) -> Kept:
        """Where the work on these files is kept under `parent`; nobody else's until it is cleared or released.

        Raises ConfigurationError (`engine.resume_taken`) while another run works on the same files there.
        """
        if parent is None:
            return cls()
        folder = parent / _digest(*(f"{file.digest} {file.bill_format.title}" for file in files))
        return cls(folder, _Held(folder))

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
        """Removes it all: the estimate is done. What was released may be another run's by now, and stays."""
        if self.folder is not None and self._held is not None and self._held.release.alive:
            shutil.rmtree(self.folder, ignore_errors=True)
        self.release()

    def release(self) -> None:
        """Lets another run go on from here. Releasing twice changes nothing."""
        if self._held is not None:
            self._held.release()


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
