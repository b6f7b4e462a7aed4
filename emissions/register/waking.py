"""Telling the network's workers that there is something new to register or to attest."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from cloudtuner.tasks import wake

# They stand above us, so they are known by name only; their beat finds what a lost message left.
NETWORK_TICKS = ("tokens.tasks.relay_tick", "tokens.tasks.sealer_tick")


def wake_network() -> None:
    """Sends the ticks that register nodes and seal epochs once the transaction commits; at once when none is open."""
    for name in NETWORK_TICKS:
        transaction.on_commit(partial(wake, name, queue="chain"))
