"""What the chain worker does again and again. Each round is idempotent; PostgreSQL says what is left to do."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import transaction

from accounts.models import Organization
from cloudtuner import locks
from cloudtuner.errors import CloudTunerError
from cloudtuner.tasks import public_task, tenant_task
from emissions.register.models import NodeBinding
from tokens.network import indexer, paying, registering, relay, sealing, settling, voting
from tokens.services.pulling import pull

logger = logging.getLogger(__name__)


@public_task(queue="chain", recorded=False)
def relay_tick() -> None:
    """Writes the intents that follow from what is known (registrations, posts, payments) and relays what waits."""
    _quietly(registering.register_nodes)
    _quietly(voting.post_epochs)
    _quietly(paying.push_claims)
    _quietly(relay.relay_once)


@public_task(queue="chain", recorded=False)
def indexer_tick() -> None:
    """Reads the chain, settles transactions by it, and lets the organisations that are concerned pull."""
    with transaction.atomic():
        # Held for the whole round by a connection that writes nothing else: a second indexer goes home.
        if not locks.try_acquire("tick:indexer"):
            return
    _quietly(indexer.index_once)
    _quietly(settling.settle_once)
    pull_all()


@public_task(queue="chain", recorded=False)
def sealer_tick() -> None:
    """Seals the next epoch when there is something new to attest."""
    _quietly(sealing.seal_once)


@tenant_task(queue="chain", recorded=False)
def tokens_pull(schema: str) -> int:
    """Brings one organisation's lots and retirements in line with the chain."""
    return pull()


@public_task(queue="chain", recorded=False)
def sweep() -> None:
    """Pulls for everyone: what a lost message left behind."""
    pull_all()


def pull_all() -> None:
    """Lets every organisation with nodes pull."""
    concerned = NodeBinding.objects.values("organization").distinct()
    active = Organization.objects.filter(uuid__in=concerned, state=Organization.State.ACTIVE)
    for schema in active.values_list("schema_name", flat=True):
        tokens_pull.enqueue(schema)


def _quietly(step: Callable[[], object]) -> None:
    """Runs one step of a tick; what goes wrong is logged with its code and tried again by the next tick."""
    try:
        step()
    except CloudTunerError as error:
        level = logging.WARNING if error.retryable else logging.ERROR
        logger.log(level, "%s: %s", step.__name__, error, extra={"code": error.code})


TICKS = {
    "relay": (relay_tick, 2.0),
    "indexer": (indexer_tick, 2.0),
    "sealer": (sealer_tick, 2.0),
    "sweep": (sweep, 30.0),
}
