"""Where the bytes are: files named by their own sha256, so that a digest in a row is enough to find and to check them.

A file appears under its name whole or not at all (written beside, synced, renamed), and is never changed.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from django.conf import settings

from cloudtuner.disk import make_folder, sync_folder
from cloudtuner.errors import CloudTunerError, ConfigurationError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNSAFE = re.compile(r"[^\w.\- ]+")
_MOST_BYTES = 200
_SETTLING = 4


class StoreError(CloudTunerError):
    """A stored file is missing or is not what its name says."""

    code = "store.missing"


@dataclass(frozen=True)
class Stored:
    """What was put: its sha256 (hex, no 0x) and its length in bytes."""

    digest: str
    size: int


class Store:
    """A folder of files named by their sha256."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, chunks: Iterable[bytes]) -> Stored:
        """Keeps the bytes and returns their name; bytes that are there already are not written twice."""
        return self._settle(*self._draft(chunks))

    def put_each(self, documents: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[tuple[str, Stored]]:
        """Keeps several, each under a key of the caller's, and gives what each became, in their order.

        A disk takes longer to settle a file than we to write it, and settles several at once: the next is written meanwhile.
        """
        waiting: deque[tuple[str, Future[Stored]]] = deque()
        with ThreadPoolExecutor(max_workers=_SETTLING, thread_name_prefix="store") as pool:
            for key, chunks in documents:
                waiting.append((key, pool.submit(self._settle, *self._draft(chunks))))
                if len(waiting) > _SETTLING:
                    first, settled = waiting.popleft()
                    yield first, settled.result()
            for first, settled in waiting:
                yield first, settled.result()

    def _draft(self, chunks: Iterable[bytes]) -> tuple[BinaryIO, Path, Stored]:
        """The bytes in a file that has no name of its own yet, still open."""
        incoming = self.root / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        handle, name = tempfile.mkstemp(dir=incoming)
        file = open(handle, "wb")  # noqa: SIM115 # closed by _settle
        try:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
        except BaseException:
            file.close()
            Path(name).unlink()
            raise
        return file, Path(name), Stored(digest.hexdigest(), size)

    def _settle(self, file: BinaryIO, temporary: Path, stored: Stored) -> Stored:
        """Gives a draft its name, once the disk has it."""
        try:
            with file:
                file.flush()
                os.fsync(file.fileno())
            target = self._place(stored.digest)
            if not target.exists():
                make_folder(target.parent)
                temporary.chmod(0o440)
                temporary.rename(target)
                sync_folder(target.parent)
            return stored
        finally:
            temporary.unlink(missing_ok=True)

    def put_bytes(self, data: bytes) -> str:
        """Keeps some bytes and returns their digest."""
        return self.put([data]).digest

    def path(self, digest: str) -> Path:
        """Where the bytes of a digest lie; raises StoreError when they do not."""
        target = self._place(digest)
        if not target.is_file():
            raise StoreError(
                f"the file {digest[:12]}… is not in the store.",
                where=str(self.root),
                hint="Restore it from the backup of the data folder.",
            )
        return target

    def read(self, digest: str) -> bytes:
        """The bytes of a digest, checked against it."""
        data = self.path(digest).read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise StoreError(
                f"the file {digest[:12]}… was changed: its bytes have another digest.",
                code="store.damaged",
                where=str(self.root),
                hint="Restore it from the backup of the data folder.",
            )
        return data

    @contextmanager
    def laid_out(self, files: Sequence[tuple[str, str]]) -> Iterator[list[Path]]:
        """Paths under the names people gave, for readers that tell a format by the name and name files in errors.

        `files` are (name, digest); the paths exist inside the block only.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix="reading-") as folder:
            paths = []
            for number, (name, digest) in enumerate(files):
                place = Path(folder) / safe_name(name)
                while place.is_symlink():
                    place = place.with_name(f"{number}-{place.name}")
                place.symlink_to(self.path(digest))
                paths.append(place)
            yield paths

    @contextmanager
    def work_folder(self) -> Iterator[Path]:
        """An empty folder on the store's disk, gone after the block."""
        self.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root, prefix="working-") as folder:
            yield Path(folder)

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise StoreError(f"not a sha256: {digest[:80]!r}.", code="store.digest")
        return self.root / digest[:2] / digest[2:4] / digest


def safe_name(name: str) -> str:
    r"""A file name without folders, control characters or anything else a path could be made of, of at most 200 bytes.

    >>> safe_name("../../etc/pass\x00wd.csv")
    'pass_wd.csv'
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    text = _UNSAFE.sub("_", last).strip(" .")
    # A disk counts bytes, and a letter of Hindi is three; the end of a name tells its kind.
    return text.encode()[-_MOST_BYTES:].decode(errors="ignore").lstrip(" .") or "file"


@cache
def _store_at(url: str) -> Store:
    parts = urlsplit(url)
    if parts.scheme != "file" or not parts.path:
        raise ConfigurationError(
            f"{parts.scheme or 'no scheme'}: this release keeps files in a folder.",
            where="OBJECT_STORE_URL",
            hint="Use file:///path.",
        )
    return Store(Path(unquote(parts.path)))


def default_store() -> Store:
    """The store that settings name."""
    return _store_at(settings.OBJECT_STORE_URL)
