"""An agent's own new key."""

from __future__ import annotations

from pathlib import Path

from cloudtuner.keyfile import write_key_file

from .keys import address_of, new_key


def write_key(path: Path) -> str:
    """Makes a new key in a new 0600 file and returns its address; an existing file is never touched."""
    key = new_key()
    write_key_file(path, key)
    return address_of(key)
