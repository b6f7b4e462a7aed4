"""The keys of a private installation: made once, 0600, one file each, never printed."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cloudtuner.keyfile import read_key_file

_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

# Who sends or signs on the chain for the service; validators have keys of their own.
CHAIN_KEYS = ("deployer", "relayer", "registrar", "guardian")


@dataclass(frozen=True)
class Keyring:
    """Where the key files of an installation lie."""

    folder: Path
    validators: int = 4

    def path(self, name: str) -> Path:
        """The file of one key."""
        return self.folder / f"{name}.key"

    def ensure(self) -> None:
        """Makes every missing key; existing ones stay as they are."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("django", "master", "network"):
            self._ensure(name, "0x" + secrets.token_hex(32))
        for name in (*CHAIN_KEYS, *(f"validator-{index}" for index in range(1, self.validators + 1))):
            self._ensure(name, f"0x{secrets.randbelow(_CURVE_ORDER - 1) + 1:064x}")

    def read(self, name: str) -> bytes:
        """A key's 32 bytes."""
        return read_key_file(self.path(name))

    def _ensure(self, name: str, text: str) -> None:
        try:
            descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w") as file:
            file.write(text + "\n")
