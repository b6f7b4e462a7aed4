"""Bills, keys and a small host for the agent."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from emissions.node.cli import main
from emissions.poce.hexes import to_hex
from emissions.poce.keys import address_of
from emissions.samples import SampleBills, write_sample_bills

KEY = bytes([3]) * 32
NODES = {"110022003300": "0x" + "a1" * 32, "220033004400": "0x" + "b2" * 32}
NETWORK = {"chain_id": 31337, "contracts": {"node_registry": "0x5FbDB2315678afecb367f032d93F642f64180aa3"}}


@pytest.fixture(scope="session")
def bills(tmp_path_factory: pytest.TempPathFactory) -> SampleBills:
    return write_sample_bills(tmp_path_factory.mktemp("bills"))


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "node.key"
    path.touch(0o600)
    path.write_text(to_hex(KEY))
    return path


@pytest.fixture
def command(tmp_path: Path, key_file: Path) -> Callable[..., list[str]]:
    """The words of `cloudtuner-node once` for two accounts, writing to a folder."""
    network = tmp_path / "network.json"
    network.write_text(json.dumps(NETWORK))

    def words(*bills: Path, out: Path | None = None, url: str = "") -> list[str]:
        target = ["--out", str(out), "--network", str(network)] if out else ["--url", url, "--spool", str(tmp_path / "spool")]
        accounts = [word for account, node in NODES.items() for word in ("--account", f"{account}={node}")]
        given = [word for bill in bills for word in ("--bills", str(bill))]
        return [sys.executable, "-m", "emissions.node.cli", "once", "--key", str(key_file), *accounts, *given, *target]

    return words


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Done]]:
    """Runs a command's words in this process, which saves the seconds of starting one."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def done(words: list[str], *more: str) -> Done:
        capsys.readouterr()
        code = main([*words[3:], *more])
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    yield done
    root.handlers[:] = handlers
    root.setLevel(level)


@dataclass
class Host:
    """A host that answers from lists: what came in, and how the next posts are answered (201 when nothing is planned)."""

    url: str = ""
    posted: list[dict] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    key: str = address_of(KEY)


@pytest.fixture
def host(serve: Callable[..., str]) -> Host:
    from emissions.poce.eip712 import Domain
    from emissions.poce.report import NodeReport

    state = Host()
    domain = Domain(NETWORK["chain_id"], NETWORK["contracts"]["node_registry"])

    def respond(path: str, body: Any) -> tuple[int, Any]:
        if path == "/poce/v1/network":
            return 200, NETWORK
        if body is None:
            node = path.rsplit("/", 1)[1]
            seq, prev = state.heads.get(node, (0, "0x" + "00" * 32))
            return 200, {"node": node, "seq": seq, "prev": prev, "first_hour": 0, "key": state.key, "wallet": state.key}
        status = state.planned.pop(0) if state.planned else 201
        if status != 201:
            return status, "http://127.0.0.1:9/" if status == 302 else {"code": "report.seq", "detail": "seq 7 was expected"}
        report = NodeReport.from_json(body["report"])
        state.posted.append(body)
        state.heads[report.node] = (report.seq, report.report_hash(domain))
        return 201, {"report_hash": report.report_hash(domain)}

    state.url = serve(respond)
    return state
