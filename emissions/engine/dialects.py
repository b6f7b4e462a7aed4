"""The fact query written down for other engines: `cloudtuner estimate --emit-sql DIALECT`.

The text is the query that runs here, compiled for another dialect. It reads three tables, which `docs/engines.md`
describes: `line`, `card` and `place`.
"""

from __future__ import annotations

from emissions.engine.facts import fact_query

DIALECTS = ("duckdb", "pyspark", "trino", "athena", "bigquery", "snowflake")


def emit_sql(dialect: str) -> str:
    """The fact query in a dialect of DIALECTS, every number in it a double.

    >>> "CAST('0.5' AS DOUBLE)" in emit_sql("trino"), "CAST('0.5' AS FLOAT64)" in emit_sql("bigquery")
    (True, True)
    """
    import ibis

    # Databricks' dialect is Spark's own SQL, and Ibis writes it without asking for a Spark that is installed.
    written = ibis.to_sql(fact_query(), dialect="databricks" if dialect == "pyspark" else dialect)
    return f"{written}\n"
