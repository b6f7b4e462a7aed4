"""Which settings a process starts with: CLOUDTUNER_MODE names them, unless DJANGO_SETTINGS_MODULE already does."""

from __future__ import annotations

import os

from cloudtuner.errors import ConfigurationError

MODES = ("embedded", "production", "test")


def choose_settings() -> None:
    """Sets DJANGO_SETTINGS_MODULE from CLOUDTUNER_MODE (embedded when nothing is said)."""
    mode = os.environ.get("CLOUDTUNER_MODE") or "embedded"
    if mode not in MODES:
        raise ConfigurationError(f"{mode!r} is no mode", where="CLOUDTUNER_MODE", hint=f"Use one of {', '.join(MODES)}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"cloudtuner.settings.{mode}")
