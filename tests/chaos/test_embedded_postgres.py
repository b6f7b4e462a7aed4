"""Does the embedded PostgreSQL come up again on what an earlier one left?"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cloudtuner.embedded.postgres import EmbeddedPostgres

pytestmark = pytest.mark.chaos


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user may enter."""
    made = Path(tempfile.mkdtemp(prefix="cloudtuner-postgres-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _start(folder: Path) -> tuple[EmbeddedPostgres, str]:
    server = EmbeddedPostgres(folder, fast=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return server, server.start()[0]


@pytest.mark.parametrize("lost", ["nothing", "passwords"])
def test_start__on_an_earlier_cluster__answers(folder, lost):
    server, first = _start(folder)
    server.stop()
    if lost == "passwords":
        # As after the data folder was removed while its cluster lay elsewhere.
        (folder / "postgres" / "server.json").unlink()
    server, again = _start(folder)
    try:
        assert (again == first) == (lost == "nothing")
        with psycopg.connect(again) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
