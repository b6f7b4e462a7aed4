"""Which texts of a bill the database takes, so that one it does not take is told as the bill's fault and not retried."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from cloudtuner.errors import ServiceError

_SHOWN = 60


def texts_check(model: type[models.Model], **texts: Iterable[str]) -> None:
    """Refuses texts by field that are longer than the field or hold a NUL, which no text of PostgreSQL does.

    Raises ServiceError (`bill.text`).
    """
    for name, values in texts.items():
        most = model._meta.get_field(name).max_length  # type: ignore[union-attr] # relations have none, and are no texts
        assert most is not None, f"{name} has no limit"
        for text in values:
            if len(text) > most or "\0" in text:
                wrong = f"has {len(text)} characters, and {most} fit" if len(text) > most else "holds a NUL byte"
                raise ServiceError(
                    f"the {name} {text[:_SHOWN]!r}{'…' if len(text) > _SHOWN else ''} {wrong}.",
                    code="bill.text",
                    hint="Mend it in the file, or leave its lines out.",
                )
