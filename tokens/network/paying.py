"""Pushing what was attested into the wallets: nobody has to ask, and nobody pays gas for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from emissions.poce.epoch import BundleLeaf
from tokens.chain import duties
from tokens.network import connection, outbox, reading
from tokens.network.models import TxState

# Leaves in one transaction; at about 42,000 gas a first claim this stays below the gas limit of a transaction.
LEAVES_A_CALL = 100
# Fees are settled for so many final epochs at once; the contract keeps the last 32 and forgets older ones.
EPOCHS_A_SETTLEMENT = 8
KEPT_EPOCHS = 32


def push_claims() -> int:
    """Writes an intent `claim:<epoch>:<wallet>` for every wallet with something to get; returns how many.

    Counts from the newest epoch that pays: final on chain, its window over. Leaves are cumulative, so earlier epochs need
    nothing. A node that a newer epoch on chain gives less waits for that one, so that a correction is not run ahead of. One
    that the guardian holds waits until that is over: the contract would skip it, and the intent be spent.
    """
    payable = reading.newest_posted(payable=True)
    if payable is None:
        return 0
    due: dict[str, list[BundleLeaf]] = defaultdict(list)
    paid, held = reading.claimed_by_node(), reading.held_nodes()
    newest = reading.newest_posted()
    for entry in payable.bundle.leaves:
        later = reading.leaf_of(newest, entry.leaf.node)
        lowered = later is not None and later.leaf.cum_ug < entry.leaf.cum_ug
        if entry.leaf.cum_ug > paid.get(entry.leaf.node, 0) and not lowered and entry.leaf.node not in held:
            due[entry.leaf.wallet].append(entry)
    count = 0
    for wallet, entries in sorted(due.items()):
        for part in range(0, len(entries), LEAVES_A_CALL):
            count += _push(payable, wallet, entries[part : part + LEAVES_A_CALL], part // LEAVES_A_CALL)
    return count


def settle_fees() -> int:
    """Writes an intent `fees:<first>:<last>` once enough final epochs owe their signers fees; returns 1 if it did.

    Anybody may settle them; a validator gets its share by `claimFees`.
    """
    limit, now, window_s = reading.final_below(), reading.head_timestamp(), connection.address_book().window_s
    standing = reading.standing_epochs()
    settled = {int(event.key) for event in reading.events("FeesSettled")}
    kept = [number for number in sorted(standing) if number > max(standing) - KEPT_EPOCHS + EPOCHS_A_SETTLEMENT // 2]
    due = [
        number
        for number in kept
        if number not in settled and standing[number].block.number <= limit and now > standing[number].block.timestamp + window_s
    ][:EPOCHS_A_SETTLEMENT]
    if len(due) < EPOCHS_A_SETTLEMENT:
        return 0
    intent = f"fees:{due[0]}:{due[-1]}"
    if outbox.live(intent) is not None:
        return 0
    outbox.intend(intent, "fees", duties.settle_fees(connection.contracts(), due), payload={"epochs": due})
    return 1


def settled(payload: Mapping[str, Any]) -> bool:
    """Whether somebody settled one of these epochs meanwhile: the call would revert, and the rest is asked for anew."""
    known = {int(event.key) for event in reading.events("FeesSettled")}
    return any(epoch in known for epoch in payload["epochs"])


def overtaken(payload: Mapping[str, Any]) -> bool:
    """Whether a newer epoch pays by now: then that one is claimed from, and this claim is not sent any more."""
    payable = reading.newest_posted(payable=True)
    return payable is not None and payable.number > int(payload["epoch"])


def overpays(payload: Mapping[str, Any]) -> bool:
    """Whether a newer epoch that stands on chain gives one of the claim's nodes less than the claim would pay it."""
    newest = reading.newest_posted()
    if newest is None or newest.number <= int(payload["epoch"]):
        return False
    for node, cum_ug in payload["cum_ug"].items():
        entry = reading.leaf_of(newest, node)
        if entry is not None and entry.leaf.cum_ug < int(cum_ug):
            return True
    return False


def _push(posted: reading.PostedEpoch, wallet: str, entries: list[BundleLeaf], part: int) -> bool:
    intent = f"claim:{posted.number}:{wallet}" + (f":{part}" if part else "")
    before = outbox.live(intent)
    if before is not None:
        # What was on hold then, and is still due after that claim, is claimed by an intent of its own.
        done = before.state == TxState.FINAL
        entries = [entry for entry in entries if done or entry.leaf.node not in before.payload["cum_ug"]]
        intent += f":{entries[0].leaf.node}" if entries else ""
        if outbox.live(intent) is not None:
            return False
    leaves = [entry.leaf for entry in entries]
    proofs = [posted.bundle.proof(leaf.node) for leaf in leaves]
    call = connection.contracts().claim_many(posted.number, leaves, proofs)
    payload = {"epoch": posted.number, "wallet": wallet, "cum_ug": {leaf.node: str(leaf.cum_ug) for leaf in leaves}}
    outbox.intend(intent, "claim", call, payload=payload)
    return True
