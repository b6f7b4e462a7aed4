"""A private key in a file: how tools of the command line are given one."""

from __future__ import annotations

from pathlib import Path

from cloudtuner.errors import ConfigurationError


def read_key(path: Path) -> bytes:
    """The private key in a file; raises ConfigurationError unless it holds 32 bytes as hex."""
    try:
        key = bytes.fromhex(path.read_text(encoding="utf-8").strip().removeprefix("0x"))
    except OSError as error:
        raise ConfigurationError(f"the key file cannot be read: {error.strerror}.", where=str(path)) from error
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigurationError("the key file does not hold 32 bytes as hex.", where=str(path))
    return key
