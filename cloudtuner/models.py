"""What background work was tried, how often, and how it ended."""

from __future__ import annotations

import uuid

from django.db import models


class TaskRun(models.Model):
    """One delivery chain of one task: its attempts are counted here, where a lost broker cannot forget them."""

    class State(models.TextChoices):
        """Where the run is."""

        RUNNING = "RUNNING"
        DONE = "DONE"
        RETRYING = "RETRYING"
        FAILED = "FAILED"
        REFUSED = "REFUSED"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    schema = models.CharField(max_length=63, help_text="Whose work it was; `public` for shared work.")
    attempts = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    error = models.TextField(blank=True, help_text="Code and text of the last failure.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "started_at"], name="task_run_by_state")]

    def __str__(self) -> str:
        return f"{self.name} ({self.state}, {self.attempts})"
