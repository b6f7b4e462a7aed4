"""Pushing what a round attested into the wallets, in batches of neighbours under one proof each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from cloudtuner.errors import ChainError
from emissions.poce.multiproof import multiproof
from tokens.chain.airdrop import PUSH_SIZE, Airdrop
from tokens.chain.client import Call
from tokens.chain.reverts import ContractRefused
from tokens.network import connection, outbox, reading, rounds
from tokens.network.models import ChainTx

logger = logging.getLogger(__name__)

# What the contract says against one leaf; it refuses the whole batch for it.
LEAF_REFUSALS = frozenset({"CarbonAirdropBadHours", "CarbonAirdropLeafOverCap", "CarbonAirdropGap"})


def push_rounds() -> int:
    """Writes an intent `airdrop:<round>:<batch>:<digest>` for every batch of an open round with a leaf that is not paid; how
    many.

    A batch is the same leaves however often it is asked for, and the contract skips those that were paid: whoever claimed
    alone, or a batch that went out before a crash, costs nothing but gas. A leaf that it refuses is set apart.
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
            intent = f"airdrop:{posted.number}:{place}:{posted.row.digest[:10]}"
            if all(node in paid for node in nodes) or outbox.live(intent) is not None:
                continue
            payload = {"round": posted.number, "data_hash": posted.row.header["data_hash"], "nodes": nodes}
            outbox.intend(intent, "airdrop", airdrop.claim_many(posted.list, proof), payload=payload)
            count += 1
    return count


def is_done(payload: Mapping[str, Any]) -> bool:
    """Whether every leaf of a batch was paid, or its round was vetoed or is closed: then it is not sent any more."""
    number = int(payload["round"])
    told = rounds.on_chain(number)
    if payload["data_hash"] in told.vetoed:
        return True
    stands = told.standing.get(number)
    if stands is not None and reading.head_timestamp() >= int(stands.args["deadline"]):
        return True
    paid = rounds.paid(number)
    return all(node in paid for node in payload["nodes"])


def set_apart(row: ChainTx, error: ChainError) -> bool:
    """Leaves the leaf that the contract refused out of a batch that was not signed yet, so that the others are paid. It gets
    an intent of its own, which is asked again and again, ever more slowly, and says what is wrong. False when the refusal is
    about more than one leaf of several.
    """
    if not isinstance(error, ContractRefused) or error.name not in LEAF_REFUSALS:
        return False
    node, nodes = error.arguments["node"], row.payload["nodes"]
    posted = rounds.posted_round(row.payload["round"])
    if len(nodes) == 1 or node not in nodes or posted is None or posted.row.header["data_hash"] != row.payload["data_hash"]:
        return False
    alone, rest = row.payload | {"nodes": [node]}, row.payload | {"nodes": [each for each in nodes if each != node]}
    with transaction.atomic():
        outbox.intend(f"{row.intent}:{node}", "airdrop", _call(posted, [node]), payload=alone)
        outbox.rewrite(row, _call(posted, rest["nodes"]), payload=rest)
    logger.error("leaf set apart: %s", error, extra={"epoch": posted.number, "node": node, "code": error.code})
    return True


def _call(posted: rounds.PostedRound, nodes: Sequence[str]) -> Call:
    """What pays these nodes' leaves of a round."""
    wanted = set(nodes)
    rows = [row for row, entry in enumerate(posted.list.entries) if entry.leaf.node in wanted]
    return Airdrop(connection.contracts()).claim_many(posted.list, multiproof(posted.list.tree, rows))
