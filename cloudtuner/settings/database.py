"""From a database URL to Django's dictionary."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cloudtuner.errors import ConfigurationError


def database_from_url(url: str, *, where: str, pool: int) -> dict[str, Any]:
    """The settings of a PostgreSQL database. `pool` connections are kept per process; 0 keeps one per thread.

    A reconnect costs PostgreSQL 8.6 ms of CPU, so connections live long; yet each tenant that a backend touches grows
    it by about half a megabyte, so none lives longer than ten minutes.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise ConfigurationError("not a PostgreSQL URL", where=where, hint="Write postgresql://user:password@host:port/name.")
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "max_lifetime": 600, "timeout": 10}
    return {
        "ENGINE": "django_tenants.postgresql_backend",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0 if pool else 600,
        "CONN_HEALTH_CHECKS": not pool,
        "OPTIONS": options,
    }
