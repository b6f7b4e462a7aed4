"""Pushing what was attested into the wallets: nobody has to ask, and nobody pays gas for it."""

from __future__ import annotations

from collections import defaultdict

from emissions.poce.epoch import BundleLeaf
from tokens.network import connection, outbox, reading

# Leaves in one transaction; at about 42,000 gas a first claim this stays below the gas limit of a transaction.
LEAVES_A_CALL = 100


def push_claims() -> int:
    """Writes an intent `claim:<epoch>:<wallet>` for every wallet with something to get; returns how many.

    Counts from the newest epoch that is final on chain and whose window is over. Leaves are cumulative, so earlier
    epochs need nothing.
    """
    posted = reading.newest_posted(final=True)
    if posted is None or not posted.window_is_over(reading.head_timestamp()):
        return 0
    due: dict[str, list[BundleLeaf]] = defaultdict(list)
    paid = reading.claimed_by_node()
    for entry in posted.bundle.leaves:
        if entry.leaf.cum_ug > paid.get(entry.leaf.node, 0):
            due[entry.leaf.wallet].append(entry)
    count = 0
    for wallet, entries in sorted(due.items()):
        for part in range(0, len(entries), LEAVES_A_CALL):
            count += _push(posted, wallet, entries[part : part + LEAVES_A_CALL], part // LEAVES_A_CALL)
    return count


def _push(posted: reading.PostedEpoch, wallet: str, entries: list[BundleLeaf], part: int) -> bool:
    intent = f"claim:{posted.number}:{wallet}" + (f":{part}" if part else "")
    if outbox.live(intent) is not None:
        return False
    leaves = [entry.leaf for entry in entries]
    proofs = [posted.bundle.proof(leaf.node) for leaf in leaves]
    call = connection.contracts().claim_many(posted.number, leaves, proofs)
    payload = {"epoch": posted.number, "wallet": wallet, "cum_ug": {leaf.node: str(leaf.cum_ug) for leaf in leaves}}
    outbox.intend(intent, "claim", call, payload=payload)
    return True
