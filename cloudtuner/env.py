"""What the environment says: typed, read once, and all its faults told together.

A variable may come from a file (`NAME_FILE`), which is how secrets should arrive.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cloudtuner.errors import ConfigurationError


@dataclass
class Env:
    """A reader that remembers what was missing, so that one error can name all of it."""

    source: Mapping[str, str] = field(default_factory=lambda: os.environ)
    problems: list[str] = field(default_factory=list)

    def text(self, name: str, default: str | None = None) -> str:
        """The value of a variable, of the file that `NAME_FILE` names, or the default; a fault is remembered."""
        if name in self.source and self.source[name] != "":
            return self.source[name]
        path = self.source.get(f"{name}_FILE")
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                self.problems.append(f"{name}_FILE: {error.strerror or error}: {path}")
                return ""
        if default is None:
            self.problems.append(f"{name}: not set")
            return ""
        return default

    def number(self, name: str, default: int | None = None) -> int:
        """The value as an integer."""
        text = self.text(name, None if default is None else str(default))
        try:
            return int(text)
        except ValueError:
            if text:
                self.problems.append(f"{name}: {text!r} is not a whole number")
            return 0

    def path(self, name: str, default: str | None = None) -> Path:
        """The value as an absolute path."""
        return Path(self.text(name, default)).expanduser().absolute()

    def finish(self) -> None:
        """Raises ConfigurationError naming every fault, if there was any."""
        if self.problems:
            raise ConfigurationError("; ".join(self.problems), hint="Set them or remove them, then start again.")
