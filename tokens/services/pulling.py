"""Bringing an organisation's rows in line with the public ones: lots from claims, retirements from burns."""

from __future__ import annotations

import logging
import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from emissions.poce.airdrop import RetroEntry
from emissions.poce.epoch import BundleLeaf
from emissions.poce.hexes import ZERO_32
from tokens.models import Lot, Retirement, RetirementState
from tokens.network import reading, rounds
from tokens.network.connection import address_book
from tokens.network.models import ChainEvent, ChainTx, TxState
from tokens.selectors.own import own_nodes
from tokens.services.allocating import lock_lots, release, take_again
from tokens.services.retiring import move
from tokens.waking import CERTIFICATES, wake_on_commit

logger = logging.getLogger(__name__)

_ON_THEIR_WAY = (
    RetirementState.CONFIRMED,
    RetirementState.SIGNED,
    RetirementState.SENT,
    RetirementState.MINED,
    RetirementState.REORGED,
)


def pull() -> int:
    """One round for the organisation that is open; returns how many rows changed. Twice changes nothing more."""
    with transaction.atomic():
        lock_lots()
        changed = _pull_lots()
        followed = list(_followed().select_for_update().order_by("created_at"))
        burns = _burns_of(followed)
        for retirement in followed:
            changed += _pull_retirement(retirement, burns.get(retirement.pk))
    return changed


# --- lots ---


Place = tuple[str, int | None, int]
"""A lot's place: its node, the airdrop round that paid it if one did, and its position."""


def _pull_lots() -> int:
    """A lot for every final payment of our nodes, by epochs (Claimed) and by airdrop rounds (AirdropPaid). One whose block
    went is marked, and found again by its place when it is mined once more. The database finds what differs, so a round
    with nothing new reads no lot and no payment.
    """
    payments = _payments()
    changed = 0
    for event in payments.exclude(Exists(_lots_of_event())):
        ug = int(event.args["ug"])
        if event.name == "AirdropPaid":
            number = int(event.args["round"])
            changed += _put_lot(event, (event.key, number, 0), ug, _round_leaf(number, event.key))
        else:
            number, place = int(event.args["epoch"]), (event.key, None, int(event.args["cum_ug"]) - ug)
            facts = {"epoch": number, "tuner_units": int(event.args["tuner"]), **_leaf(number, event.key)}
            changed += _put_lot(event, place, ug, facts)
    there = payments.filter(key=OuterRef("node"), block__block_hash=OuterRef("block_hash"), log_index=OuterRef("log_index"))
    for lot in Lot.objects.filter(on_chain=True).exclude(Exists(there)):
        logger.warning("lot gone with its block", extra={"node": lot.node, "block": lot.block_number})
        changed += Lot.objects.filter(pk=lot.pk).update(on_chain=False)
    return changed


def _payments() -> QuerySet[ChainEvent]:
    """Every final payment for our nodes, oldest first. A claim of TUNER alone paid nothing that could be a lot."""
    paid = ChainEvent.objects.filter(name__in=("Claimed", "AirdropPaid"), block__chain_id=address_book().chain_id)
    ours = reading.confirmed(paid).filter(key__in=[binding.node for binding in own_nodes()])
    return ours.exclude(args__ug="0").select_related("block")


def _lots_of_event() -> QuerySet[Lot]:
    """The lot that stands for the event of the query around this one."""
    return Lot.objects.filter(
        on_chain=True, node=OuterRef("key"), block_hash=OuterRef("block__block_hash"), log_index=OuterRef("log_index")
    )


def _put_lot(event: ChainEvent, place: Place, ug: int, paid_by: dict[str, Any]) -> int:
    block = event.block
    node, number, from_ug = place
    lot = Lot.objects.filter(chain_id=block.chain_id, node=node, round=number, from_ug=from_ug).first()
    facts = {
        **paid_by,
        "wallet": event.args["wallet"],
        "ug": ug,
        "tx_hash": event.tx_hash,
        "block_hash": block.block_hash,
        "block_number": block.number,
        "log_index": event.log_index,
        "claimed_at": datetime.fromtimestamp(block.timestamp, UTC),
        "on_chain": True,
    }
    if lot is None:
        Lot.objects.create(chain_id=block.chain_id, node=node, round=number, from_ug=from_ug, **facts)
        return 1
    try:
        with transaction.atomic():
            return Lot.objects.filter(pk=lot.pk).update(**facts)
    except IntegrityError:
        logger.error("a claim came back smaller than what was allocated of it", extra={"node": node, "tx_hash": event.tx_hash})
        return 0


def _leaf(number: int, node: str) -> dict[str, str]:
    sealed = reading.sealed(number)
    return _hashes(reading.bundle_of(sealed).entry(node) if sealed else None)


