"""What was posted stays: the app role is refused by PostgreSQL itself, and a changed ledger is found."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError

from emissions import services
from emissions.models import LedgerBatch, LedgerSeries
from emissions.models.ledger import MEASURES

TABLES = ("emissions_ledgerhour", "emissions_ledgerseries", "emissions_ledgerbatch")


@pytest.fixture
def posted(room, cur):
    room.version(cur.hours(cur.Line(), 5))
    return room


STATEMENTS = (
    "UPDATE {table} SET batch_hash = ''",
    "UPDATE {table} SET lines = 0",
    "UPDATE {table} SET account = ''",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "ALTER TABLE {table} DISABLE TRIGGER USER",
    "DROP TRIGGER {table}_append_only ON {table}",
    "DROP TABLE {table} CASCADE",
    "SET session_replication_role = replica",
)


def test_ledger__app_role_changes_it__is_refused(posted):
    before = posted.total()
    for statement in (statement.format(table=table) for statement in STATEMENTS for table in TABLES):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert posted.total() == before
    assert services.ledger_verify() == []


@pytest.mark.django_db(transaction=True)
def test_ledger__owner_changes_it__is_refused_by_the_trigger(posted, test_database):
    statements = (
        "UPDATE {0}.emissions_ledgerhour SET lines = 1",
        "UPDATE {0}.emissions_ledgerseries SET region = ''",
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
        ("UPDATE {0}.emissions_ledgerseries SET region = 'eu-north-1'", {"chain.root"}),
        ("UPDATE {0}.emissions_ledgerbatch SET posted_by = 'somebody' WHERE number = 1", {"chain.batch_hash"}),
    ],
    ids=["row", "missing", "series", "batch"],
)
def test_ledger__owner_took_the_trigger_off__the_chain_says_where(posted, test_database, change, codes):
    with psycopg.connect(test_database.url("owner")) as owner:
        for table in TABLES:
            owner.execute(f"ALTER TABLE {posted.tenant.schema}.{table} DISABLE TRIGGER USER")
        owner.execute(change.format(posted.tenant.schema))
    findings = services.ledger_verify()
    assert {finding.code for finding in findings} == codes
    assert {finding.number for finding in findings} == {1}


ROW = "INSERT INTO emissions_ledgerhour SELECT {series}, hour + 1000{measures} FROM emissions_ledgerhour LIMIT 1"
SERIES = "INSERT INTO emissions_ledgerseries SELECT {id}, {batch}{rest} FROM emissions_ledgerseries LIMIT 1"
BATCH = (
    "INSERT INTO emissions_ledgerbatch SELECT number + 1, 'a', 'b', {rows}, {series}, engine, factor_set, bill_digest, "
    "posted_by, posted_at, 'c', version_id FROM emissions_ledgerbatch"
)


@pytest.mark.parametrize(
    "statement",
    [
        ROW.format(series="series_id", measures="{measures}"),
        ROW.format(series="series_id + 1", measures="{measures}"),
        SERIES.format(id="id + 1", batch="batch_id", rest="{rest}"),
        SERIES.format(id="id - 1", batch="batch_id + 1", rest="{rest}"),
        BATCH.format(rows=5, series="series_through"),
        BATCH.format(rows=0, series="series_through + 1"),
    ],
    ids=["row of a closed series", "row of no series", "series of a closed batch", "series before", "rows", "series"],
)
def test_ledger__batch_that_does_not_hold__is_refused(posted, statement):
    names = [field.column for field in LedgerSeries._meta.concrete_fields][2:]
    told = {"measures": "".join(f", {name}" for name in MEASURES), "rest": "".join(f", {name}" for name in names)}
    with pytest.raises(DatabaseError, match="batch"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(**told))
    assert services.ledger_verify() == []


def test_ledger__series_reversed_twice__is_refused(posted):
    ((batch, after),) = LedgerBatch.objects.values_list("number", "series_through")
    stated = LedgerSeries.objects.get()
    stated.reverses, stated.batch_id = LedgerSeries(pk=stated.pk), batch + 1
    stated.pk = after + 1
    with transaction.atomic():
        stated.save(force_insert=True)
        stated.pk = after + 2
        with pytest.raises(IntegrityError, match="reverses"), transaction.atomic():
            stated.save(force_insert=True)
        transaction.set_rollback(True)
