"""Waiting work: taken by one, given back by the dead, found by the sweeper, given up in the end."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection

from cloudtuner import clock
from cloudtuner.tenancy import tenant_context
from emissions import selectors, services, tasks
from emissions.models import LedgerBatch, Upload
from emissions.register import jobs
from emissions.register.models import WaitingJob


@pytest.fixture
def sent(monkeypatch):
    """What was sent to the queue."""
    found = []
    monkeypatch.setattr(
        current_app._get_current_object(), "send_task", lambda name, args, queue: found.append((name, args, queue))
    )
    return found


@pytest.fixture
def later(monkeypatch):
    """Moves the clock on."""
    real = clock.now
    shift = timedelta()

    def move(seconds):
        nonlocal shift
        shift += timedelta(seconds=seconds)

    monkeypatch.setattr(clock, "now", lambda: real() + shift)
    return move


def _upload(room, cur):
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile("bill.csv.gz", cur.bytes(cur.hours(cur.Line(), 5)))]
    return services.bill_upload(actor=room.tenant.owner, files=files)


def test_upload__committed__sends_the_task_by_itself(room, cur, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        upload = _upload(room, cur)
    assert sent == [("emissions.tasks.upload_ingest", [room.tenant.schema, str(upload.pk)], "ingest")]
    assert {name for name, _ in jobs.TASKS.values()} == {tasks.upload_ingest.name, tasks.reports_sign.name}


def test_sweep__runner_died__sends_again_once_its_lease_ran_out(room, cur, sent, later):
    upload = _upload(room, cur)
    job = jobs.job_take(kind="ingest", schema=room.tenant.schema, reference=str(upload.pk))
    assert job is not None
    assert jobs.job_take(kind="ingest", schema=room.tenant.schema, reference=str(upload.pk)) is None
    assert tasks.sweep() == 0
    later(jobs.LEASE_S + 1)
    assert tasks.sweep() == 1
    assert sent == [("emissions.tasks.upload_ingest", [room.tenant.schema, str(upload.pk)], "ingest")]
    tasks.upload_ingest(room.tenant.schema, str(upload.pk))
    assert selectors.upload(upload.pk).state == "done"
    assert [kind for kind, _, _ in jobs.jobs_due()] == ["reports"]


def test_wish__runner_ends_while_it_is_made__is_not_lost(room, monkeypatch):
    jobs.job_wish(kind="reports", schema=room.tenant.schema)
    asked = WaitingJob.objects.get_or_create

    def ended_just_then(**named):
        monkeypatch.setattr(WaitingJob.objects, "get_or_create", asked)
        found = asked(**named)
        WaitingJob.objects.filter(pk=found[0].pk).delete()
        return found

    monkeypatch.setattr(WaitingJob.objects, "get_or_create", ended_just_then)
    jobs.job_wish(kind="reports", schema=room.tenant.schema)
    assert jobs.jobs_due() == [("reports", room.tenant.schema, "")]


def test_read__runner_lives__second_delivery_of_the_task_does_nothing(room, cur, later):
    upload = _upload(room, cur)
    jobs.job_take(kind="ingest", schema=room.tenant.schema, reference=str(upload.pk))
    services.upload_read(upload_id=upload.pk)
    assert selectors.upload(upload.pk).state == "pending"


def test_read__fails_here_again_and_again__is_given_up_with_words(room, cur, later, monkeypatch):
    upload = _upload(room, cur)

    def no_space(*_args, **_kwargs):
        raise OSError("no space left on device")

    monkeypatch.setattr("emissions.services.ingest.estimate", no_space)
    for _ in range(jobs.MAX_ATTEMPTS):
        with pytest.raises(OSError, match="no space"):
            services.upload_read(upload_id=upload.pk)
        assert WaitingJob.objects.get(kind="ingest").last_error == "no space left on device"
        later(600)
    services.upload_read(upload_id=upload.pk)
    shown = selectors.upload(upload.pk)
    assert (shown.state, shown.error_code) == ("failed", "upload.gave_up")
    assert not WaitingJob.objects.filter(kind="ingest").exists()
    assert not LedgerBatch.objects.exists()


def test_read__died_between_two_bills__goes_on_with_the_second(room, cur, later, monkeypatch):
    from django.core.files.uploadedfile import SimpleUploadedFile

    from emissions.services import ingest

    july = cur.Line(month=(2026, 7), hour=cur.june[1] + 1)
    files = [
        SimpleUploadedFile(f"{number}.csv.gz", cur.bytes(cur.hours(line, 5))) for number, line in enumerate((cur.Line(), july))
    ]
    upload = services.bill_upload(actor=room.tenant.owner, files=files)
    real, calls = ingest.estimate, []

    def dies_at_the_second(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError
        return real(*args, **kwargs)

    monkeypatch.setattr(ingest, "estimate", dies_at_the_second)
    with pytest.raises(MemoryError):
        services.upload_read(upload_id=upload.pk)
    assert LedgerBatch.objects.count() == 1
    later(60)
    services.upload_read(upload_id=upload.pk)
    assert selectors.upload(upload.pk).state == "done"
    assert LedgerBatch.objects.count() == 2
    assert len(calls) == 3, "the first bill is not read again"


def test_wish__while_it_runs__runs_once_more(room, sent):
    schema = room.tenant.schema
    jobs.job_wish(kind="reports", schema=schema)
    job = jobs.job_take(kind="reports", schema=schema)
    jobs.job_wish(kind="reports", schema=schema)
    assert jobs.job_take(kind="reports", schema=schema) is None
    jobs.job_done(job)
    assert sent == [("emissions.tasks.reports_sign", [schema], "chain")]
    again = jobs.job_take(kind="reports", schema=schema)
    jobs.job_done(again)
    assert not WaitingJob.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_confirm__eight_at_once__posts_once(room, cur, at_once):
    lines = cur.hours(cur.Line(), 5)
    room.version(lines)
    from dataclasses import replace

    version = room.version([replace(line, quantity="2") for line in lines])

    def confirm(_):
        with tenant_context(room.tenant.schema):
            room.confirm(version)

    at_once(confirm, range(8))
    assert LedgerBatch.objects.count() == 2
    assert services.ledger_verify() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slow", ["bills_of_upload", "version_post"])
def test_read__step_longer_than_the_lease__nobody_takes_the_upload_over(room, cur, later, monkeypatch, slow):
    from emissions.services import ingest

    upload = _upload(room, cur)
    real, seen = getattr(ingest, slow), []

    def look():
        with tenant_context(room.tenant.schema):
            seen.append((jobs.jobs_due(), jobs.job_take(kind="ingest", schema=room.tenant.schema, reference=str(upload.pk))))
        connection.close()

    def look_in_a_thread():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    def takes_long(*args, **kwargs):
        later(3 * jobs.LEASE_S)
        look_in_a_thread()
        return real(*args, **kwargs)

    monkeypatch.setattr(ingest, slow, takes_long)
    real_finish = ingest._finish

    def finish(*args):
        look_in_a_thread()
        real_finish(*args)

    monkeypatch.setattr(ingest, "_finish", finish)
    services.upload_read(upload_id=upload.pk)
    (due, taken), (after, taken_after) = seen
    assert due == [("ingest", room.tenant.schema, str(upload.pk))], "the lease has run out, so a worker is sent"
    assert taken is None, "and finds the job held"
    assert ([kind for kind, _, _ in after], taken_after) == (["reports"], None), "and has a lease of its own when it is not"
    assert (selectors.upload(upload.pk).state, LedgerBatch.objects.count()) == ("done", 1)


def test_read__runner_stood_still_and_another_took_over__writes_nothing_more(room, cur, later, monkeypatch):
    from emissions.services import ingest

    upload = _upload(room, cur)
    run, taken = ingest.run_watched, []

    def stands_still(*args, **named):
        found = run(*args, **named)
        later(jobs.LEASE_S + 1)
        taken.append(jobs.job_take(kind="ingest", schema=room.tenant.schema, reference=str(upload.pk)))
        return found

    monkeypatch.setattr(ingest, "run_watched", stands_still)
    services.upload_read(upload_id=upload.pk)
    (job,) = taken
    assert not LedgerBatch.objects.exists()
    assert WaitingJob.objects.get(kind="ingest").attempts == job.attempts == 2
    assert selectors.upload(upload.pk).state == "reading"
    monkeypatch.setattr(ingest, "run_watched", run)
    later(jobs.LEASE_S + 1)
    services.upload_read(upload_id=upload.pk)
    assert selectors.upload(upload.pk).state == "done"


@pytest.mark.django_db(transaction=True)
def test_read__two_workers_at_once_without_lease__post_once(room, cur, monkeypatch, at_once):
    """The negative control of the lease: with it gone the state in the posting transaction still holds."""
    upload = _upload(room, cur)
    monkeypatch.setattr(jobs, "LEASE_S", -1)

    def read(_):
        with tenant_context(room.tenant.schema):
            services.upload_read(upload_id=upload.pk)

    at_once(read, range(2))
    assert LedgerBatch.objects.count() == 1
    assert Upload.objects.get().state == "done"
    assert services.ledger_verify() == []
