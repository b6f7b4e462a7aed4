"""The fact query on Apache Spark (`pip install cloudtuner[spark]`, Java 17 or newer): the same text, the same integers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cloudtuner.errors import BillError, CloudTunerError
from emissions.billing.normalise import literal
from emissions.engine.dialects import emit_sql
from emissions.engine.facts import LABELS
from emissions.engine.reading import reading
from emissions.engine.results import HOURS_SCHEMA, numbered
from emissions.engine.slices import Slice

if TYPE_CHECKING:
    from emissions.engine.workings import Workings


def hours_on_spark(workings: Workings, folder: Path, *, threads: int, memory: str) -> pa.Table:
    """What `hours_of` answers, summed by a Spark that is started for it on this machine and stopped again.

    Lines, card and places go to Spark as Parquet files under `folder`, the sums come back in one. `memory` is DuckDB's
    word for it ("2GiB"). Raises CloudTunerError when Spark is not installed or does not start.
    """
    tables = {"line": workings.numbered(Slice()), "card": "SELECT * FROM card", "place": "SELECT * FROM place"}
    for name, query in tables.items():
        with reading(workings.files[0]):
            workings.connection.execute(f"COPY ({query}) TO {literal(str(folder / name))} (FORMAT parquet)")
    session = _session(folder, threads=threads, memory=memory)
    try:
        for name in tables:
            session.read.parquet(str(folder / name)).createOrReplaceTempView(name)
        session.sql(emit_sql("pyspark")).coalesce(1).write.parquet(str(folder / "hours"))
    except Exception as error:
        if "ARITHMETIC_OVERFLOW" in str(error):
            raise BillError("the bill's sums do not fit 64 bits.", code="bill.too_large") from error
        raise
    finally:
        session.stop()
    summed = pq.read_table(folder / "hours")
    columns = [numbered(summed[name]) if name in LABELS else summed[name] for name in HOURS_SCHEMA.names]
    return pa.table(columns, names=HOURS_SCHEMA.names).cast(HOURS_SCHEMA)


def _session(folder: Path, *, threads: int, memory: str) -> Any:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise CloudTunerError(
            "PySpark is not installed.", code="engine.spark", hint="pip install 'cloudtuner[spark]', with Java 17 or newer."
        ) from error
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": memory.lower().replace("ib", "").replace(" ", ""),
        "spark.local.dir": str(folder / "spark"),
        # A sum that does not fit raises instead of wrapping around.
        "spark.sql.ansi.enabled": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(2 * threads),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(f"local[{threads}]").appName("cloudtuner")
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise CloudTunerError(
            f"Spark does not start ({error}).", code="engine.spark", hint="It needs Java 17 or newer; set JAVA_HOME."
        ) from error
