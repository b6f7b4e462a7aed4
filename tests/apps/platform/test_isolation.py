"""Two organisations, every address by every method, and every task: nothing of one is seen or touched by the other."""

from __future__ import annotations

import inspect
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from celery import current_app
from django.conf import settings
from django.test import Client

from accounts.models import Organization
from cloudtuner import middleware
from cloudtuner.tasks import TenantTask
from cloudtuner.tenancy import current_schema
from tests.apps.platform.planting import MARK, Planted, fingerprint, marked_tables, plant, tenant_models
from tests.apps.platform.visiting import METHODS, Visit, patterns, visit_all

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Stage:
    """Aravali full of marked rows, Birch empty, and a connection of the owner to look at both."""

    a: object
    b: object
    planted: Planted
    owner: psycopg.Connection

    def rows_of_a(self) -> dict[str, str]:
        return fingerprint(self.owner, self.a.schema, self.planted.tables)

    def leaks(self, visit: Visit) -> list[str]:
        """What of A an answer holds that was not in the question."""
        asked = visit.path.lower()
        found = {mark for mark in re.findall(rf"{MARK}\d+(?:-[a-z_0-9]+)?", visit.text) if mark.lower() not in asked}
        found |= {str(value) for value in self.planted.ids if str(value) in visit.text and str(value) not in asked}
        return sorted(found)


@pytest.fixture
def stage(two_organizations, test_database, tmp_path, settings) -> Iterator[Stage]:
    a, b = two_organizations
    settings.OBJECT_STORE_URL = f"file://{tmp_path / 'store'}"
    settings.ADDRESS_BOOK = str(tmp_path / "none.json")
    with psycopg.connect(test_database.url("owner"), autocommit=True) as owner:
        yield Stage(a, b, plant(owner, a.schema), owner)


def test_planting__reaches_every_table_of_an_organization(stage):
    counts = {table: rows.partition(":")[0] for table, rows in stage.rows_of_a().items()}
    assert len(counts) == len(tenant_models()) > 10
    assert all(int(rows) >= 1 for rows in counts.values()), counts


@pytest.mark.slow
def test_pages__of_b_with_ids_of_a__show_and_change_nothing_of_a(stage):
    before, visits = stage.rows_of_a(), 0
    for visit in visit_all(stage.b.client(), settings.ROOT_URLCONF, stage.planted):
        visits += 1
        assert not stage.leaks(visit), str(visit)
        assert visit.status < 500 or visit.status == 503, str(visit)
    assert visits >= len(patterns(settings.ROOT_URLCONF)) * len(METHODS)
    assert stage.rows_of_a() == before
    assert marked_tables(stage.owner, stage.b.schema, stage.planted.tables) == []


@pytest.mark.slow
def test_pages__of_a_for_a_person_of_b__are_not_there(stage):
    before = stage.rows_of_a()
    for visit in visit_all(stage.a.client(stage.b.owner), settings.ROOT_URLCONF, stage.planted, each=3):
        assert not stage.leaks(visit), str(visit)
        # A method that a page does not know is refused before anybody is asked who they are.
        assert visit.status in ({404, 405} if visit.method != "OPTIONS" else {200, 404, 405}), str(visit)
    assert stage.rows_of_a() == before


def test_pages__of_a_for_nobody__lead_to_log_in(stage):
    before = stage.rows_of_a()
    for visit in visit_all(stage.a.stranger(), settings.ROOT_URLCONF, stage.planted, each=3):
        assert not stage.leaks(visit), str(visit)
        assert visit.status in {302, 401, 405}, str(visit)
    assert stage.rows_of_a() == before


@pytest.mark.slow
def test_pages__of_the_public_host__show_nothing_of_an_organization(stage):
    before = stage.rows_of_a()
    for browser in (Client(headers={"host": "cloudtuner.localhost"}), Client(headers={"host": "127.0.0.1"})):
        for visit in visit_all(browser, settings.PUBLIC_SCHEMA_URLCONF, stage.planted, each=3):
            assert not stage.leaks(visit), str(visit)
            assert visit.status < 500 or visit.status == 503, str(visit)
    assert stage.rows_of_a() == before


@pytest.mark.slow
def test_visits__when_the_wrong_schema_is_opened__find_the_leak(stage, monkeypatch):
    """The control: with the guard off, the same visits see A's rows on B's host."""
    right = middleware.open_tenant

    def wrong(organization: Organization) -> None:
        right(stage.a.organization)

    monkeypatch.setattr(middleware, "open_tenant", wrong)
    seen = [visit for visit in visit_all(stage.b.client(), settings.ROOT_URLCONF, stage.planted, each=6) if stage.leaks(visit)]
    assert len({visit.path for visit in seen}) >= 3, "the visits would not notice a leak"


def _arguments(task: TenantTask, planted: Planted) -> Iterator[tuple[str, ...]]:
    """Ids of A for whatever a task asks for beside the schema."""
    asked = [p for p in inspect.signature(task.run).parameters.values() if p.default is p.empty][1:]
    if not asked:
        yield ()
        return
    for value in [*map(str, planted.ids), *planted.texts[:3]]:
        yield tuple(value for _ in asked)


def test_tasks__for_b_with_ids_of_a__see_and_change_nothing_of_a(stage):
    current_app.loader.import_default_modules()
    tasks = [task for task in current_app.tasks.values() if isinstance(task, TenantTask) and "test_" not in task.name]
    assert tasks
    before = stage.rows_of_a()
    logging.disable(logging.CRITICAL)
    try:
        for task in tasks:
            for arguments in _arguments(task, stage.planted):
                said = _run(task, stage.b.schema, arguments)
                leaked = [mark for mark in re.findall(rf"{MARK}\d+", said) if not any(mark in argument for argument in arguments)]
                assert not leaked, f"{task.name}{arguments}: {said}"
                assert current_schema() == "public"
    finally:
        logging.disable(logging.NOTSET)
    assert stage.rows_of_a() == before
    assert marked_tables(stage.owner, stage.b.schema, stage.planted.tables) == []


def _run(task: TenantTask, schema: str, arguments: tuple[str, ...]) -> str:
    """What a task says: its result, or its refusal. Any refusal is a good one here."""
    try:
        return json.dumps(task(schema, *arguments), default=str)
    except Exception as refusal:
        return repr(refusal)
