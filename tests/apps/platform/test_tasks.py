"""What a worker runs: attempts are counted, failures are kept, messages leave after the commit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection, transaction

from cloudtuner import clock
from cloudtuner.celery import QUEUES, ticks
from cloudtuner.errors import ChainUnreachable, ServiceError
from cloudtuner.models import TaskRun
from cloudtuner.tasks import MAX_ATTEMPTS, RecordedTask, TooManyAttempts, prune_runs, public_task, route, tenant_task
from cloudtuner.tenancy import current_schema


@tenant_task(queue="documents")
def outcome(schema: str, how: str) -> str:
    """Ends as it is told."""
    match how:
        case "refused":
            raise ServiceError("The month is not closed.", code="month.open")
        case "away":
            raise ChainUnreachable("no answer")
        case "bug":
            raise ZeroDivisionError
    return current_schema()


@public_task(queue="chain", recorded=False)
def tick() -> str:
    """A beat."""
    return current_schema()


def test_tenant_task__runs__with_its_schema_open_and_a_record(two_organizations):
    a, _ = two_organizations
    assert outcome(a.schema, "fine") == a.schema
    run = TaskRun.objects.get()
    assert (run.state, run.attempts, run.schema, run.error) == ("DONE", 1, a.schema, "")
    assert run.finished_at is not None
    assert current_schema() == "public"


@pytest.mark.parametrize(
    ("how", "error", "state", "note"),
    [
        ("refused", ServiceError, "FAILED", "month.open: The month is not closed."),
        ("away", ChainUnreachable, "RETRYING", "chain.unreachable: no answer"),
        ("bug", ZeroDivisionError, "FAILED", "ZeroDivisionError: "),
    ],
)
def test_tenant_task__fails__keeps_code_and_state(two_organizations, how, error, state, note):
    a, _ = two_organizations
    with pytest.raises(error):
        outcome(a.schema, how)
    run = TaskRun.objects.get()
    assert (run.state, run.error) == (state, note)
    assert current_schema() == "public"


def test_tenant_task__kills_its_workers__is_given_up(two_organizations):
    a, _ = two_organizations
    run = TaskRun(name="x", attempts=MAX_ATTEMPTS + 1)
    with pytest.raises(TooManyAttempts):
        RecordedTask._check(run, a.schema)


def test_tenant_task__without_schema__is_a_mistake(two_organizations):
    with pytest.raises(TypeError, match="schema"):
        outcome("public", "fine")


def test_tick__runs_in_public__and_leaves_no_record(two_organizations):
    a, _ = two_organizations
    connection.set_schema(a.schema)
    assert tick() == "public"
    assert current_schema() == a.schema
    assert not TaskRun.objects.exists()


def test_enqueue__inside_a_transaction__leaves_after_the_commit(
    two_organizations, monkeypatch, django_capture_on_commit_callbacks
):
    a, _ = two_organizations
    sent = []
    monkeypatch.setattr(outcome, "apply_async", lambda args, kwargs, **options: sent.append(args))
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        outcome.enqueue(a.schema, "fine")
        assert sent == []
    assert sent == [(a.schema, "fine")]


def test_enqueue__broker_away__keeps_the_page_alive(two_organizations, monkeypatch, django_capture_on_commit_callbacks):
    a, _ = two_organizations

    def away(*_, **__):
        raise outcome.OperationalError("connection refused")

    monkeypatch.setattr(outcome, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        outcome.enqueue(a.schema, "fine")


def test_tasks__all_registered__name_a_known_queue():
    current_app.loader.import_default_modules()
    ours = {name: task for name, task in current_app.tasks.items() if isinstance(task, RecordedTask)}
    assert ours
    for name, task in ours.items():
        assert task.runs_on in QUEUES, name
        assert route(name, (), {}, {}) == {"queue": task.runs_on}
    others = {name for name in current_app.tasks if name not in ours and not name.startswith("celery.")}
    assert not {name for name in others if "test_" not in name}, "every task goes through tenant_task or public_task"


def test_prune__old_runs__go_and_failures_stay_longer(two_organizations):
    def run(state, days):
        return TaskRun.objects.create(name="x", schema="public", state=state, started_at=clock.now() - timedelta(days=days)).id

    kept = {run("DONE", 6), run("FAILED", 80), run("RUNNING", 80), run("RETRYING", 1)}
    for state, days in (("DONE", 8), ("FAILED", 91), ("REFUSED", 91), ("RUNNING", 91)):
        run(state, days)
    assert prune_runs() == 4
    assert set(TaskRun.objects.values_list("id", flat=True)) == kept
    assert prune_runs() == 0


def test_ticks__of_all_apps__name_registered_tasks():
    schedule = ticks()
    assert schedule
    for entry in schedule.values():
        assert entry["task"] in current_app.tasks
        assert entry["options"]["expires"] == entry["schedule"]
