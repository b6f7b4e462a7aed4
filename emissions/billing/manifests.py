"""Which files of a folder are the bill: what its manifests name, or every bill file where there is no manifest.

A provider that delivers again leaves the older delivery's files where they are and names the newer ones in a manifest.
Three kinds are known: AWS's of the legacy report (`reportKeys`), of Data Exports (`dataFiles`), and Azure's (`blobs`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from cloudtuner.errors import BillError

SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".csv.zstd", ".parquet", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
# A delivery of a hundred thousand files has a manifest of this size. What is larger would fill the memory.
MAX_BYTES = 16 << 20
# BigQuery numbers the parts of an export to JSON so; any other .json in a folder is something else.
_NUMBERED_JSON = re.compile(r"[0-9]{12}\.json(\.gz)?$")


@dataclass(frozen=True)
class Manifest:
    """One delivery: the billing period, when it was made (text that sorts), and its files by their path at the provider.

    `rows` is how many lines the provider says its files have, where it says so. `export` is whose delivery it is, empty
    where the manifest does not say. `others` are the files of the deliveries that lie beside it.
    """

    where: str
    period: str
    made: str
    files: tuple[str, ...]
    rows: Mapping[str, int] = field(default_factory=dict)
    export: str = ""
    others: tuple[str, ...] = ()


def is_manifest(path: str) -> bool:
    """Whether a path is named as a manifest is."""
    name = PurePosixPath(path).name.lower()
    return name == "manifest.json" or name.endswith(("-manifest.json", "_manifest.json"))


def is_bill(path: str) -> bool:
    """Whether a path is named as a bill file is."""
    return path.lower().endswith(SUFFIXES) or _NUMBERED_JSON.search(path) is not None


def manifest_in(path: Path, where: str) -> Manifest | None:
    """The delivery that a file tells, as `read_manifest` says."""
    refuse_large(path.stat().st_size, where)
    return read_manifest(path.read_bytes(), where)


def refuse_large(size: int, where: str) -> None:
    """Raises BillError for a manifest of more bytes than any has, before it is read."""
    if size > MAX_BYTES:
        raise BillError(
            f"the manifest has {size} bytes; none has more than {MAX_BYTES}.",
            code="bill.manifest",
            where=where,
            hint="Give the bill's files, or its manifest as the provider wrote it.",
        )


def read_manifest(text: bytes, where: str) -> Manifest | None:
    """The delivery that a manifest tells; None for another provider's or purpose's JSON. Raises BillError if damaged."""
    try:
        told = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BillError(
            f"the manifest is not JSON ({error}).", code="bill.manifest", where=where, hint="Deliver it again."
        ) from error
    if not isinstance(told, dict):
        return None
    if isinstance(keys := told.get("reportKeys"), list):
        period, made = _text(told.get("billingPeriod"), "start"), _text(told, "assemblyId")
        return Manifest(where, period, made, _paths(keys, where), export=_text(told, "reportName"))
    if isinstance(files := told.get("dataFiles"), list):
        paths = _paths(files, where)
        # The manifest may have been copied out of its folder; the files' paths say for certain whose they are.
        period, export = _folders(paths[0])
        return Manifest(where, period or _folders(where)[0], paths[0], paths, export=export)
    if isinstance(blobs := told.get("blobs"), list):
        run, config = told.get("runInfo"), told.get("exportConfig")
        blobs = [blob for blob in blobs if isinstance(blob, dict)]
        names = _paths([blob.get("blobName") for blob in blobs], where)
        rows = {str(blob["blobName"]): blob["dataRowCount"] for blob in blobs if isinstance(blob.get("dataRowCount"), int)}
        export = " of ".join(filter(None, (_text(config, "exportName"), _text(config, "resourceId"))))
        return Manifest(where, _text(run, "startDate"), _text(run, "submittedTime") or where, names, rows, export)
    return None


def newest(manifests: Iterable[Manifest]) -> list[Manifest]:
    """One delivery per billing period: AWS's manifest of the whole month before those of its parts, else the latest made.

    Raises BillError where several exports have delivered: which of them is the bill, or whether they tell the same usage
    twice, no manifest says.
    """
    told = sorted(manifests, key=lambda one: (-len(PurePosixPath(one.where).parts), one.made, one.where))
    exports = sorted({manifest.export for manifest in told})
    if len(exports) > 1:
        raise BillError(
            f"several exports have delivered here: {', '.join(export or 'one without a name' for export in exports)}.",
            code="bill.exports",
            where=told[0].where,
            hint="Give one of their folders, or one of their manifests.",
        )
    found: dict[str, Manifest] = {}
    for manifest in told:
        found[manifest.period] = manifest
    return [
        replace(manifest, others=tuple(file for other in told if other is not manifest for file in other.files))
        for _, manifest in sorted(found.items())
    ]


def files_named(manifest: Manifest, there: Sequence[str]) -> dict[str, int]:
    """Which of the paths that are there the manifest names, with the lines they should have at least (0: not told).

    Raises BillError for a file that is missing.

    A folder may be a copy of a part of a bucket, so a path fits that ends as the provider's does, in as many parts as can
    be. Deliveries name their files alike: a path that ends more like another's file is that other's.
    """
    found: dict[str, int] = {}
    # Only files of one name can fit: years of deliveries of thousands of parts are not compared each with each.
    here, others = _by_name(there), _by_name(manifest.others)
    for wanted in manifest.files:
        name = _name(wanted)
        fitting = {path: _shared_tail(wanted, path) for path in here.get(name, ()) if path not in found}
        own = {path: shared for path, shared in fitting.items() if shared >= _most_shared(others.get(name, ()), path)}
        best = max(own, key=own.__getitem__, default=None)
        if best is None:
            raise BillError(
                f"the manifest names {wanted}, which is not there.",
                code="bill.incomplete",
                where=manifest.where,
                hint="Copy the whole delivery, or give its files without the manifest.",
            )
        found[best] = manifest.rows.get(wanted, 0)
    return found


def path_ends(path: str) -> list[str]:
    """Every end of a provider's path that can be a path below a folder, the shortest first.

    >>> path_ends("s3://bills/data/a.csv")
    ['a.csv', 'data/a.csv', 'bills/data/a.csv']
    """
    ends: list[str] = []
    for part in reversed(path.split("/")):
        if part in ("", ".", ".."):
            break
        ends.append(f"{part}/{ends[-1]}" if ends else part)
    return ends


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(_name(path), []).append(path)
    return found


def _most_shared(files: Iterable[str], path: str) -> int:
    return max((_shared_tail(file, path) for file in files), default=0)


def _shared_tail(one: str, other: str) -> int:
    count = 0
    for left, right in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if left != right:
            break
        count += 1
    return count


def _paths(values: Sequence[Any], where: str) -> tuple[str, ...]:
    paths = tuple(value for value in values if isinstance(value, str) and is_bill(value))
    if not paths:
        raise BillError(
            f"the manifest names no file that ends in {', '.join(SUFFIXES)}.",
            code="bill.manifest",
            where=where,
            hint="Deliver it again.",
        )
    return paths


def _text(told: Any, name: str) -> str:
    value = told.get(name) if isinstance(told, dict) else None
    return "" if value is None else str(value)


def _folders(path: str) -> tuple[str, str]:
    """Billing period and export, as AWS's folders name them: <export>/data/BILLING_PERIOD=<month>/."""
    parts = PurePosixPath(path).parts
    place = next((place for place, part in enumerate(parts) if part.startswith("BILLING_PERIOD=")), -1)
    return (parts[place] if place >= 0 else "", parts[place - 2] if place >= 2 else "")
