"""What is published byte for byte and named by its hash: an epoch's bundle, an airdrop round's list."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from hashlib import sha256
from typing import Any

from .canonical import jcs
from .hexes import to_hex


class Published(ABC):
    """A document whose bytes are the JCS of its JSON value."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """The value that is published."""

    @cached_property
    def _bytes(self) -> bytes:
        return jcs(self.to_json())

    def to_bytes(self) -> bytes:
        """The JCS bytes that are published; `dataHash` is their sha256."""
        return self._bytes

    @property
    def data_hash(self) -> str:
        """The sha256 of the bytes, as 0x hex."""
        return to_hex(sha256(self._bytes).digest())
