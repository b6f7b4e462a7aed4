"""Uploads, bills and their versions, as their pages show them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Prefetch, QuerySet, Sum

from emissions.models import Bill, BillVersion, Progress, QuarantinedLine, Upload
from emissions.selectors.figures import (
    AccountDiff,
    AccountInfo,
    BillSummary,
    FileInfo,
    Flag,
    ProgressInfo,
    Quarantined,
    UploadDetail,
    VersionDetail,
    VersionSummary,
)

MAX_QUARANTINED_SHOWN = 200


def bills() -> tuple[BillSummary, ...]:
    """Every bill with its versions, newest period first."""
    versions = Prefetch("versions", queryset=_versions().order_by("-number"))
    return tuple(
        _bill(bill, tuple(_version(row) for row in bill.versions.all())) for bill in Bill.objects.prefetch_related(versions)
    )


def uploads(limit: int = 20) -> tuple[UploadDetail, ...]:
    """The latest uploads, newest first."""
    return tuple(_upload(row) for row in _uploads()[:limit])


def upload(upload_id: uuid.UUID) -> UploadDetail | None:
    """One upload with what became of it, or None."""
    row = _uploads().filter(pk=upload_id).first()
    return _upload(row) if row else None


def bill_version(version_id: uuid.UUID) -> VersionDetail | None:
    """Everything about one version, or None."""
    row = BillVersion.objects.select_related("bill", "upload__progress", "batch").filter(pk=version_id).first()
    if row is None:
        return None
    bill = row.bill
    reading = row.state in (BillVersion.State.PENDING, BillVersion.State.READING)
    quarantined = row.quarantined.all()
    return VersionDetail(
        id=row.pk,
        bill_id=bill.pk,
        upload_id=row.upload_id,
        provider=bill.provider,
        payer=bill.payer,
        export=bill.export,
        period_from=bill.period_from,
        period_through=bill.period_through,
        number=row.number,
        state=row.state,
        format=row.format,
        bill_digest=row.bill_digest,
        engine=row.engine,
        factor_set=row.factor_set,
        counts={str(name): int(count) for name, count in row.counts.items()},
        coverage_ppm=row.coverage_ppm,
        files=tuple(FileInfo(file.name, file.digest, file.size) for file in row.files.all()),
        accounts=tuple(
            AccountInfo(
                account=told.account,
                hour_from=told.hour_from,
                hour_through=told.hour_through,
                lines=told.lines,
                lines_without_invoice=told.lines_without_invoice,
                quarantined=told.quarantined,
                ug=told.ug,
                by_cost_ug=told.by_cost_ug,
                energy_uwh=told.energy_uwh,
            )
            for told in row.accounts.all()
        ),
        diff=tuple(AccountDiff(**told) for told in row.diff),
        flags=_flags(row.flags),
        quarantined=tuple(
            Quarantined(told.file, told.line, told.code, told.message) for told in quarantined[:MAX_QUARANTINED_SHOWN]
        ),
        quarantined_total=int(row.counts.get("quarantined", 0)),
        progress=_progress(getattr(row.upload, "progress", None)) if reading else None,
        error_code=row.error_code,
        error=row.error,
        uploaded_by=row.upload.actor_name,
        confirmed_by=row.confirmed_by,
        created_at=row.created_at,
        decided_at=row.decided_at,
        batch_number=row.batch.number if hasattr(row, "batch") else None,
    )


def quarantined_lines(version_id: uuid.UUID, limit: int = 5) -> tuple[Quarantined, ...]:
    """The first lines of a version that could not be valued."""
    kept = QuarantinedLine.objects.filter(version=version_id)[:limit]
    return tuple(Quarantined(told.file, told.line, told.code, told.message) for told in kept)


def versions_in_review() -> tuple[tuple[BillSummary, VersionSummary], ...]:
    """Versions that wait for somebody's word, oldest first."""
    rows = _versions().filter(state=BillVersion.State.REVIEW).select_related("bill").order_by("created_at")
    return tuple(_with_bill(row) for row in rows)


def _versions() -> QuerySet[BillVersion, Any]:
    return BillVersion.objects.annotate(sum_ug=Sum("accounts__ug"), sum_by_cost=Sum("accounts__by_cost_ug"))


def _uploads() -> QuerySet[Upload, Any]:
    versions = Prefetch(
        "versions", queryset=_versions().select_related("bill").order_by("bill__period_from", "bill__provider", "bill__payer")
    )
    return Upload.objects.select_related("progress").prefetch_related("files", versions)


def _upload(row: Upload) -> UploadDetail:
    done = row.state in (Upload.State.DONE, Upload.State.FAILED)
    return UploadDetail(
        id=row.pk,
        state=row.state,
        created_at=row.created_at,
        finished_at=row.finished_at,
        uploaded_by=row.actor_name,
        files=tuple(FileInfo(file.name, file.digest, file.size) for file in row.files.all() if file.cut_from_id is None),
        progress=None if done and row.state == Upload.State.FAILED else _progress(getattr(row, "progress", None)),
        versions=tuple(_with_bill(version) for version in row.versions.all()),
        notes=_flags(row.notes),
        error_code=row.error_code,
        error=row.error,
    )


def _with_bill(row: BillVersion) -> tuple[BillSummary, VersionSummary]:
    summary = _version(row)
    return _bill(row.bill, (summary,)), summary


def _bill(bill: Bill, versions: tuple[VersionSummary, ...]) -> BillSummary:
    return BillSummary(bill.pk, bill.provider, bill.payer, bill.export, bill.period_from, bill.period_through, versions)


def _version(row: BillVersion) -> VersionSummary:
    return VersionSummary(
        id=row.pk,
        number=row.number,
        state=row.state,
        created_at=row.created_at,
        decided_at=row.decided_at,
        ug=int(getattr(row, "sum_ug", None) or 0) + int(getattr(row, "sum_by_cost", None) or 0),
        lines=int(row.counts.get("lines", 0)),
        quarantined=int(row.counts.get("quarantined", 0)),
        flags=_flags(row.flags),
        error=row.error,
        upload_id=row.upload_id,
    )


def _flags(told: list[dict[str, Any]]) -> tuple[Flag, ...]:
    return tuple(Flag(flag["code"], flag.get("account", ""), flag["text"]) for flag in told)


def _progress(row: Progress | None) -> ProgressInfo | None:
    if row is None:
        return None
    return ProgressInfo(
        phase=row.phase,
        bill_number=row.bill_number,
        bills=row.bills,
        steps_done=row.steps_done,
        steps_total=row.steps_total,
        rows_read=row.rows_read,
        rows_total=row.rows_total,
        rows_per_s=row.rows_per_s,
        remaining_s=row.remaining_s,
        updated_at=row.updated_at,
    )
