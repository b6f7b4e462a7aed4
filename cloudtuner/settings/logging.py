"""How the service speaks: JSON lines where machines read, plain lines where people do."""

from __future__ import annotations

from typing import Any


def logging_settings(formatter: str, level: str = "INFO") -> dict[str, Any]:
    """Django's LOGGING with one handler; `formatter` is "json" or "text"."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "cloudtuner.logs.JsonFormatter"},
            "text": {"format": "%(asctime)s %(levelname)-7s %(name)s %(message)s"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": formatter}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {"django.server": {"level": "WARNING"}, "fontTools": {"level": "WARNING"}, "weasyprint": {"level": "ERROR"}},
    }
