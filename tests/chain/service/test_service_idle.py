"""What a tick costs when nothing came, and who is woken when something did."""

from __future__ import annotations

from typing import Any

import pytest
from celery import current_app
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.chain


def _sealer_queries() -> list[str]:
    from tokens.network import sealing

    with CaptureQueriesContext(
        connection,
    ) as told:
        assert sealing.seal_once() is None
    return [query["sql"] for query in told]


def test_sealer__nothing_new__asks_a_few_index_lookups_and_no_report(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tokens.network import sealing

    node = world.node()
    for month in range(3):
        world.report(node, {0: 900}, month=month)
    world.run_until_paid(2_700)
    sealing.seal_once()
    monkeypatch.setattr(sealing, "_states", lambda: pytest.fail("reports were read although nothing came"))
    monkeypatch.setattr(type(world.network.client), "call_rpc", lambda *_: pytest.fail("the chain was asked"))
    few = _sealer_queries()
    assert len(few) <= 14
    assert not [sql for sql in few if "hour_from" in sql]
    world.report(node, {0: 10}, month=3, state=0)
    assert sealing.seal_once() is None, "a report that is not FINAL changes nothing"


def test_sealer__final_report_or_late_registration__sealed_at_the_next_tick(world: Any) -> None:
    from tokens.network import reading, sealing

    node = world.node()
    world.report(node, {0: 900})
    world.run_until_paid(900)
    assert sealing.seal_once() is None
    world.report(node, {0: 50}, month=1)
    assert sealing.seal_once() is not None
    world.run_until_paid(950)
    late = world.node()
    world.report(late, {0: 7})
    assert sealing.seal_once() is None, "its node is not on chain yet"
    assert sealing.seal_once() is None
    world.run_until_paid(957)
    assert reading.head_epoch() == 3


def test_sealer__registration_on_its_way__waited_for_but_not_for_ever(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from tokens.chain.book import AddressBook
    from tokens.network import registering, sealing

    monkeypatch.setattr(sealing, "_held", {})
    monkeypatch.setattr(AddressBook, "epoch_s", property(lambda _: 60))
    node = world.node()
    world.run(lambda: len(sealing.registered_nodes()) == 1)
    for each in (node, world.node()):
        world.report(each, {0: 900})
    assert registering.register_nodes() == 1
    assert sealing.seal_once() is None, "the second node would wait a whole epoch for the next one"
    monkeypatch.setattr(sealing, "HOLD", timedelta(0))
    assert sealing.seal_once() is not None, "a registration that takes long holds nobody up"


def test_sealer__report_became_visible_late__found_by_the_full_look(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that took its number early and committed late lies below what was seen already."""
    from datetime import timedelta

    from emissions.register.models import ReportCommitment
    from tokens.network import sealing

    node = world.node()
    world.report(node, {0: 900})
    world.run_until_paid(900)
    report_hash = world.report(node, {0: 50}, month=1)
    assert ReportCommitment.objects.filter(report_hash=report_hash).update(id=-1)
    assert sealing.seal_once() is None
    monkeypatch.setattr(sealing, "LOOK_AGAIN", timedelta(0))
    assert sealing.seal_once() is not None


RELAY, SEALER, INDEXER = (
    ("tokens.tasks.relay_tick", "chain"),
    ("tokens.tasks.sealer_tick", "chain"),
    ("tokens.tasks.indexer_tick", "chain"),
)
CERTIFICATES = ("certificates.tasks.certificates_tick", "documents")


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The tasks that were sent by name, with their queues."""
    import certificates.tasks  # noqa: F401 - importing registers them
    import tokens.tasks  # noqa: F401 - as above

    app = current_app._get_current_object()
    found: list[tuple[str, str]] = []

    def send(name: str, args: list[str], queue: str) -> None:
        assert app.tasks[name].runs_on == queue
        assert args == []
        found.append((name, queue))

    monkeypatch.setattr(app, "send_task", send)
    return found


def test_wake__retirement_confirmed__relay_once_after_the_commit(world: Any, woken: list[tuple[str, str]]) -> None:
    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    woken.clear()
    with transaction.atomic():
        world.retire(400)
        assert woken == [], "nobody may look before it is committed"
    assert woken == [RELAY]


def test_wake__retirement_final_then_lost__certificates(world: Any, woken: list[tuple[str, str]]) -> None:
    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    retired = world.retire(400)
    assert CERTIFICATES not in woken
    world.run_until_final(retired)
    assert woken.count(CERTIFICATES) == 1
    from tokens.network.models import ChainTx

    mined = ChainTx.objects.get(kind="retire").block_number
    world.network.anvil.reorg(world.network.client.block_number() - mined + 1)
    world.tick()
    assert woken.count(CERTIFICATES) == 2


def test_wake__epoch_posted_or_bytes_sent__the_next_step(world: Any, woken: list[tuple[str, str]]) -> None:
    from tokens import tasks
    from tokens.network import reading

    world.report(world.node(), {0: 900})
    tasks.relay_tick()
    assert woken == [INDEXER], "the registration left"
    tasks.relay_tick()
    assert woken == [INDEXER], "nothing more leaves, so nobody is woken"
    world.run(lambda: reading.head_epoch() == 1)
    tasks.indexer_tick()
    woken.clear()
    tasks.indexer_tick()
    assert woken == [], "no new block"
    world.network.mine(1)
    tasks.indexer_tick()
    assert woken == [RELAY, SEALER]
