"""From a place in an object store to files here: only what makes up the bill, named by its own sha256.

A fetched file lies once under `objects/` by its digest and is linked under its name in the bucket, so that manifests and
AWS's folder names mean what they mean there. What was fetched in the same version before is not fetched again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from emissions.billing.manifests import Manifest, files_named, is_bill, is_manifest, newest, read_manifest, refuse_large
from emissions.sources.errors import SourceError
from emissions.sources.stores import Access, Source, StoredObject
from emissions.sources.uris import is_store_uri, parse_uri

# Called with bytes done and bytes in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched: its name in the bucket, where it lies now, its sha256 (0x…) and its size."""

    name: str
    path: Path
    digest: str
    size: int


def wanted_objects(source: Source) -> list[StoredObject]:
    """What of a place makes up the bill: the files that the newest manifests name, or all bill files, with the manifests."""
    objects = {each.name: each for each in source.objects()}
    for name in objects:
        if name.startswith("/") or ".." in PurePosixPath(name).parts:
            raise SourceError(f"an object is called {name[:200]!r}.", code="source.name", where=str(source.uri))
    manifests = [manifest for name in objects if is_manifest(name) and (manifest := _manifest(source, objects[name]))]
    bills = [name for name in objects if is_bill(name)]
    if not bills:
        raise SourceError("no bill file lies here.", code="source.empty", where=str(source.uri), hint="Name the export's prefix.")
    chosen = newest(manifests)
    named = {name for manifest in chosen for name in files_named(manifest, bills)} or set(bills)
    return [objects[name] for name in sorted(named | {manifest.where for manifest in chosen})]


def _manifest(source: Source, item: StoredObject) -> Manifest | None:
    refuse_large(item.size, item.name)
    return read_manifest(source.read(item), item.name)


def fetch(source: Source, into: Path, on_progress: Progress | None = None) -> list[Fetched]:
    """Brings what makes up the bill under `into`; raises SourceError or SourceUnreachable, then nothing is half there."""
    objects = wanted_objects(source)
    total, done = sum(each.size for each in objects), 0
    known = _Known(into, source)
    found = []
    for each in objects:
        held = known.find(each)
        if held is None:
            held = known.keep(each, source.chunks(each))
        found.append(_linked(into / "files" / source.uri.bucket / each.name, held, each))
        done += each.size
        if on_progress is not None:
            on_progress(done, total)
    known.write()
    return found


@contextmanager
def local_bills(
    places: Iterable[str | Path], *, access: Access | None = None, on_progress: Progress | None = None
) -> Iterator[list[Path]]:
    """The same places as files and folders here; what lies in object stores is fetched to a folder that goes away after."""
    given = list(places)
    if not any(is_store_uri(place) for place in given):
        yield [Path(place) for place in given]
        return
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-fetched-"))
    try:
        paths = []
        for number, place in enumerate(given):
            if is_store_uri(place):
                fetch(Source(parse_uri(place), access), folder / str(number), on_progress)
                paths.append(folder / str(number) / "files")
            else:
                paths.append(Path(place))
        yield paths
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Known:
    """Which versions of which objects lie under `objects/` already."""

    def __init__(self, into: Path, source: Source) -> None:
        self.folder = into / "objects"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._index = into / "fetched.json"
        self._prefix = f"{source.uri.scheme}://{source.uri.bucket}@{source.uri.account}/"
        self._digests: dict[str, str] = json.loads(self._index.read_text()) if self._index.is_file() else {}

    def find(self, item: StoredObject) -> Path | None:
        """The file of this very version, if it was fetched before and is whole."""
        digest = self._digests.get(self._key(item), "") if item.tag else ""
        path = self.folder / digest
        return path if digest and path.is_file() and path.stat().st_size == item.size else None

    def keep(self, item: StoredObject, chunks: Iterable[bytes]) -> Path:
        """Writes an object beside, and names it by its digest once it is whole."""
        handle, name = tempfile.mkstemp(dir=self.folder)
        digest = hashlib.sha256()
        try:
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
            path = self.folder / digest.hexdigest()
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._digests[self._key(item)] = path.name
        return path

    def write(self) -> None:
        """Remembers for the next time."""
        beside = self._index.with_suffix(".new")
        beside.write_text(json.dumps(self._digests, sort_keys=True))
        beside.replace(self._index)

    def _key(self, item: StoredObject) -> str:
        return f"{self._prefix}{item.name}#{item.tag}#{item.size}"


def _linked(path: Path, held: Path, item: StoredObject) -> Fetched:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(held.resolve())
    return Fetched(item.name, path, "0x" + held.name, item.size)
