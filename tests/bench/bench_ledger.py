"""How fast bills reach the ledger, against a bare COPY of the same rows in the same run, and how fast its pages answer.

python tests/bench/bench_ledger.py --rows 500000 --months 2
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SERVICES = ("AmazonEC2", "AmazonRDS", "AmazonS3", "AWSLambda", "AmazonEKS", "AmazonEFS", "AmazonMSK")
REGIONS = ("ap-south-1", "us-east-1", "eu-north-1", "eu-west-1", "ap-south-2")
_KEYS = len(SERVICES) * len(REGIONS)


@contextmanager
def organisation(folder: Path, months: int = 0) -> Iterator[str]:
    """A durable PostgreSQL of our own with every migration and one organisation; gives its schema, opened for the app role.

    With tables beside it to compare `months` loads with.
    """
    from cloudtuner.embedded.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(folder)
    app_url, owner_url = server.start()
    try:
        os.environ |= {"DATABASE_URL": app_url, "DATABASE_OWNER_URL": owner_url, "OBJECT_STORE_URL": f"file://{folder}/store"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "cloudtuner.settings.test"
        import django

        django.setup()
        from django.conf import settings
        from django.db import connection, connections

        from accounts.models import User
        from accounts.provisioning import migrate_all, spare_create
        from accounts.services import organization_create
        from cloudtuner.keyfile import write_key_file
        from cloudtuner.settings.database import database_from_url

        def connect_as(url: str, role: str) -> None:
            connection.close()
            fresh = database_from_url(url, where="bench", pool=0)
            connections["default"].settings_dict.update(fresh)
            settings.DB_ROLE = role

        settings.APP_DATABASE_URL, settings.OWNER_DATABASE_URL = app_url, owner_url
        settings.OBJECT_STORE_URL = f"file://{folder}/store"
        for key in ("master", "network", "registrar", "relayer"):
            write_key_file(folder / key, secrets.token_bytes(32))
            setattr(settings, f"{key.upper()}_KEY_FILE", str(folder / key))
        connect_as(owner_url, "owner")
        migrate_all()
        spare_create()
        owner = User.objects.create_user("owner@bench.example", "correct horse battery", name="Owner")
        organization = organization_create(user=owner, legal_name="Bench", slug="bench")
        # Empty copies to compare with, one for each run: all of the table but its triggers, and its bare columns.
        with connection.cursor() as cursor:
            for run in (f"{run}_{batch}" for run in range(2) for batch in range(1, months + 1)):
                table = f"{organization.schema_name}.emissions_ledgerhour"
                cursor.execute(f"CREATE TABLE public.bare_same_{run} (LIKE {table} INCLUDING ALL)")
                cursor.execute(f"CREATE TABLE public.bare_columns_{run} (LIKE {table})")
            cursor.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {app_url.split('//')[1].split(':')[0]}")
        connect_as(app_url, "app")
        yield organization.schema_name
        connection.close()
    finally:
        server.stop()


def hours(first: int, last: int, rows: int) -> pa.Table:
    """A month's hours, `rows` of them or a few less: accounts, services and regions in every hour."""
    from emissions.engine.results import HOURS_SCHEMA

    accounts = max(1, rows // ((last - first + 1) * _KEYS))
    columns: dict[str, list[Any]] = {name: [] for name in HOURS_SCHEMA.names}
    for account in range(accounts):
        for hour in range(first, last + 1):
            for place in range(_KEYS):
                number = (account * 7919 + hour * 104729 + place * 1299709) % 1_000_003
                values = (
                    f"{100000000000 + account}", hour, REGIONS[place % len(REGIONS)], SERVICES[place // len(REGIONS)],
                    "compute", "measured" if place % 3 else "proxy", "direct" if place % 5 == 0 else "lifecycle",
                    number * 31, number * 17, number, number * 9, number * 40, number * 3, 1 + number % 9, number,
                )  # fmt: skip
                for name, value in zip(HOURS_SCHEMA.names, values, strict=True):
                    columns[name].append(value)
    return pa.table(columns, schema=HOURS_SCHEMA)


def version_of(table: pa.Table, first: int, last: int, folder: Path) -> Any:
    """A version in review with its hours in the store."""
    from emissions.models import Bill, BillAccount, BillVersion, Upload
    from emissions.store import default_store

    path = folder / "hours.parquet"
    pq.write_table(table, path)
    upload = Upload.objects.create(actor=uuid.uuid4(), actor_name="bench")
    bill = Bill.objects.create(provider="aws", payer="900011112222", export="bench", period_from=first, period_through=last)
    version = BillVersion.objects.create(
        bill=bill, upload=upload, number=1, state="review", format="cur2", bill_digest="0x" + uuid.uuid4().hex * 2,
        engine="0x" + "e" * 64, factor_set="0x" + "f" * 64, hours_digest=default_store().put_bytes(path.read_bytes()),
    )  # fmt: skip
    for account in table["account"].unique().to_pylist():
        BillAccount.objects.create(
            version=version, account=account, hour_from=first, hour_through=last, lines=1, lines_without_invoice=0,
            quarantined=0, ug=1, by_cost_ug=0, energy_uwh=1, days=list(range(first // 24, last // 24 + 1)), stripped_digest="",
        )  # fmt: skip
    return version


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used, its own threads together."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def backend() -> int:
    """The process that serves our connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@dataclass(frozen=True)
class Took:
    """Seconds of a piece of work: by the clock, of our process's CPU, of the database session's."""

    wall: float
    own: float
    there: float

    @property
    def cpu(self) -> float:
        return self.own + self.there

    def __str__(self) -> str:
        return f"{self.wall:5.2f} s ({self.own:.2f} own CPU, {self.there:.2f} in the database)"


def timed(work: Callable[[], Any]) -> Took:
    """Does the work and says how long it took."""
    pid = backend()
    wall, own, there = time.perf_counter(), time.process_time(), cpu_of(pid)
    work()
    return Took(time.perf_counter() - wall, time.process_time() - own, cpu_of(pid) - there)


def bare_copy(table: str, data: list[bytearray]) -> None:
    """A COPY of ready bytes."""
    from django.db import connection

    from emissions.services.copying import BINARY_END, BINARY_HEAD
    from emissions.services.series import FIGURES

    query = f"COPY {table} ({', '.join(FIGURES)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for block in (BINARY_HEAD, *data, BINARY_END):
            copy.write(block)


def load(version: Any, batch: int) -> None:
    """Prints how long a posting takes, its rows with their root apart, against bare copies of the same rows, one before it and
    one after: the first to write to a fresh server also makes room on its disk. Neither counts its commit.
    """
    from django.db import transaction

    from emissions.services import versions
    from emissions.services.copying import binary_rows
    from emissions.services.ledger import series_last, version_stated

    told = version_stated(version)
    data = [binary_rows(block) for block in told.blocks(series_last() + 1)]
    rows: list[Took] = []
    inner = versions._rows_and_root

    def watched(*args: Any, **kwargs: Any) -> Any:
        found: list[Any] = []
        rows.append(timed(lambda: found.append(inner(*args, **kwargs))))
        return found[0]

    def posted() -> None:
        with transaction.atomic():
            versions.version_post(version, confirmed_by="bench")

    bare: dict[str, list[Took]] = {"bare_same": [], "bare_columns": []}

    def bare_run(run: int) -> None:
        for table, took in bare.items():
            with transaction.atomic():
                took.append(timed(partial(bare_copy, f"public.{table}_{run}_{batch}", data)))

    bare_run(0)
    versions._rows_and_root = watched
    try:
        whole = timed(posted)
    finally:
        versions._rows_and_root = inner
    bare_run(1)
    (ours,) = rows
    print(f"load  {told.rows.num_rows:,} rows, {told.series.num_rows:,} series; load {os.getloadavg()[0]:.1f}")
    print(f"  the whole posting    {whole}")
    print(f"  its rows and root    {ours}, {told.rows.num_rows / ours.wall:,.0f} rows/s")
    for name, table in (("bare COPY, same key", "bare_same"), ("bare COPY, no key", "bare_columns")):
        for took in bare[table]:
            print(
                f"  {name:20} {took}, {took.wall / ours.wall:.2f}x by the clock, {took.there / ours.there:.2f}x in the database"
            )


def questions(first: int, last: int) -> dict[str, Callable[[], Any]]:
    """What the pages ask of the ledger: every order, first and deep, and every filter."""
    from emissions import selectors
    from emissions.selectors.figures import LedgerFilters
    from emissions.selectors.ledger import SORTS

    every = LedgerFilters()
    offered = selectors.ledger_choices()
    some = {
        "account": LedgerFilters(accounts=offered.accounts[-1:]),
        "region": LedgerFilters(regions=offered.regions[:1]),
        "service": LedgerFilters(services=offered.services[-1:]),
        "category": LedgerFilters(categories=offered.categories[:1]),
        "quality": LedgerFilters(qualities=offered.qualities[-1:]),
        "basis": LedgerFilters(bases=offered.bases[:1]),
        "first month": LedgerFilters(hour_from=first, hour_through=first + 671),
        "ten hours": LedgerFilters(hour_from=first + 100, hour_through=first + 109),
    }
    asked: dict[str, Callable[[], Any]] = {
        "dashboard": lambda: selectors.dashboard(first, last),
        "totals": lambda: selectors.ledger_totals(every),
        "totals of ten hours": lambda: selectors.ledger_totals(some["ten hours"]),
        "choices": selectors.ledger_choices,
        "by day and service": lambda: selectors.ledger_page(every, group_by=("day", "service"), sort="-ug"),
        "by month and account": lambda: selectors.ledger_page(every, group_by=("month", "account"), sort="-ug"),
        "by hour": lambda: selectors.ledger_page(every, group_by=("hour",)),
    }
    for sort in [f"{sign}{name}" for name in SORTS for sign in ("-", "")]:
        asked[f"page {sort}"] = partial(selectors.ledger_page, every, sort=sort)
        asked[f"page {sort}, fortieth"] = partial(selectors.ledger_page, every, sort=sort, cursor=deep(sort))
        asked[f"page {sort}, middle"] = partial(selectors.ledger_page, every, sort=sort, cursor=middle(sort, first, last))
    for name, filters in some.items():
        for sort in ("-hour", "-ug", "service"):
            asked[f"of one {name} {sort}"] = partial(selectors.ledger_page, filters, sort=sort)
    return asked


def deep(sort: str, pages: int = 40) -> str:
    """The mark that somebody has who paged so far."""
    from emissions import selectors
    from emissions.selectors.figures import LedgerFilters

    mark = ""
    for _ in range(pages // 20):
        mark = selectors.ledger_page(LedgerFilters(), sort=sort, cursor=mark, limit=1000).next_cursor
    return mark


def middle(sort: str, first: int, last: int) -> str:
    """The mark of a row in the middle of the ledger, where nobody pages to."""
    from emissions.selectors.figures import LedgerFilters
    from emissions.selectors.ledger import ALL_COLUMNS, SORTS, _cursor
    from emissions.selectors.ordering import Mark
    from emissions.selectors.single import single_sql
    from emissions.selectors.slicing import rows

    query, values = single_sql(LedgerFilters(hour_from=(first + last) // 2, hour_through=(first + last) // 2))
    there = sorted(rows(f"SELECT {SORTS[sort.removeprefix('-')]}, hour, series_id FROM ({query}) found", values))
    value, *ties = there[len(there) // 2]
    return _cursor(Mark(value, tuple(ties)), sort=sort, groups=ALL_COLUMNS)


def pages(first: int, last: int, runs: int) -> None:
    """Prints how long each question takes, and which share of all answers came within the aim."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM emissions_ledgerhour")
        print(f"pages {cursor.fetchone()[0]:,} rows; milliseconds of {runs} runs, load {os.getloadavg()[0]:.1f}")
    cpus, walls = [], []
    for name, ask in questions(first, last).items():
        took = [timed(ask) for _ in range(runs)]
        wall, cpu = ([1000 * getattr(one, kind) for one in took] for kind in ("wall", "cpu"))
        middle, mean = statistics.median(wall), statistics.mean(cpu)
        print(f"  {name:32} median {middle:7.1f}  most {max(wall):7.1f}  CPU {mean:6.1f}")
        walls += wall
        cpus.append(mean)
    told = [statistics.quantiles(values, n=20)[-1] for values in (walls, cpus)]
    print(f"  95 % of all answers within {told[0]:.0f} ms by the clock, {told[1]:.0f} ms of CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000, help="per month")
    parser.add_argument("--months", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # that the server is an embedded one is the point
    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-bench-"))
    folder.chmod(0o755)  # as root, the server runs as another user, who must get in
    try:
        with organisation(folder, given.months) as schema:
            from cloudtuner.clock import month_hours
            from cloudtuner.tenancy import tenant_context

            with tenant_context(schema):
                spans = [month_hours(2026, month) for month in range(1, given.months + 1)]
                for batch, (first, last) in enumerate(spans, start=1):
                    load(version_of(hours(first, last, given.rows), first, last, folder), batch)
                pages(spans[0][0], spans[-1][1], given.runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