def _round_leaf(number: int, node: str) -> dict[str, str]:
    sealed = rounds.sealed(number)
    return _hashes(rounds.list_of(sealed).entry(node) if sealed else None)


def _hashes(entry: BundleLeaf | RetroEntry | None) -> dict[str, str]:
    leaf_hash, history_root = (entry.leaf.leaf_hash(), entry.leaf.history_root) if entry else (ZERO_32, ZERO_32)
    return {"leaf_hash": leaf_hash, "history_root": history_root}


# --- retirements ---


def _followed() -> QuerySet[Retirement]:
    """Retirements that may have something to learn: those on their way, final ones whose burn is no longer where it was,
    and failed ones under whose claim something was burned after all. The database finds them, so the many that are settled
    are not read.
    """
    burns = reading.events("Retired").filter(key=OuterRef("claim_hash"))
    there = burns.filter(block__block_hash=OuterRef("block_hash"), log_index=OuterRef("log_index"))
    moved = Q(state=RetirementState.FINAL) & ~Exists(there)
    burned = Q(state=RetirementState.FAILED) & Exists(burns)
    return Retirement.objects.filter(Q(state__in=_ON_THEIR_WAY) | moved | burned)


def _pull_retirement(retirement: Retirement, event: ChainEvent | None) -> int:
    """The event that carries the claim's hash decides; where there is none, the outbox row."""
    if event is not None:
        return _on_chain(retirement, event)
    row = ChainTx.objects.filter(intent=f"retire:{retirement.id}").order_by("-pk").first()
    if retirement.state in (RetirementState.MINED, RetirementState.FINAL):
        return _lost(retirement)
    if row is None or retirement.state == RetirementState.FAILED:
        return 0
    match row.state:
        case TxState.SIGNED:
            return _follow(retirement, RetirementState.SIGNED, row)
        case TxState.SENT:
            return _follow(retirement, RetirementState.SENT, row)
        case TxState.FAILED:
            retirement.error_code, retirement.error = row.error_code, row.error
            release(retirement)
            move(retirement, RetirementState.FAILED, note=row.error)
            return 1
        case _:
            return 0


def _burns_of(retirements: list[Retirement]) -> dict[uuid.UUID, ChainEvent]:
    """Our burns by retirement: the claim's hash alone would do for us, but anyone may burn their own tokens under it."""
    by_claim = {retirement.claim_hash: retirement for retirement in retirements}
    found: dict[uuid.UUID, ChainEvent] = {}
    for event in reading.events("Retired").filter(key__in=by_claim):
        ours, said = by_claim[event.key], event.args
        if (said["account"], said["beneficiary"], int(said["amount_ug"])) == (ours.account, ours.beneficiary_address, ours.ug):
            found.setdefault(ours.pk, event)
    return found


def _on_chain(retirement: Retirement, event: ChainEvent) -> int:
    block = event.block
    changed = 0
    if retirement.block_hash not in ("", block.block_hash):
        changed += _lost(retirement)
    if retirement.state == RetirementState.FAILED:
        take_again(retirement)
        retirement.error_code = retirement.error = ""
    if retirement.state not in (RetirementState.MINED, RetirementState.FINAL):
        retirement.chain_id, retirement.tx_hash = block.chain_id, event.tx_hash
        retirement.block_hash, retirement.block_number, retirement.log_index = block.block_hash, block.number, event.log_index
        retirement.chain_retirement_id = int(event.args["id"])
        move(retirement, RetirementState.MINED)
        changed += 1
    if retirement.state == RetirementState.MINED and block.number <= reading.final_below():
        retirement.final_block_hash = block.block_hash
        move(retirement, RetirementState.FINAL)
        wake_on_commit(CERTIFICATES)
        changed += 1
    return changed


def _lost(retirement: Retirement) -> int:
    """Its block is gone. After finality this is what certificates have to be revoked for."""
    note = ""
    if retirement.state == RetirementState.FINAL:
        retirement.reorgs += 1
        note = f"Block {retirement.block_number} was final and is gone."
        wake_on_commit(CERTIFICATES)
    retirement.final_block_hash = retirement.block_hash = ""
    retirement.log_index = retirement.chain_retirement_id = None
    move(retirement, RetirementState.REORGED, note=note)
    retirement.block_number = None
    retirement.save(update_fields=["block_number"])
    return 1


def _follow(retirement: Retirement, state: RetirementState, row: ChainTx) -> int:
    if retirement.state == state and retirement.tx_hash == row.tx_hash:
        return 0
    retirement.tx_hash = row.tx_hash
    move(retirement, state)
    return 1
