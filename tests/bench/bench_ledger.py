"""How fast bills reach the ledger, against a bare COPY of the same rows in the same run, and how fast its pages answer.

python tests/bench/bench_ledger.py --rows 500000 --months 2
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

SERVICES = ("AmazonEC2", "AmazonRDS", "AmazonS3", "AWSLambda", "AmazonEKS", "AmazonEFS", "AmazonMSK")
REGIONS = ("ap-south-1", "us-east-1", "eu-north-1", "eu-west-1", "ap-south-2")
_KEYS = len(SERVICES) * len(REGIONS)


@contextmanager
def organisation(folder: Path) -> Iterator[str]:
    """A durable PostgreSQL of our own with every migration and one organisation; gives its schema, opened for the app role."""
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

        from accounts.keys import write_key_file
        from accounts.models import User
        from accounts.provisioning import migrate_all, spare_create
        from accounts.services import organization_create
        from cloudtuner.settings.database import database_from_url

        def connect_as(url: str, role: str) -> None:
            connection.close()
            fresh = database_from_url(url, where="bench", pool=0)
            connections["default"].settings_dict.update(fresh)
            settings.DB_ROLE = role

        settings.APP_DATABASE_URL, settings.OWNER_DATABASE_URL = app_url, owner_url
        settings.OBJECT_STORE_URL = f"file://{folder}/store"
        for key in ("master", "network", "registrar", "relayer"):
            write_key_file(folder / key)
            setattr(settings, f"{key.upper()}_KEY_FILE", str(folder / key))
        connect_as(owner_url, "owner")
        migrate_all()
        spare_create()
        owner = User.objects.create_user("owner@bench.example", "correct horse battery", name="Owner")
        organization = organization_create(user=owner, legal_name="Bench", slug="bench")
        # Copies to compare with: all of the table but its triggers, and its bare columns.
        with connection.cursor() as cursor:
            table = f"{organization.schema_name}.emissions_ledgerhour"
            cursor.execute(f"CREATE TABLE public.bare_same (LIKE {table} INCLUDING ALL)")
            cursor.execute(f"CREATE TABLE public.bare_columns (LIKE {table} INCLUDING IDENTITY)")
            cursor.execute(f"GRANT ALL ON public.bare_same, public.bare_columns TO {app_url.split('//')[1].split(':')[0]}")
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


def bare_copy(table: str, data: list[bytes], columns: str) -> float:
    """Seconds of a COPY of ready bytes with its commit."""
    from django.db import connection, transaction

    started = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for block in data:
            copy.write(block)
    return time.perf_counter() - started


def load(version: Any, batch: int) -> None:
    """Prints seconds of `rows_add` against bare copies of the same rows, each with its commit, then of the whole posting."""
    from django.db import connection, transaction

    from emissions.services.ledger import rows_add
    from emissions.services.versions import version_post

    class Undo(Exception):
        pass

    added, rest = [], 0.0
    data: list[bytes] = []
    columns = "batch_id, version_id, provider, period_from, account, hour, region, service, category, quality, basis, sign, "
    columns += "energy_uwh, operational_ug, embodied_ug, low_ug, high_ug, water_ul, lines, cost_micro"
    for attempt in range(2):
        try:
            with transaction.atomic():
                started = time.perf_counter()
                for _lines in rows_add(version=version, batch=batch):
                    pass
                added.append(time.perf_counter() - started)
                if not attempt:
                    query = f"COPY (SELECT {columns} FROM emissions_ledgerhour WHERE batch_id = {batch} ORDER BY id) TO STDOUT"
                    with connection.cursor() as cursor, cursor.copy(query) as copy:
                        data = [bytes(block) for block in copy]
                    data = [b"".join(data[start : start + 4096]) for start in range(0, len(data), 4096)]
                raise Undo
        except Undo:
            pass
    same = [bare_copy("public.bare_same", data, columns) for _ in range(2)]
    bare = [bare_copy("public.bare_columns", data, columns) for _ in range(2)]
    started = time.perf_counter()
    with transaction.atomic():
        version_post(version, confirmed_by="bench")
        rest = time.perf_counter() - started
    commit = time.perf_counter() - started - rest
    size = sum(block.count(b"\n") for block in data)
    print(
        f"load  {size:>9,} rows  rows_add {min(added):5.2f} s ({size / min(added):,.0f} rows/s)  "
        f"bare COPY, same indexes {min(same):5.2f} s, ratio {min(same) / min(added):4.2f}x  "
        f"no index {min(bare):5.2f} s, ratio {min(bare) / min(added):4.2f}x  post {rest:5.2f} s  commit {commit * 1000:4.0f} ms"
    )


def questions(first: int, last: int) -> dict[str, Callable[[], Any]]:
    """What the pages ask of the ledger."""
    from emissions import selectors
    from emissions.selectors.figures import LedgerFilters

    all_rows = LedgerFilters()
    second = selectors.ledger_page(all_rows, sort="-ug").next_cursor
    return {
        "dashboard": lambda: selectors.dashboard(first, last),
        "totals": lambda: selectors.ledger_totals(all_rows),
        "choices": selectors.ledger_choices,
        "page": lambda: selectors.ledger_page(all_rows),
        "page oldest first": lambda: selectors.ledger_page(all_rows, sort="hour"),
        "page by µg": lambda: selectors.ledger_page(all_rows, sort="-ug"),
        "page by µg, second": lambda: selectors.ledger_page(all_rows, sort="-ug", cursor=second),
        "page by µg, least": lambda: selectors.ledger_page(all_rows, sort="ug"),
        "page by energy": lambda: selectors.ledger_page(all_rows, sort="-energy"),
        "page by cost": lambda: selectors.ledger_page(all_rows, sort="-cost"),
        "page by account": lambda: selectors.ledger_page(all_rows, sort="account"),
        "page of a service by µg": lambda: selectors.ledger_page(LedgerFilters(services=("AmazonS3",)), sort="-ug"),
        "page of an account": lambda: selectors.ledger_page(LedgerFilters(accounts=("100000000003",))),
        "by day and service": lambda: selectors.ledger_page(all_rows, group_by=("day", "service"), sort="-ug"),
    }


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
        with organisation(folder) as schema:
            from django.db import connection

            from cloudtuner.clock import month_hours
            from cloudtuner.tenancy import tenant_context

            with tenant_context(schema):
                spans = [month_hours(2026, month) for month in range(1, given.months + 1)]
                for batch, (first, last) in enumerate(spans, start=1):
                    load(version_of(hours(first, last, given.rows), first, last, folder), batch)
                with connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) FROM emissions_ledgerhour")
                    print(f"pages {cursor.fetchone()[0]:,} rows; milliseconds of {given.runs} runs")
                for name, ask in questions(spans[0][0], spans[-1][1]).items():
                    took = []
                    for _ in range(given.runs):
                        started = time.perf_counter()
                        ask()
                        took.append(1000 * (time.perf_counter() - started))
                    print(f"  {name:24} median {statistics.median(took):7.1f}  most {max(took):7.1f}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
