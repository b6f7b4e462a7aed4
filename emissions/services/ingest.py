"""Reading an upload: which bills it holds, what each says, and what becomes of it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from django.db import transaction
from django.db.models import Max

from cloudtuner import clock, locks
from cloudtuner.clock import hour_text
from cloudtuner.errors import CloudTunerError, ServiceError
from cloudtuner.tenancy import current_schema
from emissions.engine.estimate import ENGINE_ID, estimate
from emissions.engine.results import AccountSummary, Counts, Coverage
from emissions.engine.results import Bill as EngineBill
from emissions.engine.results import QuarantinedLine as EngineQuarantined
from emissions.engine.sorting import Sorted, keep_parsed
from emissions.grid.catalog import FactorSet, load_factor_set
from emissions.models import Bill, BillAccount, BillVersion, LedgerSeries, QuarantinedLine, Upload, UploadFile
from emissions.models.ledger import SERIES_KEY
from emissions.poce.canonical import jcs
from emissions.poce.hexes import to_hex
from emissions.register.jobs import MAX_ATTEMPTS, Job, JobLost, job_done, job_hold, job_put_off_on_error, job_take
from emissions.register.models import WaitingJob
from emissions.services.comparing import version_compare
from emissions.services.grouping import BillFiles, bills_of_upload, files_sort, notes_of
from emissions.services.keeping import Kept, estimate_keep
from emissions.services.nodes import accounts_bind
from emissions.services.progress import Meter, phase_set, run_watched
from emissions.services.texts import texts_check
from emissions.services.versions import version_post
from emissions.store import default_store

logger = logging.getLogger(__name__)
# More are counted, not kept: a page shows the first, and the estimate can be run again for all.
MAX_QUARANTINED_ROWS = 1000
_State = BillVersion.State
_OPEN = (_State.PENDING, _State.READING)


def upload_read(*, upload_id: uuid.UUID) -> None:
    """Reads an upload to its end: safe to run twice, at once, or again after a crash half-way.

    What a bill got wrong is told on the upload or on the version (FAILED); what went wrong here is raised, and the next
    attempt goes on with the bills that are not read yet.
    """
    job = job_take(kind=WaitingJob.Kind.INGEST, schema=current_schema(), reference=str(upload_id))
    if job is None:
        return
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None or upload.state in (Upload.State.DONE, Upload.State.FAILED):
        job_done(job)
        return
    if job.attempts > MAX_ATTEMPTS:
        _fail(
            upload, ServiceError(f"reading was given up after {MAX_ATTEMPTS} attempts that did not end.", code="upload.gave_up")
        )
        job_done(job)
        return
    try:
        with job_put_off_on_error(job):
            _read(upload, job)
    except JobLost:
        logger.warning("reading was taken over by another worker", extra={"upload": str(upload_id)})
    else:
        job_done(job)


def _read(upload: Upload, job: Job) -> None:
    Upload.objects.filter(pk=upload.pk).update(state=Upload.State.READING)
    phase_set(upload, "recognising")
    store = default_store()
    given = list(upload.files.filter(cut_from=None))
    try:
        with store.laid_out([(file.name, file.digest) for file in given]) as paths, store.work_folder() as folder:

            def sort(meter: Meter) -> Sorted:
                return files_sort(paths, folder=folder, store=store, meter=meter)

            found = run_watched(sort, upload=upload, job=job, bill_number=0, bills=0)
            of_digest = {f"0x{file.digest}": path for file, path in zip(given, paths, strict=True)}
            with job_hold(job):
                bills = bills_of_upload(upload, found, of_digest, folder)
                versions = _versions_open(upload, bills, notes_of(found))
            for number, (bill, version) in enumerate(zip(bills, versions, strict=True), start=1):
                if version is not None and version.state in _OPEN:
                    _read_bill(version, bill, upload=upload, job=job, number=number, bills=len(bills))
    except CloudTunerError as error:
        if error.retryable:
            raise
        _fail(upload, error)
    else:
        _finish(upload)


def _versions_open(upload: Upload, bills: Sequence[BillFiles], notes: list[dict[str, str]]) -> list[BillVersion | None]:
    """A version per bill, those of an earlier attempt again; None where the same files are there already."""
    factor_set = load_factor_set()
    opened: list[BillVersion | None] = []
    with transaction.atomic():
        locks.acquire(f"bills {current_schema()}")
        for each in bills:
            key, files = each.key, each.rows
            texts_check(Bill, payer=[key.payer])
            bill, _ = Bill.objects.get_or_create(
                provider=key.provider,
                payer=key.payer,
                export=key.export,
                period_from=key.period_from,
                defaults={"period_through": key.period_through},
            )
            mine = bill.versions.filter(upload=upload).first()
            digest = _bill_digest(files)
            same = bill.versions.filter(
                bill_digest=digest,
                engine=ENGINE_ID,
                factor_set=factor_set.id,
                state__in=[*_OPEN, _State.REVIEW, _State.CONFIRMED],
            ).exclude(upload=upload)
            if mine is None and (there := same.order_by("-number").first()):
                when = there.created_at.strftime("%Y-%m-%d %H:%M UTC")
                month = hour_text(key.period_from)[:7]
                text = f"{key.provider.upper()} {month}: the same as version {there.number}, uploaded {when}. Nothing to do."
                notes.append({"code": "bill.unchanged", "account": "", "text": text, "version": str(there.pk)})
            elif mine is None:
                number = (bill.versions.aggregate(last=Max("number"))["last"] or 0) + 1
                mine = BillVersion.objects.create(
                    bill=bill,
                    upload=upload,
                    number=number,
                    format=key.export,
                    bill_digest=digest,
                    engine=ENGINE_ID,
                    factor_set=factor_set.id,
                    flags=each.flags,
                )
                UploadFile.objects.filter(pk__in=[file.pk for file in files]).update(version=mine)
            opened.append(mine)
        if notes:
            Upload.objects.filter(pk=upload.pk).update(notes=notes)
    return opened


def _bill_digest(files: Sequence[UploadFile]) -> str:
    """sha256 of the JCS list of the file digests, sorted (docs/protocol.md §4)."""
    return to_hex(sha256(jcs(sorted("0x" + file.digest for file in files))).digest())


def _read_bill(version: BillVersion, bill: BillFiles, *, upload: Upload, job: Job, number: int, bills: int) -> None:
    """Estimates one bill and files what it says; a bill that cannot be read leaves its version FAILED and nothing else."""
    BillVersion.objects.filter(pk=version.pk, state=_State.PENDING).update(state=_State.READING)
    factor_set = load_factor_set(version.factor_set)
    try:
        with default_store().work_folder() as folder:
            found = run_watched(_reader(bill, factor_set, folder), upload=upload, job=job, bill_number=number, bills=bills)
            phase_set(upload, "saving")
            _file(version, found, job)
    except CloudTunerError as error:
        if error.retryable:
            raise
        BillVersion.objects.filter(pk=version.pk, state__in=_OPEN).update(
            state=_State.FAILED, error_code=error.code, error=str(error), decided_at=clock.now()
        )


@dataclass(frozen=True)
class _Found:
    """What an estimate says, and where what it found is kept."""

    bill: EngineBill
    accounts: list[AccountSummary]
    quarantined: list[EngineQuarantined]
    counts: Counts
    coverage: Coverage
    hours: pa.Table
    kept: Kept


def _reader(bill: BillFiles, factor_set: FactorSet, folder: Path) -> Callable[[Meter], _Found]:
    """Everything that takes long, for a thread of its own: it reads and writes files, never the database."""
    store = default_store()

    def read(meter: Meter) -> _Found:
        # Without text files there is nothing to go on from, and every sum would be written down for nothing.
        parsed = folder / "parsed" if bill.parsed else None
        if parsed is not None:
            keep_parsed(bill.parsed, bill.files, parsed)
        with estimate(bill.files, factor_set=factor_set, work_dir=folder, on_progress=meter.tell, resume=parsed) as found:
            meter.tell("rows", found.counts.lines, found.counts.lines)
            texts_check(BillVersion, currency=[found.bill.currency])
            texts_check(BillAccount, account=[summary.account for summary in found.accounts])
            texts_check(LedgerSeries, **{name: pc.unique(found.hours[name]).to_pylist() for name in SERIES_KEY})
            return _Found(
                bill=found.bill,
                accounts=found.accounts,
                quarantined=found.quarantined,
                counts=found.counts,
                coverage=found.coverage,
                hours=found.hours,
                kept=estimate_keep(found, store=store, meter=meter),
            )

    return read


def _check_identity(version: BillVersion, told: EngineBill) -> None:
    """Refuses a bill that the engine takes for another one than its files were sorted under."""
    bill = version.bill
    same = (told.provider, told.payer, told.period_from, told.period_through, told.bill_digest)
    if same != (bill.provider, bill.payer, bill.period_from, bill.period_through, version.bill_digest):
        raise ServiceError(
            f"the files were sorted as payer {bill.payer} and {hour_text(bill.period_from)[:7]}, and read as payer "
            f"{told.payer} and {hour_text(told.period_from)[:7]} to {hour_text(told.period_through)[:7]}.",
            code="bill.mixed",
            hint="Give one payer and one billing period per file: `cloudtuner split` cuts a file so.",
        )


def _file(version: BillVersion, found: _Found, job: Job) -> None:
    """Writes what was found and moves the version to REVIEW, or to CONFIRMED when it is its bill's first and unflagged."""
    _check_identity(version, found.bill)
    bill = version.bill
    rows = [
        BillAccount(
            version=version,
            account=summary.account,
            hour_from=summary.hour_from if summary.hour_from >= 0 else bill.period_from,
            hour_through=summary.hour_through if summary.hour_through >= 0 else bill.period_from,
            lines=summary.lines,
            lines_without_invoice=summary.lines_without_invoice,
            quarantined=summary.quarantined,
            ug=summary.ug,
            by_cost_ug=summary.by_cost_ug,
            energy_uwh=summary.energy_uwh,
            days=found.kept.days.get(summary.account, []),
            stripped_digest=found.kept.stripped[summary.account],
        )
        for summary in found.accounts
    ]
    # Posting millions of rows, or waiting for somebody else's to be posted, may take longer than a lease.
    with job_hold(job):
        locks.acquire(f"ledger {current_schema()}")
        current = BillVersion.objects.select_for_update(of=("self",)).select_related("bill", "upload").get(pk=version.pk)
        if current.state not in _OPEN:
            return
        accounts_bind(provider=bill.provider, accounts=[row.account for row in rows], first_hour=_first_hour(current))
        BillAccount.objects.bulk_create(rows)
        QuarantinedLine.objects.bulk_create(
            QuarantinedLine(version=current, file=line.file, line=line.line, code=line.code, message=line.message)
            for line in found.quarantined[:MAX_QUARANTINED_ROWS]
        )
        current.hours_digest = found.kept.hours
        current.counts, current.currency = asdict(found.counts), found.bill.currency
        current.coverage_ppm = found.coverage.ppm
        current.diff, current.flags = version_compare(current)
        current.state = _State.REVIEW
        current.save()
        first = not current.bill.versions.filter(state__in=[_State.CONFIRMED, _State.REPLACED]).exists()
        if first and not current.flags:
            version_post(current, confirmed_by=current.upload.actor_name, hours=found.hours)


