"""What production refuses: parts that stand in for real ones, and roles that may do too much."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def embedded_ports(data_dir: Path) -> set[int]:
    """The ports of the embedded servers that keep their data in this folder."""
    ports: set[int] = set()
    server = data_dir / "postgres" / "server.json"
    if server.exists():
        ports.add(int(json.loads(server.read_text()).get("port") or 0))
    broker = data_dir / "valkey" / "valkey.conf"
    if broker.exists():
        ports |= {int(number) for number in re.findall(r"^port (\d+)$", broker.read_text(), re.MULTILINE)}
    return ports


def refusals(urls: dict[str, str], *, key_files: dict[str, str], data_dir: Path, base_domain: str, chain_id: int) -> list[str]:
    """One sentence for each thing that must not be in production."""
    problems = []
    embedded = embedded_ports(data_dir)
    for name, url in urls.items():
        parts = urlsplit(url)
        if parts.hostname in _LOOPBACK and parts.port in embedded:
            problems.append(f"{name}: it names the embedded server in {data_dir}")
    for name, path in key_files.items():
        if path and Path(path).resolve().is_relative_to(data_dir.resolve() / "keys"):
            problems.append(f"{name}: {path} was made for development")
    owner, app = (urlsplit(urls.get(name, "")).username for name in ("DATABASE_OWNER_URL", "DATABASE_URL"))
    if owner and owner == app:
        problems.append("DATABASE_URL: it names the owner's role; the service's role must own nothing")
    if base_domain.endswith("localhost"):
        problems.append("CLOUDTUNER_BASE_DOMAIN: a localhost name is for development")
    if chain_id == 31337:
        problems.append("CLOUDTUNER_CHAIN_ID: 31337 is the embedded chain")
    return problems
