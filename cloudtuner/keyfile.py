"""A key in a file: 32 bytes as hex, which nobody but the file's owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cloudtuner.disk import make_folder, sync_folder
from cloudtuner.errors import ConfigurationError


def read_key_file(path: Path, *, where: str = "") -> bytes:
    """The 32 bytes of a key file; `where` names what told of the file, an option or a variable.

    Raises ConfigurationError `key.unreadable`, `key.exposed` for a file that others can read, `key.invalid`; no message
    repeats what the file holds.
    """
    told = f"{where}: {path}" if where else str(path)
    try:
        with path.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            text = stream.read(200)
    except OSError as error:
        raise ConfigurationError(
            f"the key file cannot be read: {error.strerror}.",
            code="key.unreadable",
            where=told,
            hint="Name a file of yours that holds 32 bytes as hex.",
        ) from error
    if mode & 0o077:
        raise ConfigurationError(
            f"others can read this key, its mode is {mode:04o}.", code="key.exposed", where=told, hint=f"Run: chmod 600 {path}"
        )
    try:
        key = bytes.fromhex(text.decode("ascii", "replace").strip().removeprefix("0x"))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ConfigurationError(
            "not a key: 64 hex digits are needed, with 0x before them or not.",
            code="key.invalid",
            where=told,
            hint="Is it the file that was meant?",
        )
    return key


def write_key_file(path: Path, key: bytes) -> None:
    """Writes a key to a new 0600 file; raises ConfigurationError `key.exists` rather than touch one that is there."""
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
            f"the key cannot be written: {error.strerror}.",
            code="key.unwritable",
            where=str(path),
            hint="Name a file in a folder that you may write to.",
        ) from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write("0x" + key.hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)
