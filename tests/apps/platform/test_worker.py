"""A real worker on a real broker: messages find their queue, work for a removed organisation is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from uuid import uuid4

import pytest
from celery import Celery, current_app

from cloudtuner.models import TaskRun
from cloudtuner.tasks import route

pytestmark = pytest.mark.django_db(transaction=True)
TASK = "emissions.tasks.reports_sign"


@pytest.fixture
def broker(tmp_path) -> object:
    from cloudtuner.embedded.valkey import EmbeddedValkey

    valkey = EmbeddedValkey(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        url = valkey.start()
    yield url
    valkey.stop()


@pytest.fixture
def worker(broker, test_database, key_files, tmp_path):
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DJANGO", "CLOUDTUNER", "DATABASE"))}
    environment |= {
        "CLOUDTUNER_MODE": "embedded",
        "CLOUDTUNER_DATA_DIR": str(tmp_path),
        "DATABASE_URL": test_database.url("app"),
        "CELERY_BROKER_URL": broker,
        "CLOUDTUNER_MASTER_KEY_FILE": str(key_files / "master"),
        "CLOUDTUNER_NETWORK_KEY_FILE": str(key_files / "network"),
    }
    log = (tmp_path / "worker.log").open("w")
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "cloudtuner.celery",
        "worker",
        "-Q",
        "chain",
        "-c",
        "1",
        "--loglevel",
        "INFO",
    ]
    process = subprocess.Popen([*command, "--without-gossip", "--without-mingle"], env=environment, stdout=log, stderr=log)
    yield process
    process.terminate()
    process.wait(20)
    log.close()


def _until(found: Callable[[], object], seconds: float = 40) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.1)
    return None


@pytest.mark.slow
def test_worker__runs_what_is_sent_and_refuses_what_lost_its_organization(two_organizations, broker, worker, tmp_path):
    a, _ = two_organizations
    sender = Celery(broker=broker, set_as_current=False)
    right, gone = str(uuid4()), str(uuid4())
    current_app.loader.import_default_modules()
    queue = route(TASK, (), {}, {})["queue"]
    sender.send_task(TASK, [a.schema], task_id=right, queue=queue)
    sender.send_task(TASK, ["org_00000000000000ff"], task_id=gone, queue=queue)
    # A third, after the refusal: the worker goes on, and the refused message is not brought again.
    sender.send_task(TASK, [a.schema], task_id=str(uuid4()), queue=queue)
    sender.close()

    done = _until(
        lambda: TaskRun.objects.filter(state="DONE").count() == 2 and TaskRun.objects.filter(id=gone, state="REFUSED").first()
    )
    said = (tmp_path / "worker.log").read_text()
    assert done, said[-3000:]
    assert TaskRun.objects.get(id=right).schema == a.schema
    assert done.error.startswith("tenant.gone")
    assert TaskRun.objects.count() == 3
