"""How processes speak: one JSON object a line, with stable keys and nothing secret."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

# What `extra=` may carry. Anything else stays out of the line, so that a stray object cannot leak a bill or a key.
KEYS = (
    "tenant", "connection", "epoch", "tx_hash", "request_id", "node", "report", "intent", "state", "block", "count",
    "seconds", "reason", "code", "signer", "task", "attempt", "bill", "certificate", "port", "pid", "path", "method", "status",
)  # fmt: skip


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's time, level, logger, message, the known extras, and the traceback's text if there is one."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for key in KEYS:
            value = getattr(record, key, None)
            if value is not None:
                line[key] = value if isinstance(value, (int, float, bool)) else str(value)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str = "INFO") -> None:
    """Sends every logger's records to standard error as JSON lines (for the agents; Django has its own settings)."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
