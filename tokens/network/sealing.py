"""When there is something new to attest: the next epoch's bundle, from public rows only."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import timedelta

from django.db import transaction

from cloudtuner import clock, locks
from emissions.engine.identity import ENGINE_ID
from emissions.poce.epoch import LiveReport, NodeState, build_bundle
from emissions.poce.hexes import to_hex
from emissions.poce.report import State
from emissions.register.models import ReportCommitment
from tokens.network import connection, reading
from tokens.network.models import Epoch

logger = logging.getLogger(__name__)


def seal_once() -> Epoch | None:
    """Seals the next epoch when FINAL reports exist that the last one lacks; None when there is nothing to do.

    One epoch waits for its validators at a time, and two are `epoch_s` apart. A node takes part once its registration
    is final on chain.
    """
    last = reading.newest_sealed()
    if last is not None and not _may_follow(last):
        return None
    previous = reading.bundle_of(last) if last else None
    nodes = _states()
    attested = {report for entry in previous.leaves for report in entry.reports} if previous else set()
    if all(report.report_hash in attested for state in nodes for report in state.reports):
        return None
    chain, book = connection.contracts(), connection.address_book()
    newest_hour = max(report.hour_through for state in nodes for report in state.reports)
    bundle, header = build_bundle(
        previous,
        nodes,
        chain_id=book.chain_id,
        registry=book.node_registry,
        factor_set=chain.factor_set_at(newest_hour),
        engine=ENGINE_ID,
        set_id=chain.set_id(),
    )
    with transaction.atomic():
        locks.acquire(f"seal:{book.chain_id}")
        if reading.newest_sealed() != last:
            return None
        sealed: Epoch = Epoch.objects.create(
            chain_id=book.chain_id,
            number=header.epoch,
            header=header.to_json(),
            digest=to_hex(header.digest(chain.poce_domain)),
            bundle=bundle.to_bytes(),
            sealed_at=clock.now(),
        )
    logger.info("epoch sealed", extra={"epoch": sealed.number, "count": len(bundle.leaves)})
    return sealed


def _may_follow(last: Epoch) -> bool:
    """The last epoch is on chain and old enough."""
    soon = last.sealed_at + timedelta(seconds=connection.address_book().epoch_s) > clock.now()
    return not soon and reading.standing(last.number) is not None


def _states() -> list[NodeState]:
    """Every node that is registered at final depth and has a FINAL report, with the wallet that the chain pays.

    Read as columns: a million nodes are twelve million rows, not twelve million JSON reports.
    """
    wallets = _wallets()
    rows = (
        ReportCommitment.objects.filter(state=State.FINAL)
        .order_by("node__node", "hour_from", "hour_through", "-seq")
        .distinct("node__node", "hour_from", "hour_through")
        .values_list("node__node", "report_hash", "seq", "hour_from", "hour_through", "operational_ug", "embodied_ug", "level")
    )
    live: dict[str, list[LiveReport]] = defaultdict(list)
    for node, report_hash, seq, hour_from, hour_through, operational_ug, embodied_ug, level in rows.iterator():
        if node in wallets:
            live[node].append(LiveReport(report_hash, seq, hour_from, hour_through, operational_ug + embodied_ug, level))
    return [NodeState(node, wallets[node], tuple(reports)) for node, reports in sorted(live.items())]


def _wallets() -> dict[str, str]:
    """Each registered node's wallet as the chain has it, registrations that are final."""
    wallets = {event.key: event.args["wallet"] for event in reading.confirmed(reading.events("NodeRegistered"))}
    for event in reading.confirmed(reading.events("WalletChanged")):
        wallets[event.key] = event.args["wallet"]
    return wallets
