"""What was posted stays: the app role is refused by PostgreSQL itself, and a changed ledger is found."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError

from emissions import services

TABLES = ("emissions_ledgerhour", "emissions_ledgerbatch")


@pytest.fixture
def posted(room, cur):
    room.version(cur.hours(cur.Line(), 5))
    return room


STATEMENTS = (
    "UPDATE {table} SET batch_hash = ''",
    "UPDATE {table} SET lines = 0",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER USER",
    "DROP TRIGGER {table}_append_only ON {table}",
    "DROP TABLE {table} CASCADE",
    "SET session_replication_role = replica",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_ledger__app_role_changes_it__is_refused(posted, statement):
    before = posted.total()
    for table in TABLES:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table=table))
    assert posted.total() == before
    assert services.ledger_verify() == []


@pytest.mark.django_db(transaction=True)
def test_ledger__owner_changes_it__is_refused_by_the_trigger(posted, test_database):
    statements = (
        "UPDATE {0}.emissions_ledgerhour SET sign = 1",
        "UPDATE {0}.emissions_ledgerbatch SET posted_by = ''",
        *(f"{verb} {{0}}.{table}{tail}" for table in TABLES for verb, tail in (("DELETE FROM", ""), ("TRUNCATE", " CASCADE"))),
    )
    with psycopg.connect(test_database.url("owner")) as owner:
        for statement in statements:
            with pytest.raises(psycopg.errors.RestrictViolation), owner.transaction():
                owner.execute(statement.format(posted.tenant.schema))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (
            "UPDATE {0}.emissions_ledgerhour SET operational_ug = operational_ug + 1 WHERE hour % 24 = 3",
            {"chain.root"},
        ),
        (
            "DELETE FROM {0}.emissions_ledgerhour WHERE hour % 24 = 3",
            {"chain.root", "chain.rows"},
        ),
        ("UPDATE {0}.emissions_ledgerbatch SET posted_by = 'somebody' WHERE number = 1", {"chain.batch_hash"}),
    ],
    ids=["row", "missing", "batch"],
)
def test_ledger__owner_took_the_trigger_off__the_chain_says_where(posted, test_database, change, codes):
    with psycopg.connect(test_database.url("owner")) as owner:
        for table in TABLES:
            owner.execute(f"ALTER TABLE {posted.tenant.schema}.{table} DISABLE TRIGGER USER")
        owner.execute(change.format(posted.tenant.schema))
    findings = services.ledger_verify()
    assert {finding.code for finding in findings} == codes
    assert {finding.number for finding in findings} == {1}


@pytest.mark.parametrize(
    "statement",
    [
        # A row into a batch that is closed.
        "INSERT INTO emissions_ledgerhour ({columns}) SELECT {columns} FROM emissions_ledgerhour LIMIT 1",
        # A batch that counts rows which are not there.
        "INSERT INTO emissions_ledgerbatch SELECT number + 1, 'a', 'b', row_count, engine, factor_set, bill_digest, posted_by, "
        "posted_at, 'c', version_id FROM emissions_ledgerbatch",
    ],
    ids=["row", "batch"],
)
def test_ledger__batch_that_does_not_hold__is_refused(posted, statement):
    from emissions.models import LedgerHour

    columns = ", ".join(field.column for field in LedgerHour._meta.concrete_fields if field.column != "id")
    with pytest.raises(DatabaseError, match="batch"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(columns=columns))
    assert services.ledger_verify() == []
