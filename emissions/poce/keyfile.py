"""Where an agent's private key lies: a file of its own that nobody else can read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cloudtuner.disk import make_folder, sync_folder
from cloudtuner.errors import ConfigurationError, ProofError

from .hexes import bytes32, to_hex
from .keys import address_of, new_key


def write_key(path: Path) -> str:
    """Makes a new key in a new 0600 file and returns its address; an existing file is never touched."""
    key = new_key()
    try:
        make_folder(path.parent)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise ConfigurationError(
            "there is a file already, and a key is never overwritten.",
            code="key.exists",
            where=str(path),
            hint="Name another file.",
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"the key cannot be written: {error.strerror}.", code="key.unwritable", where=str(path)
        ) from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(to_hex(key) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)
    return address_of(key)


def read_secret(path: Path) -> bytes:
    """The 32 bytes of a key file (0x hex); refuses a file that others can read."""
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            text = stream.read(200)
    except OSError as error:
        raise ConfigurationError(
            f"the key cannot be read: {error.strerror}.",
            code="key.unreadable",
            where=str(path),
            hint="Make one with the `key` command.",
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError("others can read this key.", code="key.exposed", where=str(path), hint=f"Run: chmod 600 {path}")
    try:
        return bytes32(text.decode("ascii", "replace").strip(), field="key")
    except ProofError:
        # The message must not repeat what the file holds.
        raise ConfigurationError("not a key: 0x and 64 hex digits are needed.", code="key.invalid", where=str(path)) from None
