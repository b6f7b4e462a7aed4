"""What the workers do for emissions: read uploads, sign reports, and find work that was left lying."""

from __future__ import annotations

import uuid

from cloudtuner.tasks import public_task, tenant_task
from emissions.register.jobs import job_wake, jobs_due
from emissions.services.ingest import upload_read
from emissions.services.reports import reports_build


@tenant_task(queue="ingest")
def upload_ingest(schema: str, upload_id: str) -> None:
    """Reads an upload."""
    upload_read(upload_id=uuid.UUID(upload_id))


@tenant_task(queue="chain")
def reports_sign(schema: str) -> None:
    """Builds and signs the reports of months that changed."""
    reports_build()


@public_task(queue="ingest", recorded=False)
def sweep() -> int:
    """Sends every job that is due and that nobody does: a lost message, worker or broker costs half a minute, not a bill."""
    jobs = jobs_due()
    for kind, schema, reference in jobs:
        job_wake(kind=kind, schema=schema, reference=reference)
    return len(jobs)


TICKS = {"sweep": (sweep, 30.0)}
