"""Reads a bill's fields as the engine does, and writes the sample usage in every shape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from emissions import sample_exports as exports
from emissions.billing.files import BillFile, open_files
from emissions.billing.normalise import fields_query

SHAPES: dict[str, tuple[str, str, Callable[[], list[dict]], str]] = {
    "cur csv": ("aws", "cur", exports.cur_rows, "csv"),
    "cur parquet": ("aws", "cur", exports.cur_parquet_rows, "parquet"),
    "cur2 csv": ("aws", "cur2", exports.cur2_rows, "csv"),
    "cur2 parquet": ("aws", "cur2", exports.cur2_table, "parquet"),
    "focus 1.0 aws": ("aws", "focus", lambda: exports.focus_aws_rows(version="1.0"), "csv"),
    "focus 1.2 aws": ("aws", "focus", exports.focus_aws_rows, "csv"),
    "focus 1.2 aws parquet": ("aws", "focus", exports.focus_aws_rows, "parquet"),
    "azure ea": ("azure", "azure", exports.azure_rows, "marked"),
    "azure mca": ("azure", "azure", lambda: exports.azure_rows(style="mca"), "csv"),
    "focus azure": ("azure", "focus", exports.focus_azure_rows, "csv"),
    "gcp parquet": ("gcp", "gcp", exports.gcp_rows, "parquet"),
    "gcp dotted": ("gcp", "gcp", exports.gcp_text_rows, "csv"),
    "gcp json": ("gcp", "gcp", lambda: exports.gcp_text_rows(style="json"), "csv"),
    "gcp json lines": ("gcp", "gcp", exports.gcp_rows, "json"),
    "focus gcp": ("gcp", "focus", exports.focus_gcp_rows, "csv"),
    "oci": ("oci", "oci", exports.oci_rows, "csv"),
    "focus oci": ("oci", "focus", exports.focus_oci_rows, "csv"),
}


def fields_of(file: BillFile) -> list[dict]:
    """The normalised fields of every line."""
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        table = connection.sql(fields_query(file, numbered=True)).to_arrow_table()
    return table.to_pylist()


@pytest.fixture(scope="session")
def write_shape(tmp_path_factory) -> Callable[[str], Path]:
    """Writes the sample usage in one of the shapes."""
    folder = tmp_path_factory.mktemp("shapes")

    def write(shape: str) -> Path:
        _, _, rows, kind = SHAPES[shape]
        path = folder / f"{shape.replace(' ', '-')}.{ {'parquet': 'parquet', 'json': 'jsonl'}.get(kind, 'csv') }"
        if not path.exists():
            if kind == "parquet":
                exports.write_parquet(rows(), path)
            elif kind == "json":
                path.write_bytes(exports.json_lines(rows()))
            else:
                path.write_bytes(exports.csv_bytes(rows(), line_end="\r\n" if kind == "marked" else "\n", mark=kind == "marked"))
        return path

    return write


@pytest.fixture(scope="session")
def read_shape(write_shape, tmp_path_factory) -> Callable[[str], tuple[BillFile, list[dict]]]:
    """The file and the normalised fields of one of the shapes."""

    def read(shape: str) -> tuple[BillFile, list[dict]]:
        (file,) = open_files([write_shape(shape)], work_dir=tmp_path_factory.mktemp("work"))
        return file, fields_of(file)

    return read


@pytest.fixture(scope="session")
def fields() -> Callable[[BillFile], list[dict]]:
    """Normalised fields of a file."""
    return fields_of


@pytest.fixture(scope="session")
def shapes() -> dict[str, tuple]:
    """Every shape: provider, format, rows, kind of file."""
    return SHAPES
