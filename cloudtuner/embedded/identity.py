"""As whom the database runs: PostgreSQL refuses root, so root hands it to an unprivileged user."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

STATE_ROOT = Path("/var/lib/cloudtuner")


@dataclass(frozen=True)
class Identity:
    """The user a child process runs as; `None` ids mean: as we are."""

    uid: int | None
    gid: int | None

    @property
    def switches(self) -> bool:
        """Whether a child changes its user."""
        return self.uid is not None


def database_identity() -> Identity:
    """Ourselves, or for root the user `postgres` where it exists, else `nobody` (initdb needs a passwd entry)."""
    if os.geteuid() != 0:
        return Identity(None, None)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(entry.pw_uid, entry.pw_gid)
    return Identity(65534, 65534)


def can_reach(path: Path, identity: Identity) -> bool:
    """Whether every folder on the way to `path` lets the identity through (the path itself may not exist yet)."""
    if identity.uid is None:
        return True
    for folder in [*reversed(path.absolute().parents), path.absolute()]:
        try:
            status = folder.stat()
        except FileNotFoundError:
            return True
        if status.st_uid == identity.uid:
            bit = 0o100
        elif status.st_gid == identity.gid:
            bit = 0o010
        else:
            bit = 0o001
        if folder.is_dir() and not status.st_mode & bit:
            return False
    return True
