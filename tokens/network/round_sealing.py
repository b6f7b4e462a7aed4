"""When there are hours before nodes' first ones to pay: the next airdrop round's list, from public rows only."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max

from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError
from emissions.engine.identity import ENGINE_ID
from emissions.poce.airdrop import AirdropList, Named, build_round, next_run
from emissions.poce.epoch import NodeState
from emissions.poce.hexes import to_hex
from emissions.poce.report import State
from emissions.register.models import ReportCommitment
from emissions.register.scoring import live_reports_by_node
from tokens.chain.airdrop import Airdrop
from tokens.network import connection, fitting, reading, rounds
from tokens.network.models import SealedRound
from tokens.network.sealing import registered_nodes

logger = logging.getLogger(__name__)

# In lengths of an epoch: a node's months before its first are taken when no report of them came for so long, since what
# is paid stays as it was; missing months among them are given up after so long.
QUIET_EPOCHS = 1
GAP_EPOCHS = 30
# A look that found nothing is not repeated for this part of an epoch.
LOOKS_AN_EPOCH = 5

_looked: dict[int, datetime] = {}


def seal_round() -> SealedRound | None:
    """Seals the next round when nodes have hours to pay that no round named; None when there is nothing to do.

    One round waits for its validators at a time, and two are `round_s` apart. When the validator set changes meanwhile the
    same number is sealed anew for the present set. After a veto it is sealed anew once the list is another: the one that was
    vetoed can never be posted again under its set, so asking for it would be asking for nothing.
    """
    book, set_id, head = connection.address_book(), reading.set_id(), rounds.head_round()
    if set_id is None or rounds.sealed_for(head + 1, set_id) is not None:
        return None
    before = rounds.posted_round(head)
    if head and before is None:
        logger.error("airdrop round %s on chain was not sealed here", head, extra={"epoch": head})
        return None
    now = clock.now()
    if before is not None and before.row.sealed_at + timedelta(seconds=book.round_s) > now:
        return None
    looked = _looked.get(book.chain_id)
    if looked is not None and looked <= now < looked + timedelta(seconds=book.epoch_s / LOOKS_AN_EPOCH):
        return None
    previous = before.list if before else None
    named = previous.named_after if previous else {}
    states = fitting.fit_round(_states(named, now), named)
    if not states:
        _looked[book.chain_id] = now
        return None
    chain = connection.contracts()
    newest_hour = max(state.reports[-1].hour_through for state in states)
    listed = build_round(
        previous,
        states,
        chain_id=book.chain_id,
        registry=book.node_registry,
        factor_set=chain.factor_set_at(newest_hour),
        engine=ENGINE_ID,
        set_id=set_id,
    )
    if listed.data_hash in rounds.on_chain(listed.round).vetoed:
        _looked[book.chain_id] = now
        logger.warning("airdrop round vetoed, its list is still the same", extra={"epoch": listed.round})
        return None
    return keep(listed)


def keep(listed: AirdropList) -> SealedRound | None:
    """Writes a list down as the round that validators are asked about; None when somebody else just did."""
    book = connection.address_book()
    with transaction.atomic():
        locks.acquire(f"round:{book.chain_id}")
        if rounds.head_round() + 1 != listed.round or rounds.sealed_for(listed.round, listed.set_id) is not None:
            return None
        row: SealedRound = SealedRound.objects.create(
            chain_id=book.chain_id,
            number=listed.round,
            header=listed.header.to_json(),
            digest=to_hex(listed.header.digest(Airdrop(connection.contracts()).domain)),
            list=listed.to_bytes(),
            sealed_at=clock.now(),
        )
    logger.info("airdrop round sealed", extra={"epoch": row.number, "count": len(listed.entries)})
    return row


def _states(named: dict[str, Named], now: datetime) -> list[NodeState]:
    """Each node that is registered at final depth, with the months before its first hour that its next leaf takes."""
    early = ReportCommitment.objects.filter(state=State.FINAL, hour_through__lt=F("node__first_hour"))
    newest = dict(early.values("node__node").annotate(at=Max("received_at")).values_list("node__node", "at"))
    epoch = timedelta(seconds=connection.address_book().epoch_s)
    known = registered_nodes()
    ready = [node for node, at in newest.items() if node in known and at + QUIET_EPOCHS * epoch <= now]
    found = []
    for node, reports in live_reports_by_node(ready).items():
        over_gaps = newest[node] + GAP_EPOCHS * epoch <= now
        run = next_run(reports, first_hour=known[node].first_hour, named=named.get(node), over_gaps=over_gaps)
        if sum(report.ug for report in run) > 0:
            found.append(NodeState(node, known[node].wallet, run, known[node].first_hour))
    return found


class ServiceRounds:
    """The service's rounds for who makes one beside it: the demo, on a chain of its own."""

    def named(self) -> tuple[Named, ...]:
        """What rounds named so far."""
        return tuple(rounds.named().values())

    def keep(self, listed: AirdropList) -> None:
        """Takes a round in before it is posted. Raises ServiceError `round.pending` while another one waits."""
        if keep(listed) is None:
            raise ServiceError(
                f"airdrop round {listed.round} is under way already", code="round.pending", hint="Try again when it is posted."
            )
