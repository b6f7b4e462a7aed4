"""Whose rows a connection sees: opening one organisation's schema, and closing it again.

The library's own forms leak: `with tenant:` keeps its stack in a class attribute shared by all threads, and the
decorator form of its context managers shares one instance. An architecture test bans both; use `tenant_context`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections
from django_tenants.utils import get_public_schema_name, get_tenant_model

from cloudtuner.errors import CloudTunerError

KNOWN_SECONDS = 10.0

# Schemas seen in the table of organisations lately. Only good news is remembered: a new organisation is seen at once.
_known_until: dict[str, float] = {}


class TenantGone(CloudTunerError):
    """The schema belongs to no organisation (any more): nothing may run in its name."""

    code = "tenant.gone"


def _connection() -> Any:
    """The connection of this thread, with what the tenant backend adds to Django's."""
    return connections["default"]


def current_tenant() -> Any:
    """What the connection has open: an organisation, or a stand-in that only has a `schema_name`."""
    return _connection().tenant


def close_tenant() -> None:
    """Leaves every organisation: only the shared tables are visible from here on."""
    _connection().set_schema_to_public()


def open_tenant(organization: Any) -> None:
    """Opens an organisation for the rest of a request. Everything but the middleware uses `tenant_context`."""
    _connection().set_tenant(organization)


def current_schema() -> str:
    """The schema that the connection reads and writes now (`public` outside every organisation)."""
    name: str = _connection().schema_name
    return name


def require_tenant(schema: str, *, fresh: bool = False) -> None:
    """Raises TenantGone unless an organisation has this schema; `fresh` asks the database even when lately seen.

    PostgreSQL ignores a missing schema on the search path and silently reads `public` instead, so that work for a
    deleted organisation would run on rows of all.
    """
    if not fresh and _known_until.get(schema, 0.0) > time.monotonic():
        return
    if not get_tenant_model().objects.filter(schema_name=schema).exists():
        _known_until.pop(schema, None)
        raise TenantGone(f"no organisation has the schema {schema!r}", hint="It was removed; the work is refused.")
    _known_until[schema] = time.monotonic() + KNOWN_SECONDS


@contextmanager
def tenant_context(schema: str) -> Iterator[None]:
    """Opens one organisation's schema for the block and restores what was open before, whatever happens inside.

    Only as `with tenant_context(schema):`. Raises TenantGone when no organisation has the schema.
    """
    require_tenant(schema)
    connection = _connection()
    before = connection.tenant
    connection.set_schema(schema)
    try:
        yield
    finally:
        connection.set_tenant(before)


@contextmanager
def public_context() -> Iterator[None]:
    """Closes every organisation for the block: only the shared tables are visible."""
    connection = _connection()
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)


def is_public() -> bool:
    """Whether no organisation is open."""
    return current_schema() == str(get_public_schema_name())


def forget_tenants() -> None:
    """Forgets which schemas were seen; called when an organisation is saved or removed."""
    _known_until.clear()


def cache_key(key: str, key_prefix: str, version: int) -> str:
    """The cache's key function: the schema comes first, so that no organisation reads another's value."""
    return f"{current_schema()}:{key_prefix}:{version}:{key}"
