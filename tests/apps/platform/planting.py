"""Rows of one organisation that can be recognised wherever they surface: every table, every text, every id is marked.

Grows by itself: what is planted follows from the models, what is visited from the URLs.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import models
from psycopg import sql

MARK = "leak-"
_NUMBER = {"SmallIntegerField", "PositiveSmallIntegerField", "IntegerField", "PositiveIntegerField", "BigIntegerField"}
_NUMBER |= {"PositiveBigIntegerField", "DecimalField", "FloatField"}


@dataclass
class Planted:
    """What was planted, by how it is told in an address."""

    ids: list[uuid.UUID] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)


def tenant_models() -> list[type[models.Model]]:
    """Every model that lives in organisations' schemas."""
    found = []
    for config in apps.get_app_configs():
        if config.name in settings.TENANT_APPS:
            found += list(config.get_models(include_auto_created=True))
    return found


def plant(owner: psycopg.Connection, schema: str) -> Planted:
    """Puts a marked row into every table of a schema, one for each state that a row can be in.

    The rules of the tables are dropped first and their triggers sleep: a row need not make sense to be somebody's.
    """
    planted, number = Planted(), count(700_001)
    rules = owner.execute(
        "SELECT c.relname, o.conname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND o.contype IN ('c', 'f', 'x')",
        [schema],
    ).fetchall()
    for relation, rule in rules:
        statement = sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {} CASCADE")
        owner.execute(statement.format(sql.Identifier(schema, relation), sql.Identifier(rule)))
    for model in tenant_models():
        planted.tables.append(model._meta.db_table)
        fields = [f for f in model._meta.concrete_fields if not isinstance(f, models.AutoField) and not f.generated]
        table = sql.Identifier(schema, model._meta.db_table)
        owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        choices = [[value for value, _ in f.flatchoices] for f in fields if f.flatchoices]
        for row in range(max([1, *map(len, choices)])):
            values = [_value(f, row, number, planted) for f in fields]
            statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                table,
                sql.SQL(",").join(sql.Identifier(f.column) for f in fields),
                sql.SQL(",").join(sql.Placeholder() for _ in fields),
            )
            owner.execute(statement, values)
        # Back on: a page that changed a row of somebody else's would be refused, as in earnest.
        owner.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
    return planted


def _value(column: models.Field, row: int, number: count, planted: Planted) -> object:
    kind = column.target_field.get_internal_type() if isinstance(column, models.ForeignKey) else column.get_internal_type()
    if column.flatchoices:
        values = [value for value, _ in column.flatchoices]
        return values[row % len(values)]
    match kind:
        case "UUIDField":
            made = uuid.uuid4()
            planted.ids.append(made)
            return made
        case "DateTimeField":
            return datetime(2026, 6, 1, tzinfo=UTC)
        case "DateField":
            return datetime(2026, 6, 1, tzinfo=UTC).date()
        case "BooleanField":
            return bool(row % 2)
        case "JSONField":
            return json.dumps({"leak": f"{MARK}{next(number)}"})
        case "ArrayField":
            return [next(number)]
        case "BinaryField":
            return f"{MARK}{next(number)}".encode()
        case _ if kind in _NUMBER or kind.endswith("AutoField"):
            made = next(number) % 30_000 if kind.endswith("SmallIntegerField") else next(number)
            planted.numbers.append(made)
            return made
    text = f"{MARK}{next(number)}-{column.name}"
    limit = column.max_length or len(text)
    planted.texts.append(text[:limit])
    return text[:limit]


def fingerprint(owner: psycopg.Connection, schema: str, tables: list[str]) -> dict[str, str]:
    """A digest of every row of every table."""
    found = {}
    for table in tables:
        statement = sql.SQL("SELECT count(*) || ':' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t")
        found[table] = owner.execute(statement.format(sql.Identifier(schema, table))).fetchone()[0]
    return found


def marked_tables(owner: psycopg.Connection, schema: str, tables: list[str]) -> list[str]:
    """The tables of a schema in which a marked text stands."""
    found = []
    for table in tables:
        statement = sql.SQL("SELECT count(*) FROM {} t WHERE t::text LIKE {}")
        (rows,) = owner.execute(statement.format(sql.Identifier(schema, table), sql.Literal(f"%{MARK}%"))).fetchone()
        if rows:
            found.append(table)
    return found
