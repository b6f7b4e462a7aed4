"""One child process: started quietly, named by its pid, ended for certain."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from cloudtuner.embedded.identity import Identity
from cloudtuner.errors import CloudTunerError

_PR_SET_PDEATHSIG = 1


class ChildFailed(CloudTunerError):
    """A child ended by itself; its log says why."""

    code = "embedded.child_failed"


def free_port() -> int:
    """A port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def port_open(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def claim_port(port: int) -> int | None:
    """A lock's descriptor that says "this port is ours" until we end, or None when another installation holds it.

    The web server shares its port between its workers, and so would with a stranger's: two installations that chose
    at the same moment would answer each other's requests.
    """
    return claim(Path(tempfile.gettempdir()) / f"cloudtuner-{os.getuid()}-{port}.lock")


def claim(path: Path) -> int | None:
    """The descriptor of a locked file, held until it is closed or we end, however that happens; None when another holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


class Child:
    """A process of ours in a session of its own, so that Ctrl-C reaches only the supervisor, which ends it in order.

    The kernel sends it `death_signal` when the supervisor dies without a word, so that kill -9 leaves no orphan.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
        identity: Identity | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.env = dict(env) if env is not None else None
        self.identity = identity or Identity(None, None)
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return self.process.pid if self.process else 0

    def start(self) -> Child:
        """Starts the process; its output goes to the end of the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        death_signal = int(self.stop_signal)

        def die_with_parent() -> None:
            # Runs after the user switch, which would clear the setting.
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)

        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,
                user=self.identity.uid,
                group=self.identity.gid,
                extra_groups=[] if self.identity.switches else None,
                preexec_fn=die_with_parent,  # noqa: PLW1509  the supervisor starts children from its only thread
            )
        return self

    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def check(self) -> None:
        """Raises ChildFailed with the log's tail when the process has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise ChildFailed(
                f"{self.name} ended with status {self.process.returncode}:\n{tail(self.log)}", hint=f"Whole log: {self.log}"
            )

    def wait_for_port(self, port: int, *, timeout_s: float = 20) -> None:
        """Returns once the port answers; raises ChildFailed when the process ends or stays silent."""
        deadline = time.monotonic() + timeout_s
        while not port_open(port):
            self.check()
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} did not answer on port {port} within {timeout_s:.0f} s", hint=f"Log: {self.log}")
            time.sleep(0.02)

    def ask_to_stop(self) -> None:
        """Sends the stop signal once; `stop` waits."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def stop(self, *, timeout_s: float = 8) -> None:
        """Ends the process and everything in its session: asked first, then killed."""
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # What it started itself (pool processes of a worker) is in its session, and may be left when it was killed.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
