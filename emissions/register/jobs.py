"""The list of waiting work in PostgreSQL: wished for, taken, kept, done. The queue only wakes somebody up.

A wish sends its task by name once the transaction commits, so that whoever writes the wish need not know the workers.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from cloudtuner import clock
from cloudtuner.errors import CloudTunerError
from cloudtuner.tasks import wake
from emissions.register.models import WaitingJob

TASKS = {
    WaitingJob.Kind.INGEST: ("emissions.tasks.upload_ingest", "ingest"),
    WaitingJob.Kind.REPORTS: ("emissions.tasks.reports_sign", "chain"),
}
# A runner that lives writes every few seconds, so a row this old is nobody's. Nothing is guarded by it: what must not
# happen twice is refused by states and constraints in the transaction that writes.
LEASE_S = 20
MAX_ATTEMPTS = 5


class JobLost(CloudTunerError):
    """A runner was still for so long that its job is another's now: it must write nothing more of it."""

    code = "job.lost"
    retryable = True


@dataclass(frozen=True)
class Job:
    """A job that was taken: `version` is the wish it serves, `attempts` counts this one."""

    id: int
    kind: str
    schema: str
    reference: str
    attempts: int
    version: int


def job_wish(*, kind: str, schema: str, reference: str = "") -> None:
    """Asks for work now. Asking again while it runs makes it run once more afterwards; while it waits, nothing more."""
    now = clock.now()
    served = False
    while not served:
        row, served = WaitingJob.objects.get_or_create(kind=kind, schema=schema, reference=reference, defaults={"due_at": now})
        if not served:
            # The row's runner may have been done, and have removed it, since it was read.
            served = WaitingJob.objects.filter(pk=row.pk).update(version=F("version") + 1, attempts=0, due_at=now) > 0
    transaction.on_commit(functools.partial(job_wake, kind=kind, schema=schema, reference=reference))


def job_wake(*, kind: str, schema: str, reference: str = "") -> None:
    """Sends the job's task. A broker that is away is logged, not raised: the job waits and the sweeper sends again."""
    name, queue = TASKS[WaitingJob.Kind(kind)]
    wake(name, *([schema, reference] if reference else [schema]), queue=queue)


def job_take(*, kind: str, schema: str, reference: str = "") -> Job | None:
    """Takes the job if it is due and nobody has it, counting the attempt; None otherwise."""
    now = clock.now()
    with transaction.atomic():
        row = _free(now).select_for_update(skip_locked=True).filter(kind=kind, schema=schema, reference=reference).first()
        if row is None:
            return None
        row.attempts += 1
        row.taken_until = now + timedelta(seconds=LEASE_S)
        row.save(update_fields=["attempts", "taken_until"])
    return Job(row.pk, kind, schema, reference, row.attempts, row.version)


def job_keep(job: Job) -> None:
    """Says that the runner still lives."""
    WaitingJob.objects.filter(pk=job.id).update(taken_until=clock.now() + timedelta(seconds=LEASE_S))


@contextmanager
def job_hold(job: Job) -> Iterator[None]:
    """A transaction in which nobody else can take the job, however long it lasts: for work that has no time to `job_keep`.

    The job's row stays locked, so that `job_take` passes it by, and the lease begins anew with the commit. Raises JobLost
    when the lease ran out before and another runner took the job.
    """
    with transaction.atomic():
        row = WaitingJob.objects.select_for_update().filter(pk=job.id).first()
        # A wish counts attempts from nought again; then the version tells that there was one.
        if row is None or (row.version == job.version and row.attempts != job.attempts):
            raise JobLost(f"{job.kind} {job.reference} is another runner's.")
        yield
        job_keep(job)


def job_done(job: Job) -> None:
    """Removes the job, unless it was wished for again meanwhile: then it is free and woken at once."""
    if not WaitingJob.objects.filter(pk=job.id, version=job.version).delete()[0]:
        WaitingJob.objects.filter(pk=job.id).update(taken_until=None)
        job_wake(kind=job.kind, schema=job.schema, reference=job.reference)


def job_later(job: Job, *, seconds: float, error: str = "", counts: bool = True) -> None:
    """Puts the job off; `counts=False` gives the attempt back, for a wait that is nobody's fault."""
    served = WaitingJob.objects.filter(pk=job.id, version=job.version)
    served.update(due_at=clock.now() + timedelta(seconds=seconds))
    WaitingJob.objects.filter(pk=job.id).update(
        taken_until=None, last_error=error[:2000], attempts=F("attempts") - (0 if counts else 1)
    )


@contextmanager
def job_put_off_on_error(job: Job) -> Iterator[None]:
    """Gives the job back when the block raises, for a later attempt, and raises on. A lost job is not ours to give."""
    try:
        yield
    except JobLost:
        raise
    except Exception as error:
        job_later(job, seconds=2.0**job.attempts, error=str(error))
        raise


def jobs_due(limit: int = 200) -> list[tuple[str, str, str]]:
    """(kind, schema, reference) of work that is due and that nobody does, oldest first."""
    rows = _free(clock.now()).order_by("due_at")
    return list(rows.values_list("kind", "schema", "reference")[:limit])


def _free(now: datetime) -> QuerySet[WaitingJob]:
    return WaitingJob.objects.filter(Q(taken_until=None) | Q(taken_until__lt=now), due_at__lte=now)
