"""What is wrong with an installation, in words that say what to do. Public values only."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cloudtuner.embedded.identity import can_reach, database_identity
from cloudtuner.errors import CloudTunerError


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    state: Literal["ok", "warn", "bad"]
    text: str


def examine(data_dir: Path) -> list[Finding]:
    """Looks at the data folder, the chain's identity, the disk and the running parts."""
    data_dir = data_dir.absolute()
    if not data_dir.exists():
        return [Finding("data folder", "warn", f"{data_dir} does not exist yet; `make up` makes it")]
    findings = [Finding("data folder", "ok", str(data_dir)), _disk(data_dir), _identity(data_dir)]
    running = data_dir / "run.json"
    if not running.exists():
        return [*findings, Finding("platform", "warn", "not running; `make up` starts it")]
    facts = json.loads(running.read_text())
    for name, pid in facts["pids"].items():
        alive = Path(f"/proc/{pid}").exists()
        findings.append(
            Finding(name, "ok" if alive else "bad", f"pid {pid}" if alive else f"ended; read {data_dir}/logs/{name}.log")
        )
    return [*findings, _chain(facts["rpc_url"], Path(facts["address_book"])), _web(facts["machine_url"])]


def _disk(data_dir: Path) -> Finding:
    free = shutil.disk_usage(data_dir).free
    return Finding("disk", "ok" if free > 2 * 2**30 else "warn", f"{free / 2**30:.1f} GiB free")


def _identity(data_dir: Path) -> Finding:
    identity = database_identity()
    if not identity.switches:
        return Finding("database user", "ok", "the server runs as you")
    place = "in the data folder" if can_reach(data_dir / "postgres", identity) else "under /var/lib/cloudtuner"
    return Finding("database user", "ok", f"as root the server runs as uid {identity.uid}; its files are {place}")


def _chain(rpc_url: str, book_path: Path) -> Finding:
    from tokens.chain.light import LightClient  # reads one block, nothing else

    try:
        book = json.loads(book_path.read_text())
        genesis = LightClient(rpc_url).genesis_hash()
    except (OSError, ValueError, CloudTunerError) as error:
        return Finding("chain", "bad", f"{rpc_url}: {error}")
    if genesis.lower() != str(book["genesis_hash"]).lower():
        return Finding(
            "chain",
            "bad",
            f"{rpc_url} is another chain than the address book's (genesis differs). Stop, move {book_path} and the folder "
            "`anvil` beside it away, and start again: records of the lost chain stay in the ledger, marked unconfirmed.",
        )
    return Finding("chain", "ok", f"{rpc_url}, genesis as in the address book")


def _web(machine_url: str) -> Finding:
    try:
        with urllib.request.urlopen(f"{machine_url}/readyz", timeout=5) as response:  # noqa: S310  a loopback URL of our own
            return Finding("web", "ok", f"{machine_url} answers {response.status}")
    except (urllib.error.URLError, OSError) as error:
        return Finding("web", "bad", f"{machine_url}: {error}")
