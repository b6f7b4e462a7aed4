"""What the database itself refuses, to the role that the service connects as and to the owner of the tables."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from accounts.grants import append_only_tables
from cloudtuner.checks import app_role_is_powerless


def _refused(statement: str) -> str:
    """The database's reason, from inside a savepoint."""
    with pytest.raises(DatabaseError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(error.value)


def test_app_role__any_schema__cannot_make_or_drop_anything(two_organizations):
    a, _ = two_organizations
    for statement in (
        "CREATE TABLE public.planted (id int)",
        f'CREATE TABLE "{a.schema}".planted (id int)',
        "CREATE SCHEMA planted",
        "CREATE TEMPORARY TABLE accounts_user (id int)",
        f'DROP SCHEMA "{a.schema}" CASCADE',
        "ALTER TABLE public.accounts_user ADD COLUMN planted int",
        "TRUNCATE public.accounts_user CASCADE",
        "UPDATE public.django_migrations SET app = 'x'",
        "SET ROLE cloudtuner_owner",
    ):
        assert "permission denied" in _refused(statement) or "must be owner" in _refused(statement), statement
    assert app_role_is_powerless(databases=["default"]) == []


def test_append_only_tables__are_the_ones_we_promise(two_organizations):
    a, b = two_organizations
    assert "accounts_auditentry" in append_only_tables("public")
    assert {"emissions_ledgerbatch", "emissions_ledgerhour"} <= set(append_only_tables(a.schema))
    assert append_only_tables(a.schema) == append_only_tables(b.schema)


def test_append_only__app_role__refused_in_every_way(two_organizations):
    a, _ = two_organizations
    for schema in ("public", a.schema):
        for table in append_only_tables(schema):
            place = f'"{schema}"."{table}"'
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {place} LIMIT 0")
                column = cursor.description[0].name
            for statement in (f'UPDATE {place} SET "{column}" = "{column}"', f"DELETE FROM {place}", f"TRUNCATE {place}"):
                assert "permission denied" in _refused(statement), statement
            for statement in (
                f"ALTER TABLE {place} DISABLE TRIGGER ALL",
                f"DROP TRIGGER {table}_append_only ON {place}",
                f"DROP TABLE {place}",
            ):
                assert "must be owner" in _refused(statement), statement
    assert "permission denied" in _refused("SET session_replication_role = replica")


def test_append_only__owner__refused_by_the_trigger(two_organizations, test_database):
    with psycopg.connect(test_database.url("owner")) as owner:
        for statement in (
            "UPDATE accounts_auditentry SET action = 'forged'",
            "DELETE FROM accounts_auditentry",
            "TRUNCATE accounts_auditentry",
        ):
            with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"), owner.transaction():
                owner.execute(statement)


def test_app_role__without_rights__reads_nothing_by_guessing(two_organizations):
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT rolpassword FROM pg_authid")
