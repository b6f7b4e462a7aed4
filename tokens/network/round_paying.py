"""Pushing what a round attested into the wallets, in batches of neighbours under one proof each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tokens.chain.airdrop import PUSH_SIZE, Airdrop
from tokens.network import connection, outbox, reading, rounds


def push_rounds() -> int:
    """Writes an intent `airdrop:<round>:<batch>` for every batch of an open round with a leaf that is not paid; how many.

    A batch is the same leaves however often it is asked for, and the contract skips those that were paid: whoever claimed
    alone, or a batch that went out before a crash, costs nothing but gas.
    """
    limit, now = reading.final_below(), reading.head_timestamp()
    count = 0
    for posted in rounds.unpaid_rounds():
        if posted.event.block.number > limit or not posted.is_open(now):
            continue
        paid = rounds.paid(posted.number)
        airdrop = Airdrop(connection.contracts())
        for place, proof in enumerate(posted.list.batches(PUSH_SIZE)):
            nodes = [posted.list.entries[row].leaf.node for row in proof.order]
            intent = f"airdrop:{posted.number}:{place}"
            if all(node in paid for node in nodes) or outbox.live(intent) is not None:
                continue
            payload = {"round": posted.number, "nodes": nodes}
            outbox.intend(intent, "airdrop", airdrop.claim_many(posted.list, proof), payload=payload)
            count += 1
    return count


def is_done(payload: Mapping[str, Any]) -> bool:
    """Whether every leaf of a batch was paid, or its round was vetoed: then it is not sent any more."""
    number = int(payload["round"])
    paid = rounds.paid(number)
    if all(node in paid for node in payload["nodes"]):
        return True
    return number not in rounds.standing_rounds() and reading.events("RoundVetoed", key=str(number)).exists()
