"""What the chain worker does again and again. Each round is idempotent; PostgreSQL says what is left to do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import Organization
from cloudtuner import clock, locks
from cloudtuner.errors import CloudTunerError
from cloudtuner.tasks import public_task, tenant_task
from emissions.register.models import NodeBinding
from tokens.network import (
    indexer,
    paying,
    reading,
    registering,
    relay,
    round_paying,
    round_sealing,
    sealing,
    settling,
    voting,
)
from tokens.network.models import ChainEvent, ChainTx, Cursor, TxState
from tokens.services.pulling import pull
from tokens.waking import INDEXER, RELAY, SEALER, wake_on_commit

logger = logging.getLogger(__name__)

# How far below the newest final block events still wake their organisations; the sweep finds what was older.
RECENT_BLOCKS = 16


@public_task(queue="chain", recorded=False)
def relay_tick() -> None:
    """Writes the intents that follow from what is known (registrations, posts, payments) and relays what waits."""
    *_, sent = _each(
        registering.register_nodes,
        voting.post_epochs,
        voting.post_rounds,
        paying.push_claims,
        round_paying.push_rounds,
        paying.settle_fees,
        relay.relay_once,
    )
    if sent:
        wake_on_commit(INDEXER)


@public_task(queue="chain", recorded=False)
def indexer_tick() -> None:
    """Reads the chain, settles transactions by it, and lets the organisations that are concerned pull.

    One indexer at a time: the lock is held while the round's transaction is open, and reading sends nothing out.
    """
    with transaction.atomic():
        if not locks.try_acquire("tick:indexer"):
            return
        news = [_quietly(indexer.index_once), _quietly(settling.settle_once)]
        if any(news):
            # An epoch was posted, a registration or a claim became final: what follows need not wait for its tick.
            wake_on_commit(RELAY, SEALER)
    pull_concerned()


@public_task(queue="chain", recorded=False)
def sealer_tick() -> None:
    """Seals the next epoch, and the next airdrop round, when there is something new to attest."""
    _each(sealing.seal_once, round_sealing.seal_round)


@tenant_task(queue="chain", recorded=False)
def tokens_pull(schema: str) -> int:
    """Brings one organisation's lots and retirements in line with the chain."""
    return pull()


@public_task(queue="chain", recorded=False)
def sweep() -> None:
    """Pulls for everyone: what a lost message left behind."""
    pull_all()


def pull_concerned() -> None:
    """Lets the organisations pull to which something happened near the head, or whose burn is on its way."""
    recent = reading.final_below() - RECENT_BLOCKS
    told = ChainEvent.objects.filter(name__in=("Claimed", "AirdropPaid", "Retired"), block__number__gt=recent).values("account")
    bound = NodeBinding.objects.filter(wallet__in=told).values("organization")
    retiring = ChainTx.objects.filter(kind="retire").exclude(state=TxState.FINAL, block_number__lte=recent)
    retiring = retiring.exclude(state=TxState.FAILED, failed_at__lt=clock.now() - timedelta(minutes=5))
    last_reorg = Cursor.objects.filter(last_reorg_at__gt=clock.now() - timedelta(minutes=1)).exists()
    if last_reorg:
        pull_all()
    else:
        _pull(Organization.objects.filter(Q(uuid__in=bound) | Q(uuid__in=retiring.values("organization"))))


def pull_all() -> None:
    """Lets every organisation with nodes pull."""
    _pull(Organization.objects.filter(uuid__in=NodeBinding.objects.values("organization")))


def _pull(concerned: QuerySet[Organization]) -> None:
    for schema in concerned.filter(state=Organization.State.ACTIVE).values_list("schema_name", flat=True):
        tokens_pull.enqueue(schema)


def _each(*steps: Callable[[], object]) -> list[object]:
    """Runs every step of a tick, each on its own: a fault in one keeps no other from being done. Raises the first fault that
    nobody foresaw once all have run, so that it is recorded as the task's.
    """
    done: list[object] = []
    faults: list[Exception] = []
    for step in steps:
        try:
            done.append(_quietly(step))
        except Exception as fault:
            logger.exception("%s failed", step.__name__)
            faults.append(fault)
            done.append(None)
    if faults:
        raise faults[0]
    return done


def _quietly(step: Callable[[], object]) -> object:
    """Runs one step of a tick; what goes wrong is logged with its code and tried again by the next tick."""
    try:
        return step()
    except CloudTunerError as error:
        level = logging.WARNING if error.retryable else logging.ERROR
        logger.log(level, "%s: %s", step.__name__, error, extra={"code": error.code})
        return None


TICKS = {
    "relay": (relay_tick, 2.0),
    "indexer": (indexer_tick, 2.0),
    "sealer": (sealer_tick, 2.0),
    "sweep": (sweep, 30.0),
}
