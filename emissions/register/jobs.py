"""The list of waiting work in PostgreSQL: wished for, taken, kept, done. The queue only wakes somebody up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Least

from cloudtuner import clock
from emissions.register.models import WaitingJob

# A runner that lives writes every few seconds, so a row this old is nobody's. Nothing is guarded by it: what must not
# happen twice is refused by states and constraints in the transaction that writes.
LEASE_S = 20
MAX_ATTEMPTS = 5


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
    """Asks for work; asking again while it runs makes it run once more afterwards, and asking while it waits changes nothing."""
    row, created = WaitingJob.objects.get_or_create(
        kind=kind, schema=schema, reference=reference, defaults={"due_at": clock.now()}
    )
    if not created:
        soon = clock.now() + timedelta(seconds=LEASE_S)
        WaitingJob.objects.filter(pk=row.pk).update(
            version=F("version") + 1, attempts=0, due_at=Least(F("due_at"), Value(soon, output_field=DateTimeField()))
        )


def job_take(*, kind: str, schema: str, reference: str = "") -> Job | None:
    """Takes the job if nobody has it now, counting the attempt; None when there is none or it is taken."""
    now = clock.now()
    with transaction.atomic():
        row = WaitingJob.objects.select_for_update().filter(kind=kind, schema=schema, reference=reference).first()
        if row is None or row.due_at > now:
            return None
        row.attempts += 1
        row.due_at = now + timedelta(seconds=LEASE_S)
        row.save(update_fields=["attempts", "due_at"])
    return Job(row.pk, kind, schema, reference, row.attempts, row.version)


def job_keep(job: Job) -> None:
    """Says that the runner still lives."""
    WaitingJob.objects.filter(pk=job.id).update(due_at=clock.now() + timedelta(seconds=LEASE_S))


def job_done(job: Job) -> bool:
    """Removes the job; False when it was wished for again meanwhile: then it stays, due at once."""
    if WaitingJob.objects.filter(pk=job.id, version=job.version).delete()[0]:
        return True
    return not WaitingJob.objects.filter(pk=job.id).update(due_at=clock.now(), attempts=0)


def job_later(job: Job, *, seconds: float, error: str = "", counts: bool = True) -> None:
    """Puts the job off; `counts=False` gives the attempt back, for a wait that is nobody's fault."""
    WaitingJob.objects.filter(pk=job.id).update(
        due_at=clock.now() + timedelta(seconds=seconds), last_error=error[:2000], attempts=F("attempts") - (0 if counts else 1)
    )


def jobs_due(limit: int = 200) -> list[tuple[str, str, str]]:
    """(kind, schema, reference) of work that waits and that nobody does, oldest first."""
    rows = WaitingJob.objects.filter(due_at__lte=clock.now()).order_by("due_at")
    return list(rows.values_list("kind", "schema", "reference")[:limit])
