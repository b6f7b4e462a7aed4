"""What a validator is told in its config file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudtuner.errors import ConfigurationError

_REQUIRED = ("service_url", "rpc_url", "address_book", "key_file", "data_dir")
_OPTIONAL = ("network_key_file", "poll_seconds", "turn_seconds", "metrics_port", "plain_http")


@dataclass(frozen=True)
class ValidatorConfig:
    """Paths are absolute; those in the file are relative to the file.

    `turn_seconds` is how long a validator waits for each one that comes before it to post a quorum. `metrics_port` 0
    means a free port, None means no metrics; they are served on 127.0.0.1 only.
    """

    service_url: str
    rpc_url: str
    address_book: Path
    key_file: Path
    data_dir: Path
    network_key_file: Path | None = None
    poll_seconds: float = 2.0
    turn_seconds: float = 3.0
    metrics_port: int | None = None
    plain_http: bool = False


def load_config(path: Path) -> ValidatorConfig:
    """Reads the config file; raises ConfigurationError with all of its faults together."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"the config cannot be read: {error}.", code="validator.config", where=str(path)) from error
    if not isinstance(value, dict):
        raise ConfigurationError("the config is not a JSON object.", code="validator.config", where=str(path))
    faults = [f"{name}: missing" for name in _REQUIRED if name not in value]
    faults += [f"{name}: not known" for name in sorted(set(value) - set(_REQUIRED) - set(_OPTIONAL))]
    faults += [fault for name, given in value.items() if (fault := _fault(name, given))]
    if faults:
        raise ConfigurationError("; ".join(faults) + ".", code="validator.config", where=str(path), hint="Mend the file.")
    base = path.absolute().parent
    paths = {name: base / value[name] for name in ("address_book", "key_file", "data_dir", "network_key_file") if name in value}
    return ValidatorConfig(**{**value, **paths})


def _fault(name: str, given: Any) -> str | None:
    if name in ("poll_seconds", "turn_seconds"):
        fits = isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given <= 3600
        return None if fits else f"{name}: a number of seconds above 0"
    if name == "metrics_port":
        return None if type(given) is int and 0 <= given < 65536 else "metrics_port: a port number"
    if name == "plain_http":
        return None if isinstance(given, bool) else "plain_http: true or false"
    if name in _REQUIRED or name in _OPTIONAL:
        return None if isinstance(given, str) and given else f"{name}: a text"
    return None
