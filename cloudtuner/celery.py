"""The Celery app: three queues, and the ticks that every app names in its `tasks.TICKS`."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from celery import Celery
from kombu import Queue

from cloudtuner.boot import choose_settings

choose_settings()
# Workers hold one connection per process: a pool per task would be opened and closed with each.
os.environ.setdefault("CLOUDTUNER_DB_POOL", "0")

QUEUES = ("ingest", "chain", "documents")

app = Celery("cloudtuner")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue(name, routing_key=name) for name in QUEUES]
app.autodiscover_tasks()


def ticks() -> dict[str, dict[str, Any]]:
    """The beat schedule: every `TICKS = {"relay": (relay_tick, 2.0), …}` of the apps' `tasks` modules.

    A tick expires after its own period: beats that nobody served are not made up for.
    """
    from django.apps import apps  # the registry exists only once Django is set up

    schedule: dict[str, dict[str, Any]] = {}
    for config in apps.get_app_configs():
        if find_spec(f"{config.name}.tasks") is None:
            continue
        named = getattr(import_module(f"{config.name}.tasks"), "TICKS", {})
        for name, (task, seconds) in named.items():
            schedule[f"{config.label}.{name}"] = {
                "task": task if isinstance(task, str) else task.name,
                "schedule": float(seconds),
                "options": {"expires": float(seconds)},
            }
    return schedule


@app.on_after_finalize.connect
def _schedule_ticks(sender: Celery, **_: Any) -> None:
    sender.conf.beat_schedule = ticks()
