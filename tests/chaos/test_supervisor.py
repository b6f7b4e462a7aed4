"""Does the platform leave anything behind when it is stopped, politely or not?"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.chaos, pytest.mark.chain, pytest.mark.xdist_group("stack")]

COMMAND = [sys.executable, "-m", "cloudtuner.cli", "up", "--no-demo"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descendants(pid: int) -> set[int]:
    """Every process below `pid`, by walking /proc once."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(pids: set[int], *, seconds: float) -> set[int]:
    deadline = time.monotonic() + seconds
    while (left := {pid for pid in pids if alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # One folder for the module: the second start is the quick one, as for a person.
    return tmp_path_factory.mktemp("installation")


@pytest.fixture
def platform(data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*COMMAND, "--data-dir", str(data_dir), "--port", str(free_port())],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    assert process.stdout is not None
    seen: list[bytes] = []
    for line in process.stdout:
        seen.append(line)
        if b"Ready in" in line:
            break
    else:
        pytest.fail(f"not ready:\n{b''.join(seen).decode()}")
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)
        process.stdout.close()


def keys_of(pid: int) -> set[str]:
    """Which key files and owner's URL a process was told of, by their variables' middle words."""
    names = (line.partition(b"=")[0].decode() for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    wanted = {name for name in names if name.endswith("_KEY_FILE") or name == "DATABASE_OWNER_URL"}
    return {name.removeprefix("CLOUDTUNER_").removesuffix("_KEY_FILE") for name in wanted} - {"SECRET"}


def test_platform__running__tells_each_process_and_its_staff_only_what_they_need(
    platform: subprocess.Popen[bytes], data_dir: Path
) -> None:
    private = data_dir / "environment.json"
    assert private.stat().st_mode & 0o777 == 0o600
    told = private.read_text()
    assert "DATABASE_OWNER_URL" not in told
    assert "KEY_FILE" not in told.replace("SECRET_KEY_FILE", "").replace("NETWORK_KEY_FILE", "")
    pids = json.loads((data_dir / "run.json").read_text())["pids"]
    assert {name: keys_of(pid) for name, pid in pids.items() if not name.startswith("validator-")} == {
        "web": {"NETWORK"},
        "worker-ingest": {"NETWORK"},
        "worker-chain": {"MASTER", "NETWORK", "REGISTRAR", "RELAYER"},
        "spares": {"MASTER", "DATABASE_OWNER_URL"},
    }
    assert all(keys_of(pid) == set() for name, pid in pids.items() if name.startswith("validator-"))
    words = ["manage", "--data-dir", str(data_dir), "createsuperuser", "--noinput", "--email", "staff@platform.example"]
    made = subprocess.run(
        [sys.executable, "-m", "cloudtuner.cli", *words],
        env={**os.environ, "DJANGO_SUPERUSER_PASSWORD": "correct horse battery"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert "Superuser created" in made.stdout


def test_manage__nothing_runs__says_what_to_do(tmp_path: Path) -> None:
    words = ["manage", "--data-dir", str(tmp_path), "check"]
    refused = subprocess.run([sys.executable, "-m", "cloudtuner.cli", *words], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "Start it with `make up`" in " ".join((refused.stdout + refused.stderr).split())


@pytest.mark.parametrize("word", [signal.SIGINT, signal.SIGTERM])
def test_platform__asked_to_stop__ends_in_ten_seconds_without_orphan(
    platform: subprocess.Popen[bytes], word: signal.Signals
) -> None:
    children = descendants(platform.pid)
    assert len(children) >= 10
    started = time.monotonic()
    platform.send_signal(word)
    platform.wait(15)
    assert time.monotonic() - started < 10
    assert wait_until_gone(children, seconds=1) == set()


def test_platform__killed__children_follow(platform: subprocess.Popen[bytes]) -> None:
    children = descendants(platform.pid)
    platform.kill()
    platform.wait()
    assert wait_until_gone(children, seconds=15) == set()
