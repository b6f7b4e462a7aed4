"""What a retirement says it is for: the claim, fixed and hashed before the burn and printed in the certificate."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cloudtuner.errors import ProofError

from .canonical import jcs, read_canonical
from .fields import Fields
from .hexes import to_hex

SCHEMA = "cloudtuner.claim/1"
CLASSES = ("R", "T", "C")
APPROVALS = ("two-person", "single-person")
BASES = ("direct", "lifecycle")

_NAMES = (
    "schema", "certificate_id", "class", "issued_for", "beneficiary", "account", "period", "quantity_ug", "lots", "emissions",
    "data_quality", "level", "validators", "factor_set", "engine", "method", "approval", "purpose", "chain", "salt",
)  # fmt: skip
_LOT_NAMES = (
    "node", "epoch", "leaf_hash", "claim_tx", "hour_from", "hour_through", "first_hour_ug", "last_hour_ug", "ug", "history_root",
)  # fmt: skip
# Of hours before a node's first, which an airdrop round paid.
_ROUND_LOT_NAMES = tuple("round" if name == "epoch" else name for name in _LOT_NAMES)


def claim_bytes(claim: Mapping[str, Any]) -> bytes:
    """The claim's JCS bytes, as they are hashed and attached."""
    return jcs(dict(claim))


def claim_hash(claim: Mapping[str, Any] | bytes) -> str:
    """sha256 of the claim's bytes, as the Retired event carries it."""
    return to_hex(sha256(claim if isinstance(claim, bytes) else claim_bytes(claim)).digest())


def read_claim(data: bytes) -> dict[str, Any]:
    """The claim in canonical bytes; raises ProofError for other bytes or a claim with faults."""
    claim = read_canonical(data, what="claim")
    faults = claim_faults(claim)
    if faults:
        raise ProofError(f"the claim does not hold: {'; '.join(faults)}", code="claim.invalid")
    return dict(claim)


def claim_faults(claim: object) -> list[str]:
    """What is wrong with a claim, as sentences that name the field; empty when its shape and its sums hold."""
    try:
        return _sums(*_shape(claim))
    except ProofError as error:
        return [error.message]


def _shape(claim: object) -> tuple[Fields, int, list[Fields], Fields, Fields]:
    """Every field has its type; returns the parts that the sums need."""
    top = Fields(claim, _NAMES, what="claim")
    top.one_of("schema", (SCHEMA,))
    top.one_of("class", CLASSES)
    top.one_of("approval", APPROVALS)
    for name in ("certificate_id", "method", "purpose"):
        top.text(name)
    for name in ("factor_set", "engine", "salt"):
        top.bytes32(name)
    top.address("account")
    top.number("level", bits=8)
    issued_for = top.part("issued_for", ("legal_name", "identifiers"))
    issued_for.text("legal_name")
    identifiers = issued_for.raw("identifiers")
    if not isinstance(identifiers, dict) or not all(isinstance(value, str) for value in identifiers.values()):
        raise ProofError("claim.issued_for.identifiers is not an object of texts.", code="json.shape")
    beneficiary = top.part("beneficiary", ("legal_name", "address"))
    beneficiary.text("legal_name")
    beneficiary.address("address")
    top.part("period", ("label", "hour_from", "hour_through")).text("label")
    validators = top.part("validators", ("agreed", "of"))
    if validators.number("agreed", bits=32) > validators.number("of", bits=32):
        raise ProofError("claim.validators: more agreed than there are.", code="claim.invalid")
    chain = top.part("chain", ("id", "retirement", "ct02"))
    chain.number("id")
    chain.address("retirement")
    chain.address("ct02")
    lots = top.parts("lots", _LOT_NAMES, _ROUND_LOT_NAMES)
    for lot in lots:
        for name in ("node", "leaf_hash", "claim_tx", "history_root"):
            lot.bytes32(name)
        lot.number("round" if lot.has("round") else "epoch")
    emissions = top.part(
        "emissions", ("operational_ug", "embodied_ug", "low_ug", "high_ug", "energy_uwh", "by_region", "by_basis")
    )
    emissions.quantity("energy_uwh", bits=128, signed=True)
    quality = top.part("data_quality", ("measured_ug", "estimated_ug", "proxy_ug", "unknown_ug"))
    return top, top.quantity("quantity_ug", bits=128), lots, emissions, quality


def _sums(top: Fields, quantity: int, lots: list[Fields], emissions: Fields, quality: Fields) -> list[str]:
    """The micrograms are the same in every split, and the lots stand inside the period."""

    def ug(fields: Fields, name: str) -> int:
        return fields.quantity(name, bits=128, signed=True)

    from_lots = sum(ug(lot, "ug") for lot in lots)
    regions = emissions.parts("by_region", ("region", "ug", "basis"))
    for region in regions:
        region.text("region")
        region.one_of("basis", BASES)
    basis = emissions.part("by_basis", ("direct_ug", "lifecycle_ug"))
    splits = {
        "emissions: operational_ug + embodied_ug": ug(emissions, "operational_ug") + ug(emissions, "embodied_ug"),
        "emissions.by_region": sum(ug(region, "ug") for region in regions),
        "emissions.by_basis": ug(basis, "direct_ug") + ug(basis, "lifecycle_ug"),
        "data_quality": sum(ug(quality, name) for name in ("measured_ug", "estimated_ug", "proxy_ug", "unknown_ug")),
    }
    faults = [f"claim.{name} is {value}, the lots have {from_lots}." for name, value in splits.items() if value != from_lots]
    kind = top.raw("class")
    if quantity == 0:
        faults.append("claim.quantity_ug is zero.")
    if kind == "T" and lots:
        faults.append("claim.lots: class T has none.")
    if (kind == "R" or lots) and from_lots != quantity:
        faults.append(f"claim.quantity_ug is {quantity}, the lots have {from_lots}.")
    if not ug(emissions, "low_ug") <= from_lots <= ug(emissions, "high_ug"):
        faults.append("claim.emissions: the figure is outside its own band.")
    period = top.part("period", ("label", "hour_from", "hour_through"))
    start, end = period.number("hour_from"), period.number("hour_through")
    if start > end:
        faults.append("claim.period ends before it begins.")
    for index, lot in enumerate(lots):
        first, last, share = lot.number("hour_from"), lot.number("hour_through"), ug(lot, "ug")
        ends = (ug(lot, "first_hour_ug"), ug(lot, "last_hour_ug"))
        if not start <= first <= last <= end:
            faults.append(f"claim.lots[{index}] has hours outside the period.")
        if share <= 0 or (first == last and ends != (share, share)):
            faults.append(f"claim.lots[{index}]: its shares do not fit its ug.")
    return faults
