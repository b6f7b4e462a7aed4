"""Telling the workers that something is there now, so that nobody waits for the next tick. The beat stays as the net."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from cloudtuner.tasks import wake

RELAY, SEALER, INDEXER = "tokens.tasks.relay_tick", "tokens.tasks.sealer_tick", "tokens.tasks.indexer_tick"
# Certificates stand above us, so they are known by name only.
CERTIFICATES = "certificates.tasks.certificates_tick"
_QUEUES = {CERTIFICATES: "documents"}


def wake_on_commit(*names: str) -> None:
    """Sends these ticks once the transaction commits; at once when none is open."""
    for name in names:
        transaction.on_commit(partial(wake, name, queue=_QUEUES.get(name, "chain")))