def _first_hour(version: BillVersion) -> int:
    """From which hour on epochs count accounts that nobody saw before: the beginning of the upload's newest bill of their
    provider. What lies before it is history, which airdrop rounds pay, in whatever order the files came.
    """
    bills = version.upload.versions.filter(bill__provider=version.bill.provider)
    return int(bills.aggregate(newest=Max("bill__period_from"))["newest"])


def _fail(upload: Upload, error: CloudTunerError) -> None:
    """The upload as a whole could not be read; versions that were begun fail with it."""
    with transaction.atomic():
        Upload.objects.filter(pk=upload.pk).update(
            state=Upload.State.FAILED, error_code=error.code, error=str(error), finished_at=clock.now()
        )
        upload.versions.filter(state__in=_OPEN).update(
            state=_State.FAILED, error_code=error.code, error=str(error), decided_at=clock.now()
        )
    phase_set(upload, "failed")


def _finish(upload: Upload) -> None:
    """DONE, or FAILED when none of its bills could be read."""
    failed = list(upload.versions.filter(state=_State.FAILED))
    if failed and len(failed) == upload.versions.count():
        _fail(upload, ServiceError(failed[0].error, code=failed[0].error_code))
        return
    Upload.objects.filter(pk=upload.pk).update(state=Upload.State.DONE, finished_at=clock.now())
    phase_set(upload, "done")
