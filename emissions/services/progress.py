"""Letting people see how far a reading is, and others that it still lives, while the engine has the thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import TypeVar

from cloudtuner import clock
from emissions.models import Progress, Upload
from emissions.register.jobs import Job, job_keep

T = TypeVar("T")
_BEAT_S = 0.5


@dataclass(frozen=True)
class Reading:
    """A note of the engine's: which step, how much of it is done; rows once they are known."""

    phase: str = "read"
    done: int = 0
    total: int = 0
    rows_read: int = 0
    rows_total: int | None = None


class Meter:
    """What the engine says from its own thread; read from ours. Never touches the database."""

    def __init__(self) -> None:
        self.now = Reading()

    def tell(self, step: str, done: int, total: int) -> None:
        """Takes a note. "rows" counts lines; every other step counts its own parts."""
        # One assignment of one frozen object: the other thread sees the old note or the new one, never a mixture.
        if step == "rows":
            self.now = replace(self.now, rows_read=done, rows_total=total)
        else:
            self.now = replace(self.now, phase=step, done=done, total=total)


def run_watched(work: Callable[[Meter], T], *, upload: Upload, job: Job, bill_number: int, bills: int) -> T:
    """Runs the work in a thread of its own and writes its progress twice a second until it ends; returns its result.

    The thread that holds the database connection stays free to say that the reader lives, however long one query takes.
    """
    meter = Meter()
    started = time.monotonic()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader") as pool:
        future = pool.submit(work, meter)
        while not wait([future], timeout=_BEAT_S).done:
            _write(meter, upload=upload, bill_number=bill_number, bills=bills, seconds=time.monotonic() - started)
            job_keep(job)
    _write(meter, upload=upload, bill_number=bill_number, bills=bills, seconds=time.monotonic() - started)
    return future.result()


def _write(meter: Meter, *, upload: Upload, bill_number: int, bills: int, seconds: float) -> None:
    note = meter.now
    rate = int(note.rows_read / seconds) if seconds > 0 else 0
    left = None if note.rows_total is None else note.rows_total - note.rows_read
    Progress.objects.filter(upload=upload).update(
        phase=note.phase,
        bill_number=bill_number,
        bills=bills,
        steps_done=note.done,
        steps_total=note.total,
        rows_read=note.rows_read,
        rows_total=note.rows_total,
        rows_per_s=rate,
        remaining_s=max(0, -(-left // rate)) if left is not None and rate else None,
        updated_at=clock.now(),
    )


def phase_set(upload: Upload, phase: str) -> None:
    """Names the phase when there is nothing to count."""
    Progress.objects.filter(upload=upload).update(phase=phase, updated_at=clock.now())
