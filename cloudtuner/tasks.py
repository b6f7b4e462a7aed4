"""What a worker may run: tasks that open one organisation first, count their attempts and fail closed.

`@tenant_task(queue="ingest")` for a function whose first argument is the schema, `@public_task(queue="chain")` for
one that sees only shared tables. Arguments are ids and other small JSON values. Call `.enqueue(…)` from a service:
the message leaves after the commit, and a broker that is away costs nothing but time, since sweepers find the work
in PostgreSQL.
"""

from __future__ import annotations

import functools
import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import Task, current_app, shared_task
from celery.exceptions import Reject, Retry
from django.db import transaction
from django.db.models import F
from kombu.exceptions import OperationalError

from cloudtuner import clock
from cloudtuner.errors import CloudTunerError
from cloudtuner.models import TaskRun
from cloudtuner.tenancy import public_context, require_tenant, tenant_context

logger = logging.getLogger(__name__)
MAX_ATTEMPTS = 8


class TooManyAttempts(CloudTunerError):
    """A delivery was tried so often that it is taken for poison and left for a person to look at."""

    code = "task.too_many_attempts"


class RecordedTask(Task):  # type: ignore[type-arg] # generic only in the stubs
    """Runs the function between two notes in PostgreSQL: begun (attempts + 1), ended (how)."""

    abstract = True
    max_retries = MAX_ATTEMPTS
    # Ticks run every two seconds and find their work in PostgreSQL: a row for each would say nothing.
    recorded = True
    needs_tenant = False
    runs_on = ""

    def enqueue(self, *args: Any, countdown: float | None = None, **kwargs: Any) -> None:
        """Sends the task to its queue once the transaction commits; at once when none is open.

        A broker that cannot be reached is logged, not raised: the state is committed and the sweeper sends again.
        """
        transaction.on_commit(functools.partial(self._send, args, kwargs, countdown))

    def _send(self, args: tuple[Any, ...], kwargs: dict[str, Any], countdown: float | None) -> None:
        try:
            self.apply_async(args, kwargs, countdown=countdown or 0)
        except self.OperationalError:
            logger.warning("broker away, left to the sweeper", extra={"task": self.name})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The whole life of one attempt; also what a direct call does, so that tests run what workers run."""
        schema = self._schema_of(args, kwargs)
        with public_context():
            run = self._begin(schema)
            try:
                self._check(run, schema)
            except CloudTunerError as refusal:
                self._end(run, TaskRun.State.REFUSED, refusal)
                logger.warning("task refused", extra={"task": self.name, "tenant": schema, "code": refusal.code})
                if self.request.id:
                    raise Reject(refusal, requeue=False) from refusal
                raise
        try:
            with tenant_context(schema) if schema is not None else public_context():
                result = self.run(*args, **kwargs)
        except (Retry, Reject):
            self._end(run, TaskRun.State.RETRYING, None)
            raise
        except CloudTunerError as error:
            self._failed(run, error)
            if error.retryable and self.request.id and self.request.retries < MAX_ATTEMPTS:
                raise self.retry(exc=error, countdown=min(300, 2**self.request.retries)) from error
            raise
        except Exception as error:
            self._failed(run, error)
            raise
        self._end(run, TaskRun.State.DONE, None)
        return result

    def _schema_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        if not self.needs_tenant:
            return None
        schema = args[0] if args else kwargs.get("schema")
        if not isinstance(schema, str) or not schema or schema == "public":
            raise TypeError(f"{self.name}: the first argument is the organisation's schema, not {schema!r}")
        return schema

    @staticmethod
    def _check(run: TaskRun | None, schema: str | None) -> None:
        """Raises when this attempt may not run: the organisation is gone, or the task has taken down its workers."""
        if schema is not None:
            require_tenant(schema, fresh=True)
        if run is not None and run.attempts > MAX_ATTEMPTS:
            raise TooManyAttempts(f"{run.attempts - 1} attempts did not end", where=run.name)

    def _begin(self, schema: str | None) -> TaskRun | None:
        if not self.recorded:
            return None
        run_id = uuid.UUID(self.request.id) if self.request.id else uuid.uuid4()
        run, created = TaskRun.objects.get_or_create(
            id=run_id,
            defaults={"name": self.name, "schema": schema or "public", "attempts": 1, "started_at": clock.now()},
        )
        if not created:
            TaskRun.objects.filter(id=run.id).update(attempts=F("attempts") + 1, state=TaskRun.State.RUNNING, finished_at=None)
            run.refresh_from_db()
        return run

    def _end(self, run: TaskRun | None, state: TaskRun.State, error: Exception | None) -> None:
        if run is None:
            return
        text = "" if error is None else f"{getattr(error, 'code', type(error).__name__)}: {error}"[:2000]
        with public_context():
            TaskRun.objects.filter(id=run.id).update(state=state, error=text, finished_at=clock.now())

    def _failed(self, run: TaskRun | None, error: Exception) -> None:
        retryable = isinstance(error, CloudTunerError) and error.retryable
        self._end(run, TaskRun.State.RETRYING if retryable else TaskRun.State.FAILED, error)
        extra = {"task": self.name, "code": getattr(error, "code", type(error).__name__), "attempt": self.request.retries + 1}
        logger.error("task failed: %s", error, exc_info=not isinstance(error, CloudTunerError), extra=extra)


class TenantTask(RecordedTask):
    """A task whose first argument is the schema; refused when no organisation has it any more."""

    abstract = True
    needs_tenant = True


def tenant_task(*, queue: str, **options: Any) -> Callable[[Callable[..., Any]], RecordedTask]:
    """Makes a function a task of one organisation: `def bill_read(schema: str, version_id: str) -> None`.

    It runs with that schema open. Queues are `ingest`, `chain` and `documents`.
    """
    return shared_task(base=TenantTask, runs_on=queue, **options)


def public_task(*, queue: str, **options: Any) -> Callable[[Callable[..., Any]], RecordedTask]:
    """Makes a function a task over shared rows; no organisation is open while it runs. Ticks say `recorded=False`."""
    return shared_task(base=RecordedTask, runs_on=queue, **options)


def wake(name: str, *args: str, queue: str) -> None:
    """Sends a task by its name, at once: for services, which lie below the tasks they wake.

    A broker that cannot be reached is logged, not raised: what is to do stands in PostgreSQL, and the sweeper sends again.
    """
    try:
        current_app.send_task(name, args=list(args), queue=queue)
    except OperationalError:
        logger.warning("broker away, left to the sweeper", extra={"task": name})


def route(name: str, args: Any, kwargs: Any, options: Any, task: RecordedTask | None = None, **_: Any) -> dict[str, str] | None:
    """Celery's router: a task goes to the queue that its decorator named (beat sends by name and passes no task)."""
    queue = getattr(task or current_app.tasks.get(name), "runs_on", "")
    return {"queue": queue} if queue else None


# What went well is looked at for a week, what did not for a quarter; a run that never ended counts as one that did not.
KEPT_DAYS = {TaskRun.State.DONE: 7}
KEPT_DAYS_ELSE = 90
_PRUNED_AT_ONCE = 5_000


@public_task(queue="documents", recorded=False)
def prune_runs() -> int:
    """Deletes notes of runs that nobody looks at any more, a few thousand at a time; returns how many."""
    now, gone = clock.now(), 0
    for state in TaskRun.State:
        before = now - timedelta(days=KEPT_DAYS.get(state, KEPT_DAYS_ELSE))
        old = TaskRun.objects.filter(state=state, started_at__lt=before).order_by("started_at").values("id")[:_PRUNED_AT_ONCE]
        gone += TaskRun.objects.filter(id__in=old).delete()[0]
    return gone


TICKS = {"prune_runs": (prune_runs, 3600.0)}
