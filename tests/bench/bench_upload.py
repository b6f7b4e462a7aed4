"""How long an upload takes from its files to a dashboard that shows it, step by step, on this machine.

python tests/bench/bench_upload.py --lines 8000000 --accounts 120
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from bench_ledger import backend, cpu_of, organisation, pages
from bills import write_bill


class Clock:
    """Wall and CPU seconds of each step, in the order in which they ended: our process's and the database session's."""

    def __init__(self, backend: int) -> None:
        self.backend = backend
        self.steps: list[tuple[str, float, float, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        wall, cpu, there = time.perf_counter(), time.process_time(), cpu_of(self.backend)
        try:
            yield
        finally:
            told = (time.perf_counter() - wall, time.process_time() - cpu, cpu_of(self.backend) - there)
            self.steps.append((name, *told))

    def around(self, module: Any, name: str, label: str) -> None:
        """Times every call of a function that a module uses."""
        inner: Callable[..., Any] = getattr(module, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.step(label):
                return inner(*args, **kwargs)

        setattr(module, name, timed)


class _Linked:
    """A bill that is on disk already, handed in without a copy in memory."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            while block := file.read(1 << 22):
                yield block


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=8_000_000)
    parser.add_argument("--accounts", type=int, default=120)
    parser.add_argument("--bill", type=Path, help="a bill made before; otherwise one is generated, which is not counted")
    parser.add_argument("--pages", type=int, default=0, metavar="RUNS", help="time the explorer's pages of that ledger as well")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # that the server is an embedded one is the point
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-bench-"))
    folder.chmod(0o755)  # as root, the server runs as another user, who must get in
    try:
        bill = given.bill or folder / "bill.parquet"
        if not bill.exists():
            write_bill(bill, given.lines, accounts=given.accounts)
        os.environ["CELERY_BROKER_URL"] = "memory://"
        with organisation(folder) as schema:
            _measure(schema, bill, given.lines, given.pages)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(schema: str, bill: Path, lines: int, runs: int) -> None:
    from django.db import connection

    from accounts.models import User
    from cloudtuner.tenancy import tenant_context
    from emissions import selectors, services
    from emissions.engine import stripping
    from emissions.models import BillVersion, Upload
    from emissions.services import ingest, versions
    from emissions.store import default_store

    clock = Clock(backend())
    clock.around(ingest, "estimate", "estimate")
    clock.around(ingest, "version_compare", "compare")
    clock.around(versions, "_rows_and_root", "copy rows and root")
    clock.around(versions, "stated", "hours by series")
    clock.around(versions, "periods_follow", "roll up")
    clock.around(ingest, "_file", "file and post")
    clock.around(stripping, "_names", "quantity names")
    inner = ingest._reader

    def reader(*args: Any) -> Callable[[Any], Any]:
        read = inner(*args)

        def timed(meter: Any) -> Any:
            with clock.step("estimate and keep"):
                return read(meter)

        return timed

    ingest._reader = reader
    with tenant_context(schema):
        owner = User.objects.get()
        with clock.step("take the file in"):
            upload = services.bill_upload(actor=owner, files=[_Linked(bill)])
        started = time.perf_counter()
        services.upload_read(upload_id=upload.pk)
        whole = time.perf_counter() - started
        version = BillVersion.objects.get()
        assert version.state == BillVersion.State.CONFIRMED, (version.error, Upload.objects.get().error)
        first, last = selectors.ledger_span()
        with clock.step("dashboard"):
            selectors.dashboard(first or 0, last or 0)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM emissions_ledgerhour")
            (rows,) = cursor.fetchone()
        size = sum(default_store().path(row.stripped_digest).stat().st_size for row in version.accounts.all())
    print(f"{lines:,} lines, {bill.stat().st_size / 1e6:.0f} MB, {rows:,} ledger rows, {size / 1e6:.0f} MB of stripped lines")
    for name, wall, cpu, there in clock.steps:
        print(f"  {name:20} {wall:7.2f} s wall  {cpu:7.2f} s own CPU  {there:7.2f} s in the database")
    print(f"upload to ledger {whole:.1f} s wall ({lines / whole:,.0f} lines/s), load {os.getloadavg()[0]:.1f}")
    if runs:
        with tenant_context(schema):
            pages(first or 0, last or 0, runs)


if __name__ == "__main__":
    main()
