"""When there is something new to attest: the next epoch's bundle, from public rows only."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from cloudtuner import clock, locks
from emissions.engine.identity import ENGINE_ID
from emissions.poce.epoch import NodeState, build_bundle
from emissions.poce.hexes import to_hex
from emissions.poce.report import State
from emissions.register.models import ReportCommitment
from emissions.register.scoring import live_reports_by_node, reward_terms_note
from tokens.network import connection, fitting, reading
from tokens.network.models import ChainEvent, ChainTx, Epoch
from tokens.network.models.outbox import UNFINISHED

logger = logging.getLogger(__name__)


# A full look that found nothing is not repeated until something came, but for this long at most: rows of reports may
# become visible in another order than they were numbered in.
LOOK_AGAIN = timedelta(seconds=60)


@dataclass(frozen=True)
class _Look:
    """What there was when everything was attested: the epoch before, the newest report, the newest final block."""

    previous: int | None
    report: int
    final_block: int
    reorgs: int
    at: datetime


_nothing_new: dict[int, _Look] = {}

# Nodes of one organisation are registered one transaction after the other. Sealed between two of them, an epoch would
# leave the later ones to the next, `epoch_s` on; so what is on its way is waited for, once and for this long at most.
HOLD = timedelta(seconds=30)
_held: dict[int, datetime] = {}


def seal_once() -> Epoch | None:
    """Seals the next epoch when FINAL reports exist that the last one lacks; None when there is nothing to do.

    One epoch waits for its validators at a time, and two are `epoch_s` apart. When the validator set changes meanwhile
    (a veto renews it too), the votes are worthless, and the same number is sealed anew for the present set. A node takes
    part once its registration is final on chain.
    """
    head, set_id = reading.head_epoch(), reading.set_id()
    if set_id is None or _is_asked(head + 1, set_id):
        return None
    before = reading.posted(head) if head else None
    if head and before is None:
        logger.error("epoch %s on chain was not sealed here", head, extra={"epoch": head})
        return None
    again = Epoch.objects.filter(chain_id=connection.address_book().chain_id, number=head + 1).exists()
    if not again and before is not None and _too_soon(before.epoch):
        return None
    return _seal(head, set_id, before)


def _is_asked(number: int, set_id: int) -> bool:
    """Whether the epoch is sealed for the set already."""
    return Epoch.objects.filter(chain_id=connection.address_book().chain_id, number=number, set_id=set_id).exists()


def _too_soon(last: Epoch) -> bool:
    return last.sealed_at + timedelta(seconds=connection.address_book().epoch_s) > clock.now()


def _seal(head: int, set_id: int, before: reading.PostedEpoch | None) -> Epoch | None:
    book = connection.address_book()
    look = _look(before)
    if _knows_nothing_new(book.chain_id, look):
        return None
    previous = before.bundle if before else None
    nodes = fitting.fit_epoch(_states(), previous)
    attested = {report for entry in previous.leaves for report in entry.reports} if previous else set()
    if all(report.report_hash in attested for state in nodes for report in state.reports):
        # A node that is left out for its cap may fit after a vote: `LOOK_AGAIN` looks then.
        _nothing_new[book.chain_id] = look
        return None
    if _nodes_are_coming(book.chain_id, look.at):
        return None
    chain = connection.contracts()
    newest_hour = max(report.hour_through for state in nodes for report in state.reports)
    terms = chain.reward_terms(newest_hour)
    bundle, header = build_bundle(
        previous,
        nodes,
        chain_id=book.chain_id,
        registry=book.node_registry,
        factor_set=chain.factor_set_at(newest_hour),
        engine=ENGINE_ID,
        set_id=set_id,
        terms=terms,
    )
    with transaction.atomic():
        locks.acquire(f"seal:{book.chain_id}")
        if reading.head_epoch() != head or _is_asked(header.epoch, set_id):
            return None
        reward_terms_note(terms)
        sealed: Epoch = Epoch.objects.create(
            chain_id=book.chain_id,
            number=header.epoch,
            header=header.to_json(),
            digest=to_hex(header.digest(chain.poce_domain)),
            bundle=bundle.to_bytes(),
            sealed_at=clock.now(),
        )
    _held.pop(book.chain_id, None)
    logger.info("epoch sealed", extra={"epoch": sealed.number, "count": len(bundle.leaves)})
    return sealed


def _look(before: reading.PostedEpoch | None) -> _Look:
    """What there is now. Taken before anything is read, so that what comes meanwhile counts as new."""
    cursor = reading.cursor()
    return _Look(
        previous=before.epoch.pk if before else None,
        report=ReportCommitment.objects.aggregate(newest=Max("pk"))["newest"] or 0,
        final_block=reading.final_below(),
        reorgs=cursor.reorgs if cursor else 0,
        at=clock.now(),
    )


def _knows_nothing_new(chain_id: int, look: _Look) -> bool:
    """Whether nothing came since a full look found everything attested: no FINAL report, no node or wallet made final.

    A handful of index look-ups, however many reports there are.
    """
    last = _nothing_new.get(chain_id)
    if last is None or (last.previous, last.reorgs) != (look.previous, look.reorgs) or look.at > last.at + LOOK_AGAIN:
        return False
    if look.report > last.report and ReportCommitment.objects.filter(pk__gt=last.report, state=State.FINAL).exists():
        return False
    new_blocks = ChainEvent.objects.filter(
        block__chain_id=chain_id, block__number__gt=last.final_block, block__number__lte=look.final_block
    )
    if new_blocks.filter(name__in=("NodeRegistered", "WalletChanged")).exists():
        return False
    _nothing_new[chain_id] = replace(last, report=look.report, final_block=look.final_block)
    return True


def _nodes_are_coming(chain_id: int, now: datetime) -> bool:
    """Whether a registration that the contract did not refuse is on its way, and the epoch was not held for long yet."""
    on_their_way = ChainTx.objects.filter(chain_id=chain_id, kind="register", state__in=UNFINISHED, tries=0)
    longest = min(HOLD, timedelta(seconds=connection.address_book().epoch_s))
    return on_their_way.exists() and now < _held.setdefault(chain_id, now) + longest


def _states() -> list[NodeState]:
    """Every node that is registered at final depth and has a FINAL report of hours from its first on, with the wallet that
    the chain pays.
    """
    known = registered_nodes()
    return [
        NodeState(node, known[node].wallet, reports, known[node].first_hour)
        for node, reports in live_reports_by_node().items()
        if node in known and reports[-1].hour_from >= known[node].first_hour
    ]


@dataclass(frozen=True)
class Registered:
    """A node as the chain has it."""

    wallet: str
    first_hour: int


def registered_nodes() -> dict[str, Registered]:
    """Each node whose registration is final, with the wallet that the chain pays now."""
    found = {
        event.key: Registered(event.args["wallet"], int(event.args["first_hour"]))
        for event in reading.confirmed(reading.events("NodeRegistered"))
    }
    for event in reading.confirmed(reading.events("WalletChanged")):
        found[event.key] = replace(found[event.key], wallet=event.args["wallet"])
    return found
