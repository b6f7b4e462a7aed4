"""What a retirement claims, in the words and figures that are hashed before the burn (docs/protocol.md §8)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import Organization
from cloudtuner.errors import ProofError, ServiceError
from emissions.poce.airdrop import RetroLeaf
from emissions.poce.claim import SCHEMA, claim_bytes, claim_faults
from emissions.poce.epoch import BundleLeaf, Leaf
from emissions.poce.hexes import to_hex
from emissions.register.models import NodeBinding
from tokens.models import Lot, LotAllocation, Retirement
from tokens.network import connection, reading, rounds
from tokens.network.models import ChainEvent
from tokens.selectors.cells import Composition
from tokens.selectors.composition import composition
from tokens.selectors.rulers import leaf_of_round
from tokens.series import HourSeries, HourSpan

METHOD = "docs/methodology.md, location-based, operational + embodied"


@dataclass(frozen=True)
class _Backing:
    """The epoch or airdrop round, and its leaf, under whose history the hours of an allocation stand."""

    kind: str
    number: int
    leaf: Leaf | RetroLeaf


@dataclass(frozen=True)
class _Attested:
    """What the newest attestation says of the method, and who signed it."""

    event: ChainEvent
    factor_set: str
    engine: str


def claim_of(retirement: Retirement, parts: Sequence[LotAllocation], *, organization: Organization) -> bytes:
    """The claim's JCS bytes. Raises ProofError when its own sums do not hold, before anything is registered."""
    newest = reading.newest_posted()
    attested = _attested(newest)
    whole = Composition()
    lots = []
    levels = []
    for part in parts:
        backing = _backing(part, newest)
        levels.append(backing.leaf.level)
        lots.append(_lot(part, backing))
        whole.add(composition(part.lot, _span(part)))
    book = connection.address_book()
    claim: dict[str, Any] = {
        "schema": SCHEMA,
        "certificate_id": retirement.certificate_id,
        "class": "R",
        "issued_for": {"legal_name": organization.legal_name, "identifiers": {}},
        "beneficiary": {"legal_name": retirement.beneficiary_name, "address": retirement.beneficiary_address},
        "account": retirement.account,
        "period": {
            "label": retirement.label,
            "hour_from": retirement.hour_from,
            "hour_through": retirement.hour_through,
        },
        "quantity_ug": str(retirement.ug),
        "lots": lots,
        **_figures(whole),
        "level": min(levels),
        "validators": _validators(attested.event),
        "factor_set": attested.factor_set,
        "engine": attested.engine,
        "method": METHOD,
        "approval": retirement.approval,
        "purpose": retirement.purpose,
        "chain": {"id": book.chain_id, "retirement": book.retirement, "ct02": book.ct02},
        "salt": to_hex(secrets.token_bytes(32)),
    }
    faults = claim_faults(claim)
    if faults:
        raise ProofError(f"the claim does not hold: {'; '.join(faults)}", code="claim.invalid")
    return claim_bytes(claim)


def _span(part: LotAllocation) -> HourSpan:
    return HourSpan(part.hour_from, part.hour_through, part.first_hour_ug, part.last_hour_ug, part.ug)


def _lot(part: LotAllocation, backing: _Backing) -> dict[str, Any]:
    lot: Lot = part.lot
    return {
        "node": lot.node,
        backing.kind: backing.number,
        "leaf_hash": backing.leaf.leaf_hash(),
        "claim_tx": lot.tx_hash,
        "hour_from": part.hour_from,
        "hour_through": part.hour_through,
        "first_hour_ug": str(part.first_hour_ug),
        "last_hour_ug": str(part.last_hour_ug),
        "ug": str(part.ug),
        "history_root": backing.leaf.history_root,
    }


def _attested(newest: reading.PostedEpoch | None) -> _Attested:
    """The newest epoch; where there is none yet, the newest airdrop round."""
    if newest is not None:
        return _Attested(newest.event, newest.bundle.factor_set, newest.bundle.engine)
    posted = rounds.posted_round(rounds.head_round())
    if posted is None:
        raise ServiceError("no epoch stands on chain", code="retirement.no_epoch", hint="Try again in a minute.")
    return _Attested(posted.event, posted.list.factor_set, posted.list.engine)


def _backing(part: LotAllocation, newest: reading.PostedEpoch | None) -> _Backing:
    """The airdrop round that paid the lot, or the epoch of the claim itself where its leaf gives the same hours; after a
    restatement the newest one, whose leaf does.
    """
    lot: Lot = part.lot
    if lot.round is not None:
        paid = leaf_of_round(lot)
        if paid is None:
            raise ProofError(f"node {lot.node} is not in airdrop round {lot.round}.", code="airdrop.no_node")
        return _Backing("round", lot.round, paid.leaf)
    own = reading.sealed(lot.epoch) if lot.epoch is not None else None
    entry = reading.bundle_of(own).entry(lot.node) if own else None
    if own is not None and entry is not None and entry.leaf.leaf_hash() == lot.leaf_hash:
        try:
            same = _series(entry, lot.node).span(part.from_ug, part.ug) == _span(part)
        except ValueError:
            same = False
        if same:
            return _Backing("epoch", own.number, entry.leaf)
    current = reading.leaf_of(newest, lot.node)
    if newest is None or current is None:
        raise ProofError(f"node {lot.node} is not in the newest epoch.", code="bundle.no_node")
    return _Backing("epoch", newest.number, current.leaf)


def _series(entry: BundleLeaf, node: str) -> HourSeries:
    """The hours that a leaf counts: from the node's first one on."""
    first_hour = NodeBinding.objects.values_list("first_hour", flat=True).get(node=node)
    return HourSeries(reading.hours_of(entry.reports, from_hour=first_hour))


def _figures(whole: Composition) -> dict[str, Any]:
    parts, quality, basis = whole.by("part"), whole.by("quality"), whole.by("basis")
    regions = [{"region": region, "ug": str(ug), "basis": kind} for (region, kind), ug in whole.by("region", "basis").items()]
    return {
        "emissions": {
            "operational_ug": str(parts.get(("operational",), 0)),
            "embodied_ug": str(parts.get(("embodied",), 0)),
            "low_ug": str(whole.low_ug),
            "high_ug": str(whole.high_ug),
            "energy_uwh": str(whole.energy_uwh),
            "by_region": regions,
            "by_basis": {f"{name}_ug": str(basis.get((name,), 0)) for name in ("direct", "lifecycle")},
        },
        "data_quality": {f"{name}_ug": str(quality.get((name,), 0)) for name in ("measured", "estimated", "proxy", "unknown")},
    }


def _validators(posted: ChainEvent) -> dict[str, int]:
    """How many signed the newest epoch, of how many in its set."""
    agreed = len(posted.args["signers"])
    changed = reading.events("ValidatorSetChanged", key=str(posted.args["set_id"])).first()
    return {"agreed": agreed, "of": max(agreed, int(changed.args["count"]) if changed else 0)}
