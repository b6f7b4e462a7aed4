"""Which nodes the chain does not know yet."""

from __future__ import annotations

from emissions.register.models import NodeBinding
from tokens.network import outbox, reading


def register_nodes() -> int:
    """Writes an intent for every binding that has neither an event nor a live intent; returns how many."""
    known = set(reading.events("NodeRegistered").values_list("key", flat=True))
    count = 0
    for binding in NodeBinding.objects.exclude(node__in=known).order_by("created_at", "node"):
        intent = f"register:{binding.node}"
        if outbox.live(intent) is None:
            payload = {
                "node": binding.node,
                "provider": binding.provider,
                "key": binding.key,
                "wallet": binding.wallet,
                "first_hour": binding.first_hour,
            }
            outbox.intend(intent, "register", payload=payload, organization=binding.organization)
            count += 1
    return count
