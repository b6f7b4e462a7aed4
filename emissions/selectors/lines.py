"""The end of the thread: the bill lines behind a ledger row, computed again from the stored files."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from cloudtuner.errors import ServiceError
from emissions.engine.trace import LineTrace, trace_lines
from emissions.grid.catalog import load_factor_set
from emissions.models import BillVersion, LedgerHour
from emissions.selectors.figures import FileInfo
from emissions.store import default_store

MAX_LINES = 1000


@dataclass(frozen=True)
class RowLines:
    """The lines of one version behind a row. `truncated` when there are more than were asked for."""

    version_id: uuid.UUID
    bill: str
    version_number: int
    files: tuple[FileInfo, ...]
    bill_digest: str
    factor_set: str
    engine: str
    batch_number: int
    lines: tuple[LineTrace, ...]
    truncated: bool


def row_lines(
    *,
    account: str,
    hour: int,
    region: str | None = None,
    service: str | None = None,
    category: str | None = None,
    limit: int = 200,
) -> tuple[RowLines, ...]:
    """What the ledger holds of an hour, line by line: one entry per bill version that the ledger follows for it.

    Raises ServiceError (`ledger.no_row`) when the ledger has nothing there.
    """
    size = min(max(1, limit), MAX_LINES)
    live = _versions(account, hour)
    if not live:
        raise ServiceError("the ledger has no row for this account and hour.", code="ledger.no_row")
    found = []
    for version in live:
        files = list(version.files.all())
        factor_set = load_factor_set(version.factor_set)
        with default_store().laid_out([(file.name, file.digest) for file in files]) as paths:
            lines = trace_lines(
                paths,
                factor_set=factor_set,
                account=account,
                hour=hour,
                region=region,
                service=service,
                category=category,
                limit=size + 1,
            )
        found.append(
            RowLines(
                version_id=version.pk,
                bill=str(version.bill),
                version_number=version.number,
                files=tuple(FileInfo(file.name, file.digest, file.size) for file in files),
                bill_digest=version.bill_digest,
                factor_set=version.factor_set,
                engine=version.engine,
                batch_number=version.batch.number,
                lines=tuple(lines[:size]),
                truncated=len(lines) > size,
            )
        )
    return tuple(found)


def _versions(account: str, hour: int) -> list[BillVersion]:
    """The versions that the ledger follows for an hour of an account now."""
    there = LedgerHour.objects.filter(series__account=account, series__reverses=None, series__reversal=None, hour=hour)
    found = BillVersion.objects.filter(batch__in=there.values("series__batch"))
    return list(found.select_related("bill", "batch").order_by("bill__period_from"))
