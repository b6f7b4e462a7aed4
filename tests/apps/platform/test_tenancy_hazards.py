"""The ways in which tenants are known to leak, each planted: the harm with the guard off, then its absence with it on."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from celery import shared_task
from django.core.cache import caches
from django.db import connection, connections, transaction
from django_tenants.utils import schema_context

from accounts.grants import missing_tables, shadowed_tables
from accounts.models import Organization
from cloudtuner.tasks import tenant_task
from cloudtuner.tenancy import TenantGone, current_schema, tenant_context

# One row's worth of proof: which schema answers an unqualified name.
WHERE_AM_I = "SELECT current_schema()"


def _answering_schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute(WHERE_AM_I)
        return str(cursor.fetchone()[0])


def _interleave(first: Callable[[Callable[[], None]], None], second: Callable[[Callable[[], None]], None]) -> None:
    """Runs two threads so that: first enters, second enters, first leaves, second leaves."""
    entered, both, left = threading.Event(), threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def run(body: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                body()
            except BaseException as error:
                failures.append(error)
            finally:
                connections.close_all()

        thread = threading.Thread(target=guarded)
        thread.start()
        return thread

    def inside_first() -> None:
        entered.set()
        assert both.wait(10)

    def inside_second() -> None:
        both.set()
        assert left.wait(10)

    def body_first() -> None:
        first(inside_first)
        left.set()

    def body_second() -> None:
        assert entered.wait(10)
        second(inside_second)

    threads = [run(body_first), run(body_second)]
    for thread in threads:
        thread.join(20)
    assert not failures, failures


def _schemas_after(two, switch: Callable[[object, Callable[[], None]], None]) -> dict[str, str]:
    """Where two threads that work for A and for B stand after each visited the other, interleaved."""
    a, b = two
    after: dict[str, str] = {}

    def thread(name: str, home, guest) -> Callable[[Callable[[], None]], None]:
        def body(inside: Callable[[], None]) -> None:
            connection.set_schema(home.schema)
            switch(guest, inside)
            after[name] = _answering_schema()

        return body

    _interleave(thread("a", a, b), thread("b", b, a))
    return after


def test_hazard_1__with_tenant__swaps_threads(two_organizations):
    a, b = two_organizations

    def planted(guest, inside):
        with guest.organization:
            inside()

    def ours(guest, inside):
        with tenant_context(guest.schema):
            inside()

    assert _schemas_after(two_organizations, planted) != {"a": a.schema, "b": b.schema}, "the library no longer leaks here"
    assert _schemas_after(two_organizations, ours) == {"a": a.schema, "b": b.schema}


def test_hazard_2__decorator_form__shares_one_instance(two_organizations):
    a, b = two_organizations
    waiting = threading.local()

    @schema_context(b.schema)
    def planted_visit() -> None:
        waiting.inside()

    def planted(_, inside):
        waiting.inside = inside
        planted_visit()

    def ours(_, inside):
        with tenant_context(b.schema):
            inside()

    assert _schemas_after(two_organizations, planted) != {"a": a.schema, "b": b.schema}, "the library no longer leaks here"
    assert _schemas_after(two_organizations, ours) == {"a": a.schema, "b": b.schema}


def test_hazard_3__task_of_a_removed_tenant__runs_in_public_unless_refused(two_organizations):
    gone, seen = "org_00000000000000ff", []

    @shared_task
    def planted(schema: str) -> None:
        connection.set_schema(schema)
        seen.append(_answering_schema())

    @tenant_task(queue="ingest")
    def ours(schema: str) -> None:
        seen.append(_answering_schema())

    planted(gone)
    connection.set_schema_to_public()
    assert seen == ["public"], "PostgreSQL no longer falls through to public"

    seen.clear()
    with pytest.raises(TenantGone):
        ours(gone)
    assert seen == []
    assert current_schema() == "public"


def test_hazard_3__tenant_removed_after_it_was_seen__is_refused_all_the_same(two_organizations):
    a, _ = two_organizations
    ran = []

    @tenant_task(queue="ingest")
    def work(schema: str) -> None:
        ran.append(schema)

    work(a.schema)
    # Written past the signals, as another process would: this one still remembers the schema as known.
    Organization.objects.filter(pk=a.organization.pk).update(schema_name="org_00000000000000fe")
    with pytest.raises(TenantGone):
        work(a.schema)
    assert ran == [a.schema]


def test_hazard_5__cache_keys__carry_the_schema(two_organizations, settings):
    a, b = two_organizations

    def read_by_b_what_a_wrote() -> str | None:
        with tenant_context(a.schema):
            caches["default"].set("total", "A's figure")
        with tenant_context(b.schema):
            return caches["default"].get("total")

    ours = settings.CACHES
    settings.CACHES = {"default": {k: v for k, v in ours["default"].items() if k != "KEY_FUNCTION"} | {"LOCATION": "planted"}}
    assert read_by_b_what_a_wrote() == "A's figure"
    settings.CACHES = ours
    assert read_by_b_what_a_wrote() is None


@pytest.mark.django_db(transaction=True)
def test_hazard_6__missing_table__falls_through_to_public_and_is_found(two_organizations, owner_execute):
    a, b = two_organizations
    with tenant_context(a.schema), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename LIKE 'emissions_%%'", [a.schema])
        table = sorted(name for (name,) in cursor.fetchall())[0]
    assert (missing_tables(a.schema), shadowed_tables()) == ([], [])

    owner_execute(
        f'CREATE TABLE public."{table}" AS SELECT 1 AS planted',
        f'GRANT SELECT ON public."{table}" TO PUBLIC',
        f'DROP TABLE "{a.schema}"."{table}" CASCADE',
        f'DROP TABLE "{b.schema}"."{table}" CASCADE',
    )
    for tenant in two_organizations:
        with tenant_context(tenant.schema), connection.cursor() as cursor:
            cursor.execute(f'SELECT planted FROM "{table}"')
            assert cursor.fetchone() == (1,), "both read the same public rows, without an error"

    assert missing_tables(a.schema) == [table]
    assert shadowed_tables() == [table]


@pytest.mark.django_db(transaction=True)
def test_hazard_9__savepoint_rolled_back__search_path_follows(two_organizations):
    a, b = two_organizations
    with tenant_context(a.schema), transaction.atomic():
        assert _answering_schema() == a.schema
        try:
            with transaction.atomic(), tenant_context(b.schema):
                assert _answering_schema() == b.schema
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert _answering_schema() == a.schema


def test_context__unknown_schema__is_refused_before_anything_is_read(two_organizations):
    with pytest.raises(TenantGone), tenant_context("org_00000000000000ff"):
        pytest.fail("entered")


def test_context__error_inside__restores_what_was_open(two_organizations):
    a, b = two_organizations
    with tenant_context(a.schema):
        with pytest.raises(RuntimeError), tenant_context(b.schema):
            raise RuntimeError
        assert (current_schema(), _answering_schema()) == (a.schema, a.schema)
    assert _answering_schema() == "public"
