"""Preparing room: schemas for organisations to come, and every schema brought to the current migrations.

Runs with the owner role, in a process of its own. Sign-up only gives a prepared schema a name, which is why it takes
milliseconds and needs no right to make tables.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from psycopg import sql

from accounts.grants import grant, grant_database, missing_tables, shadowed_tables
from accounts.keys import make_keys
from accounts.models import Organization
from accounts.models.organization import draw_schema_name
from cloudtuner.errors import ConfigurationError
from cloudtuner.tenancy import close_tenant

logger = logging.getLogger(__name__)
# "CloudTuner schemas" as a number of its own: held by whoever makes or changes tables.
_LOCK = 0x43545F736368656D


def require_owner() -> None:
    """Raises ConfigurationError unless this process connects as the owner."""
    if settings.DB_ROLE != "owner":
        raise ConfigurationError(
            "this command changes tables", where="CLOUDTUNER_DB_ROLE", hint="Set it to `owner` for this command only."
        )


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes or changes tables; the lock is held by a connection of its own and ends with it."""
    keeper = connection.copy()
    try:
        with keeper.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        yield
    finally:
        keeper.close()


def migrate_all(*, verbosity: int = 0) -> list[str]:
    """Brings `public` and every organisation's schema to the current migrations and grants; returns the schemas.

    Raises ConfigurationError when a schema lacks a table afterwards, or `public` has one that belongs in them.
    """
    require_owner()
    with _alone():
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=verbosity)
        close_tenant()
        grant_database()
        grant("public")
        schemas = list(Organization.objects.order_by("created_at").values_list("schema_name", flat=True))
        for schema in schemas:
            _migrate_schema(schema, verbosity)
        if shadows := shadowed_tables():
            raise ConfigurationError(
                f"tables of organisations exist in public too: {', '.join(shadows)}",
                code="schema.shadowed", hint="Remove them from public: organisations could read each other's rows there.",
            )  # fmt: skip
    return schemas


def _migrate_schema(schema: str, verbosity: int) -> None:
    call_command("migrate_schemas", tenant=True, schema_name=schema, interactive=False, verbosity=verbosity)
    close_tenant()
    grant(schema)
    if missing := missing_tables(schema):
        raise ConfigurationError(f"{schema} lacks {', '.join(missing)}", code="schema.incomplete")


def spare_create() -> Organization:
    """Makes a schema with all tables, then the organisation's row and keys: nobody can claim a half-made one."""
    require_owner()
    schema = draw_schema_name()
    with _alone():
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        _migrate_schema(schema, verbosity=0)
        with transaction.atomic():
            organization = Organization(schema_name=schema)
            organization.save(force_insert=True)
            make_keys(organization)
    logger.info("spare organisation ready", extra={"tenant": schema})
    return organization


def spares_refill(*, count: int) -> int:
    """Makes spares until `count` are there; returns how many it made. First removes what a killed run left half-made."""
    require_owner()
    made = 0
    while Organization.objects.filter(state=Organization.State.SPARE).count() < count:
        if not made:
            _drop_orphans()
        spare_create()
        made += 1
    return made


def _drop_orphans() -> None:
    """Drops schemas of our form that no organisation has: their maker died before it wrote the row."""
    with _alone(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT nspname FROM pg_namespace n WHERE nspname ~ '^org_[0-9a-f]{16}$'"
            " AND NOT EXISTS (SELECT 1 FROM accounts_organization o WHERE o.schema_name = n.nspname)"
        )
        for (schema,) in cursor.fetchall():
            cursor.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
            logger.warning("half-made schema removed", extra={"tenant": schema})
