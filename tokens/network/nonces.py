"""Which nonce comes next, so that two workers never sign the same one and none is left out."""

from __future__ import annotations

from django.db.models import Max

from cloudtuner import locks
from tokens.network.models import ChainTx


def lock_sender(chain_id: int, sender: str) -> None:
    """Waits until nobody else signs for this sender; held until the transaction ends."""
    locks.acquire(f"outbox:{chain_id}:{sender}")


def next_nonce(chain_id: int, sender: str, *, on_chain: int) -> int:
    """The nonce after all that were given or used. Ask while holding `lock_sender`.

    `on_chain` is the sender's transaction count at the head: higher than ours when the key was used elsewhere, lower
    while ours wait or were reorganised away.
    """
    given = ChainTx.objects.filter(chain_id=chain_id, sender=sender).aggregate(last=Max("nonce"))["last"]
    return max(on_chain, -1 if given is None else given + 1, 0)


def gaps(chain_id: int, sender: str, *, on_chain: int) -> list[int]:
    """Nonces that nobody holds although higher ones wait: those would wait for ever."""
    rows = ChainTx.objects.filter(chain_id=chain_id, sender=sender, nonce__gte=on_chain).values_list("nonce", flat=True)
    held = {nonce for nonce in rows if nonce is not None}
    return [nonce for nonce in range(on_chain, max(held, default=on_chain)) if nonce not in held]
