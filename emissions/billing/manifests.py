"""Which files of a folder are the bill: what its manifests name, or every bill file where there is no manifest.

A provider that delivers again leaves the older delivery's files where they are and names the newer ones in a manifest.
Three kinds are known: AWS's of the legacy report (`reportKeys`), of Data Exports (`dataFiles`), and Azure's (`blobs`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from cloudtuner.errors import BillError

SUFFIXES = (".csv", ".csv.gz", ".csv.zst", ".csv.zstd", ".parquet", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
# BigQuery numbers the parts of an export to JSON so; any other .json in a folder is something else.
_NUMBERED_JSON = re.compile(r"[0-9]{12}\.json(\.gz)?$")


@dataclass(frozen=True)
class Manifest:
    """One delivery: the billing period, when it was made (text that sorts), and its files by their path at the provider.

    `rows` is how many lines the provider says its files have, where it says so.
    """

    where: str
    period: str
    made: str
    files: tuple[str, ...]
    rows: Mapping[str, int]


def is_manifest(path: str) -> bool:
    """Whether a path is named as a manifest is."""
    name = PurePosixPath(path).name.lower()
    return name == "manifest.json" or name.endswith(("-manifest.json", "_manifest.json"))


def is_bill(path: str) -> bool:
    """Whether a path is named as a bill file is."""
    return path.lower().endswith(SUFFIXES) or _NUMBERED_JSON.search(path) is not None


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
        return Manifest(where, _period(told.get("billingPeriod")), str(told.get("assemblyId", "")), _paths(keys, where), {})
    if isinstance(files := told.get("dataFiles"), list):
        return Manifest(where, _folder_period(where), where, _paths(files, where), {})
    if isinstance(blobs := told.get("blobs"), list):
        run = told.get("runInfo") or {}
        blobs = [blob for blob in blobs if isinstance(blob, dict)]
        names = _paths([blob.get("blobName") for blob in blobs], where)
        rows = {str(blob["blobName"]): blob["dataRowCount"] for blob in blobs if isinstance(blob.get("dataRowCount"), int)}
        return Manifest(where, f"{run.get('startDate', '')}", str(run.get("submittedTime", where)), names, rows)
    return None


def newest(manifests: Iterable[Manifest]) -> list[Manifest]:
    """One delivery per billing period: AWS's manifest of the whole month before those of its parts, else the latest made."""
    found: dict[str, Manifest] = {}
    for manifest in sorted(manifests, key=lambda one: (-len(PurePosixPath(one.where).parts), one.made, one.where)):
        found[manifest.period] = manifest
    return sorted(found.values(), key=lambda one: one.period)


def files_named(manifest: Manifest, there: Sequence[str]) -> dict[str, int]:
    """Which of the paths that are there the manifest names, with the lines they should have at least (0: not told).

    Raises BillError for a file that is missing.

    A folder may be a copy of a part of a bucket, so a path fits that ends as the provider's does, in as many parts as can be.
    """
    found = {}
    for wanted in manifest.files:
        parts = PurePosixPath(wanted).parts
        best = max(there, key=lambda path: _shared_tail(parts, PurePosixPath(path).parts), default="")
        if not best or not _shared_tail(parts, PurePosixPath(best).parts):
            raise BillError(
                f"the manifest names {wanted}, which is not there.",
                code="bill.incomplete",
                where=manifest.where,
                hint="Copy the whole delivery, or give its files without the manifest.",
            )
        found[best] = manifest.rows.get(wanted, 0)
    return found


def _shared_tail(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
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


def _period(told: Any) -> str:
    return str(told.get("start", "")) if isinstance(told, dict) else ""


def _folder_period(where: str) -> str:
    return next((part for part in PurePosixPath(where).parts if part.startswith("BILLING_PERIOD=")), "")
