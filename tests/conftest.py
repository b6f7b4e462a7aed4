"""The database of the tests: a real PostgreSQL, real migrations, the app role, and two organisations always present.

One template database is made per run (and worker): migrated by the owner, with two organisations in it. Tests work on a
copy. A test in a transaction leaves nothing behind; one that commits gets a fresh copy made after it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django.test
import psycopg
import pytest
from hypothesis import settings as examples
from psycopg import sql

from tokens.chain.loading import usual_recursion

os.environ.pop("CLOUDTUNER_DB_ROLE", None)
# An example that a busy machine takes long for is not wrong.
examples.register_profile("unhurried", deadline=None)
examples.load_profile("unhurried")

with usual_recursion():
    import eth_account  # noqa: F401  tests that sign with it would raise the limit for all that come after them


@dataclass(frozen=True)
class TestDatabase:
    """The copy that tests work on, and how to make it anew."""

    __test__ = False
    app_url: str
    owner_url: str
    template: str
    name: str

    def recreate(self) -> None:
        """Throws the copy away and copies the template again (about a tenth of a second)."""
        from django.db import connections

        connections.close_all()
        _drop(self.app_url, self.owner_url, self.name)
        with _connect(self.owner_url) as owner:
            owner.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(self.name), sql.Identifier(self.template))
            )
            # A copy has its tables' rights but not the database's own.
            owner.execute(sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(self.name)))

    def url(self, role: str = "app") -> str:
        """The address of the copy, for a process that a test starts."""
        return _with_name(self.app_url if role == "app" else self.owner_url, self.name)


def _with_name(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(_with_name(url, "postgres"), autocommit=True)


@pytest.fixture(scope="session")
def postgres_urls() -> Iterator[tuple[str, str]]:
    """A server to work on, as (app URL, owner URL): the one of the environment, else one started for this run."""
    app, owner = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if app and owner:
        yield app, owner
        return
    from cloudtuner.embedded.postgres import EmbeddedPostgres

    folder = Path(tempfile.mkdtemp(prefix="cloudtuner-tests-"))
    folder.chmod(0o755)  # as root, the server runs as another user, who must get in
    server = EmbeddedPostgres(folder, fast=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is an embedded part is the point; the package warns of its own too
        urls = server.start()
    try:
        yield urls
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def at_once() -> Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]:
    """Calls a function with each of several arguments, in threads that start together with connections of their own.

    Gives what each returned, in order; raises what one of them raised.
    """
    from django.db import connections

    def run(function: Callable[[Any], Any], arguments: Sequence[Any]) -> list[Any]:
        gate = threading.Barrier(len(arguments))

        def one(argument: Any) -> Any:
            gate.wait()
            try:
                return function(argument)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(arguments)) as threads:
            return list(threads.map(one, arguments))

    return run


@pytest.fixture(scope="session")
def key_files() -> Iterator[Path]:
    """A folder with fresh master, network, registrar and relayer keys, which the settings name."""
    from django.conf import settings

    from cloudtuner.keyfile import write_key_file

    with tempfile.TemporaryDirectory(prefix="cloudtuner-keys-") as name:
        folder = Path(name)
        for key in ("master", "network", "registrar", "relayer"):
            write_key_file(folder / key, secrets.token_bytes(32))
            setattr(settings, f"{key.upper()}_KEY_FILE", str(folder / key))
        yield folder


def _connect_as(url: str, *, role: str) -> None:
    """Points Django's default connection at a database, as the app role or as the owner."""
    from django.conf import settings
    from django.db import connections

    from cloudtuner.settings.database import database_from_url

    connection = connections["default"]
    connection.close()
    fresh = database_from_url(url, where="tests", pool=0)
    connection.settings_dict.update({key: fresh[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")})
    connection.settings_dict["CONN_MAX_AGE"] = None
    settings.DB_ROLE = role


@pytest.fixture(scope="session")
def test_database(
    postgres_urls: tuple[str, str], key_files: Path, django_db_blocker: Any, django_test_environment: None
) -> Iterator[TestDatabase]:
    """The migrated template with its two organisations, and the copy that tests work on."""
    from django.conf import settings
    from django.db import connections

    app_url, owner_url = postgres_urls
    mark = secrets.token_hex(4)
    database = TestDatabase(app_url, owner_url, template=f"ct_template_{mark}", name=f"ct_test_{mark}")
    settings.APP_DATABASE_URL, settings.OWNER_DATABASE_URL = database.url("app"), database.url("owner")
    with _connect(owner_url) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database.template)))
    try:
        with django_db_blocker.unblock():
            _connect_as(_with_name(owner_url, database.template), role="owner")
            _fill_template()
            _connect_as(database.url("app"), role="app")
            database.recreate()
        yield database
    finally:
        with django_db_blocker.unblock():
            connections.close_all()
        for name in (database.name, database.template):
            _drop(app_url, owner_url, name)


def _drop(app_url: str, owner_url: str, name: str) -> None:
    """Drops a database with whoever is in it.

    FORCE ends the owner's own sessions, and is refused ("permission denied to terminate process") while a session of the
    app role is there, be it one whose client has hung up and that is only leaving. So the app role ends its own first.
    """
    with _connect(app_url) as app:
        for patience_ms in (0, 5000):  # all are told first, then those still there are waited for
            app.execute(
                "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = %s AND usename = current_user",
                [patience_ms, name],
            )
    with _connect(owner_url) as owner:
        owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _fill_template() -> None:
    from django.db import connection

    from accounts.models import User
    from accounts.provisioning import migrate_all, spare_create
    from accounts.services import organization_create

    migrate_all()
    for slug, name in (("aravali", "Aravali Components"), ("birch", "Birch & Söhne")):
        spare_create()
        owner = User.objects.create_user(f"owner@{slug}.example", "correct horse battery", name=f"Owner of {name}")
        organization_create(user=owner, legal_name=name, slug=slug)
    spare_create()
    connection.close()


@pytest.fixture(scope="session")
def django_db_setup(test_database: TestDatabase) -> None:
    """Instead of pytest-django's: no test database of Django's own making, since the app role may not make one."""


@pytest.fixture(scope="session", autouse=True)
def _fresh_copies(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that commits, Django would TRUNCATE every table, which the app role and our triggers refuse."""
    before = django.test.TransactionTestCase._fixture_teardown

    def teardown(case: django.test.TransactionTestCase) -> None:
        if isinstance(case, django.test.TestCase):
            before(case)
        else:
            request.getfixturevalue("test_database").recreate()

    django.test.TransactionTestCase._fixture_teardown = teardown
    yield
    django.test.TransactionTestCase._fixture_teardown = before
