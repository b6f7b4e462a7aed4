"""The query for other engines: each text is one statement of its dialect over the three documented tables."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from emissions.engine.dialects import DIALECTS, emit_sql
from emissions.engine.results import HOURS_SCHEMA

_READ_AS = {"pyspark": "spark"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_emit_sql__every_dialect__reads_three_tables_and_gives_the_hourly_columns(dialect):
    (statement,) = sqlglot.parse(emit_sql(dialect), read=_READ_AS.get(dialect, dialect))
    assert {table.name for table in statement.find_all(exp.Table)} == {"line", "card", "place"}
    assert statement.named_selects == HOURS_SCHEMA.names
    decimals = [number for number in statement.find_all(exp.Literal) if not number.is_string and "." in number.name]
    assert decimals == [], "a number with a point is a decimal in some dialects"
