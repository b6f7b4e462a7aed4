"""Which nodes the next epoch or airdrop round leaves out, and why: written down where the platform and the node's owner look."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from cloudtuner import clock
from tokens.network import connection
from tokens.network.models import HeldNode

logger = logging.getLogger(__name__)


def note(track: HeldNode.Track, reasons: Mapping[str, str]) -> None:
    """Writes down why these nodes, and no others, are left out of what is sealed next. Told once a node and reason."""
    chain_id = connection.address_book().chain_id
    known = {row.node: row for row in HeldNode.objects.filter(chain_id=chain_id, track=track)}
    HeldNode.objects.filter(chain_id=chain_id, track=track).exclude(node__in=reasons).delete()
    for node, reason in reasons.items():
        if node in known and known[node].reason == reason:
            continue
        told = {"reason": reason}
        HeldNode.objects.update_or_create(
            chain_id=chain_id, track=track, node=node, defaults=told, create_defaults=told | {"since": clock.now()}
        )
        logger.warning("node left out: %s", reason, extra={"node": node, "kind": track})


def reasons(track: HeldNode.Track) -> dict[str, str]:
    """By node, why it is left out."""
    chain_id = connection.address_book().chain_id
    return dict(HeldNode.objects.filter(chain_id=chain_id, track=track).values_list("node", "reason"))
