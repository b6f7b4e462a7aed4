"""What a power cut does not take away: folders and names that were written down, not only the bytes under them."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Writes down which names a folder holds: a file that was synced and renamed may else be gone with its name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, each written down in the one above; one that is there already stays as it is."""
    missing = [level for level in (folder, *folder.parents) if not level.is_dir()]
    for level in reversed(missing):
        level.mkdir(exist_ok=True)
        sync_folder(level.parent)
