"""Where a process may be told to die, so that tests can prove that nothing is lost there."""

from __future__ import annotations

import os
import signal

from django.conf import settings

from cloudtuner.env import Env

AFTER_SIGN = "outbox.signed"
AFTER_BROADCAST = "outbox.sent"
BEFORE_FINAL = "outbox.mined"


def reach(name: str) -> None:
    """Kills this process like `kill -9` when CLOUDTUNER_FAILPOINT names the point. Only test settings listen."""
    if settings.MODE == "test" and Env().text("CLOUDTUNER_FAILPOINT", "") == name:
        os.kill(os.getpid(), signal.SIGKILL)
