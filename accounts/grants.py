"""What the app role may do in a schema: read and write rows, change no table, and only add to append-only ones."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from cloudtuner.append_only import FUNCTION
from cloudtuner.errors import ConfigurationError


def app_role() -> str:
    """The role in DATABASE_URL. Raises ConfigurationError when it is the owner's too."""
    app = unquote(urlsplit(settings.APP_DATABASE_URL).username or "")
    owner = unquote(urlsplit(settings.OWNER_DATABASE_URL).username or "")
    if not app or app == owner:
        raise ConfigurationError(
            "DATABASE_URL and DATABASE_OWNER_URL name the same role",
            where="DATABASE_OWNER_URL",
            hint="The service's role must own nothing: make a second role and put it into DATABASE_URL.",
        )
    return app


def grant(schema: str) -> None:
    """Gives the app role its rights in a schema, and nothing that it had beside them; in one transaction."""
    role, place = sql.Identifier(app_role()), sql.Identifier(schema)
    statements = [
        sql.SQL("REVOKE CREATE ON SCHEMA {place} FROM PUBLIC, {role}"),
        sql.SQL("GRANT USAGE ON SCHEMA {place} TO {role}"),
        sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {place} FROM {role}"),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {place} TO {role}"),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {place} TO {role}"),
        sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {place}.django_migrations FROM {role}"),
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(place=place, role=role))
        for table in append_only_tables(schema):
            withheld = sql.SQL("REVOKE UPDATE, DELETE ON {place}.{table} FROM {role}")
            cursor.execute(withheld.format(place=place, role=role, table=sql.Identifier(table)))


def grant_database() -> None:
    """Takes temporary tables from everybody: one made on a pooled connection would hide the real table from the next."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
        cursor.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def append_only_tables(schema: str) -> list[str]:
    """The tables of a schema that carry the append-only trigger."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE n.nspname = %s AND p.proname = %s ORDER BY 1",
            [schema, FUNCTION],
        )
        return [name for (name,) in cursor.fetchall()]


def expected_tables(app_names: list[str]) -> set[str]:
    """The tables that the models of some apps need, of those that have migrations (a test asks that all have)."""
    migrated = {label for label, _ in MigrationLoader(None).disk_migrations}
    wanted = set(app_names)
    tables: set[str] = set()
    for config in apps.get_app_configs():
        named = config.name in wanted or f"{type(config).__module__}.{type(config).__name__}" in wanted
        if named and config.label in migrated:
            models = config.get_models(include_auto_created=True)
            tables |= {model._meta.db_table for model in models if model._meta.managed and not model._meta.proxy}
    return tables


def missing_tables(schema: str) -> list[str]:
    """The tables that an organisation's schema lacks.

    PostgreSQL would look for such a table in `public` next, and if one of that name were there, every organisation
    would read and write the same rows without an error.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema])
        present = {name for (name,) in cursor.fetchall()}
    return sorted(expected_tables(settings.TENANT_APPS) - present)


def shadowed_tables() -> list[str]:
    """The names of organisations' tables that exist in `public` too: there must be none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        public = {name for (name,) in cursor.fetchall()}
    return sorted(expected_tables(settings.TENANT_APPS) & public)
