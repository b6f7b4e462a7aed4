"""A worker that dies like `kill -9` at the worst places: the next one goes on, and every intent happens once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

pytestmark = [pytest.mark.chain, pytest.mark.chaos]

WORKER = """
import sys
import django
from django.conf import settings
django.setup()
from django.db import connections
from cloudtuner.celery import app
from cloudtuner.settings.database import database_from_url
connection = connections["default"]
connection.settings_dict.update(
    {k: v for k, v in database_from_url(sys.argv[1], where="test", pool=0).items()
     if k in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
)
app.conf.task_always_eager = True
from tokens import tasks
for name in sys.argv[2:]:
    getattr(tasks, name)()
"""


def _worker(database: Any, *ticks: str, failpoint: str = "") -> int:
    """Runs ticks in a process of their own; the exit code (negative: the signal that ended it)."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("DATABASE")},
        "CLOUDTUNER_MODE": "test",
        "DJANGO_SETTINGS_MODULE": "cloudtuner.settings.test",
        "RPC_URL": settings.RPC_URL,
        "CLOUDTUNER_ADDRESS_BOOK": settings.ADDRESS_BOOK,
        "CLOUDTUNER_FAILPOINT": failpoint,
        **{
            f"CLOUDTUNER_{key}_KEY_FILE": getattr(settings, f"{key}_KEY_FILE")
            for key in ("MASTER", "NETWORK", "REGISTRAR", "RELAYER")
        },
    }
    done = subprocess.run(
        [sys.executable, "-c", WORKER, database.url("app"), *ticks],
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()[-3000:]
    return done.returncode


def test_worker__killed_between_sign_and_broadcast__same_bytes_go_out(world: Any, test_database: Any) -> None:
    from tokens.network.models import ChainTx, SignedAttempt

    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    retired = world.retire(400)
    assert _worker(test_database, "relay_tick", failpoint="outbox.signed") == -signal.SIGKILL
    row = ChainTx.objects.get(kind="retire")
    assert row.state == "signed"
    assert not world.network.client.knows_transaction(row.tx_hash)
    assert _worker(test_database, "relay_tick") == 0
    assert world.network.client.knows_transaction(row.tx_hash)
    world.run_until_final(retired)
    assert ChainTx.objects.get(kind="retire").tx_hash == row.tx_hash
    assert SignedAttempt.objects.filter(tx=row).count() == 1
    assert (world.balance(), world.network.contracts.retirement_count()) == (500, 1)


def test_worker__killed_after_broadcast__not_sent_as_another(world: Any, test_database: Any) -> None:
    from tokens.network.models import ChainTx

    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    retired = world.retire(400)
    assert _worker(test_database, "relay_tick", failpoint="outbox.sent") == -signal.SIGKILL
    before = ChainTx.objects.get(kind="retire").tx_hash
    world.run_until_final(retired)
    assert ChainTx.objects.get(kind="retire").tx_hash == before
    assert (world.balance(), world.network.contracts.retirement_count()) == (500, 1)


def test_worker__killed_between_mined_and_final__final_once(world: Any, test_database: Any) -> None:
    from tokens.network.models import ChainTx

    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    retired = world.retire(400)
    assert _worker(test_database, "relay_tick") == 0
    assert _worker(test_database, "indexer_tick", failpoint="outbox.mined") == -signal.SIGKILL
    assert ChainTx.objects.get(kind="retire").state in ("sent", "mined")
    world.run_until_final(retired)
    with world.inside():
        from tokens.selectors import retirement, tie_out

        assert [step.state for step in retirement(retired.pk).timeline].count("final") == 1
        assert tie_out().ties_out
    assert (world.balance(), world.network.contracts.retirement_count()) == (500, 1)


def test_worker__killed_at_every_point_in_turn_on_the_claim__paid_once(world: Any, test_database: Any) -> None:
    from tokens.network.models import ChainTx

    world.report(world.node(), {0: 900})

    def claim_is_due() -> bool:
        from tokens.network import paying

        return paying.push_claims() > 0 or ChainTx.objects.filter(kind="claim").exists()

    world.run(claim_is_due)
    for failpoint in ("outbox.signed", "outbox.sent"):
        _worker(test_database, "relay_tick", failpoint=failpoint)
    _worker(test_database, "indexer_tick", failpoint="outbox.mined")
    world.run_until_paid(900)
    assert world.balance() == 900
    assert world.network.contracts.minted_ug() == 900
    assert ChainTx.objects.filter(kind="claim").count() == 1


def test_worker__killed_at_every_point_in_turn_on_an_airdrop_push__history_paid_once(world: Any, test_database: Any) -> None:
    from tests.chain.service.conftest import FIRST_HOUR, MONTH
    from tokens.network import round_paying
    from tokens.network.models import ChainTx

    world.report(world.node(first_hour=FIRST_HOUR + MONTH), {0: 900})
    world.run(lambda: round_paying.push_rounds() > 0 or ChainTx.objects.filter(kind="airdrop").exists())
    for failpoint in ("outbox.signed", "outbox.sent"):
        _worker(test_database, "relay_tick", failpoint=failpoint)
    _worker(test_database, "indexer_tick", failpoint="outbox.mined")
    world.run_until_paid(900)
    assert world.balance() == 900
    assert ChainTx.objects.filter(kind="airdrop").count() == 1
    # What was pushed is not pushed again, and the same bytes again would mint nothing.
    assert round_paying.push_rounds() == 0
    assert world.network.contracts.ct02_supply() == 900 * 10**9
