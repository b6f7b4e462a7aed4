"""What a certificate says, typed: the claim that was registered before the burn and the facts of its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cloudtuner.errors import ProofError

LEVELS = ("A0", "A1h", "A1c", "A2", "A3", "A4", "A5")


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation by its legal name."""

    legal_name: str
    identifiers: tuple[tuple[str, str], ...] = ()
    address: str = ""


@dataclass(frozen=True, slots=True)
class Lot:
    """Kilograms of one node and the ledger hours they come from; the first and the last hour may be shared.

    `epoch`, or `round` for hours before the account was enrolled, is whose leaf, `leaf_hash`, holds the hours. `claim_tx`
    is the payment, which an earlier epoch may have made.
    """

    node: str
    epoch: int | None
    round: int | None
    leaf_hash: str
    claim_tx: str
    hour_from: int
    hour_through: int
    first_hour_ug: int
    last_hour_ug: int
    ug: int


@dataclass(frozen=True, slots=True)
class RegionShare:
    """What was emitted in one region, on one basis."""

    region: str
    ug: int
    basis: str


@dataclass(frozen=True, slots=True)
class ReceiptFacts:
    """Where the `Retired` event stands. `block_time` is the block's, in unix seconds."""

    tx_hash: str
    block_hash: str
    block_number: int
    block_time: int
    log_index: int
    retirement_id: int

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.block_time, UTC)


@dataclass(frozen=True, slots=True)
class Issue:
    """What the issuer adds: who it is, where the public register answers, and the language of the page."""

    issuer_name: str
    issuer_did: str
    seal_label: str
    registry_url: str
    language: str = "en"

    def verify_url(self, certificate_id: str, claim_hash: str) -> str:
        """The address in the QR code; half of the claim hash rides in the fragment, which no server sees."""
        return f"{self.registry_url.rstrip('/')}/verify/{certificate_id}#h={claim_hash.removeprefix('0x')[:32]}"


@dataclass(frozen=True, slots=True)
class Payload:
    """Everything that the pages print, and nothing else is printed."""

    certificate_id: str
    certificate_class: str
    holder: Party
    beneficiary: Party
    account: str
    period_label: str
    hour_from: int
    hour_through: int
    quantity_ug: int
    lots: tuple[Lot, ...]
    operational_ug: int
    embodied_ug: int
    low_ug: int
    high_ug: int
    energy_uwh: int
    regions: tuple[RegionShare, ...]
    direct_ug: int
    lifecycle_ug: int
    measured_ug: int
    estimated_ug: int
    proxy_ug: int
    unknown_ug: int
    level: str
    validators_agreed: int
    validators_of: int
    factor_set: str
    engine: str
    method: str
    approval: str
    purpose: str
    chain_id: int
    retirement: str
    ct02: str
    claim_hash: str
    receipt: ReceiptFacts
    issue: Issue

    @property
    def verify_url(self) -> str:
        return self.issue.verify_url(self.certificate_id, self.claim_hash)


def level_text(level: object) -> str:
    """A0 to A5 for a level given by its number or its name.

    >>> level_text(3), level_text("A1h")
    ('A2', 'A1h')
    """
    if isinstance(level, int) and not isinstance(level, bool) and 0 <= level < len(LEVELS):
        return LEVELS[level]
    if isinstance(level, str) and level in LEVELS:
        return level
    if isinstance(level, str) and level.isdigit() and int(level) < len(LEVELS):
        return LEVELS[int(level)]
    raise ProofError(f"{level!r} is no assurance level", code="claim.shape", where="claim.level")


def payload_from(claim: Mapping[str, Any], *, claim_hash: str, receipt: ReceiptFacts, issue: Issue) -> Payload:
    """The payload of a registered claim and its receipt. Raises ProofError `claim.shape` naming what is missing."""
    try:
        emissions, quality = claim["emissions"], claim["data_quality"]
        return Payload(
            certificate_id=claim["certificate_id"],
            certificate_class=claim["class"],
            holder=Party(
                claim["issued_for"]["legal_name"], tuple(sorted(dict(claim["issued_for"].get("identifiers") or {}).items()))
            ),
            beneficiary=Party(claim["beneficiary"]["legal_name"], address=claim["beneficiary"]["address"]),
            account=claim["account"],
            period_label=claim["period"]["label"],
            hour_from=int(claim["period"]["hour_from"]),
            hour_through=int(claim["period"]["hour_through"]),
            quantity_ug=int(claim["quantity_ug"]),
            lots=tuple(
                Lot(
                    node=lot["node"],
                    epoch=None if "round" in lot else int(lot["epoch"]),
                    round=int(lot["round"]) if "round" in lot else None,
                    leaf_hash=lot["leaf_hash"],
                    claim_tx=lot["claim_tx"],
                    hour_from=int(lot["hour_from"]),
                    hour_through=int(lot["hour_through"]),
                    first_hour_ug=int(lot["first_hour_ug"]),
                    last_hour_ug=int(lot["last_hour_ug"]),
                    ug=int(lot["ug"]),
                )
                for lot in claim["lots"]
            ),
            operational_ug=int(emissions["operational_ug"]),
            embodied_ug=int(emissions["embodied_ug"]),
            low_ug=int(emissions["low_ug"]),
            high_ug=int(emissions["high_ug"]),
            energy_uwh=int(emissions["energy_uwh"]),
            regions=tuple(RegionShare(row["region"], int(row["ug"]), row["basis"]) for row in emissions["by_region"]),
            direct_ug=int(emissions["by_basis"]["direct_ug"]),
            lifecycle_ug=int(emissions["by_basis"]["lifecycle_ug"]),
            measured_ug=int(quality["measured_ug"]),
            estimated_ug=int(quality["estimated_ug"]),
            proxy_ug=int(quality["proxy_ug"]),
            unknown_ug=int(quality["unknown_ug"]),
            level=level_text(claim["level"]),
            validators_agreed=int(claim["validators"]["agreed"]),
            validators_of=int(claim["validators"]["of"]),
            factor_set=claim["factor_set"],
            engine=claim["engine"],
            method=claim["method"],
            approval=claim["approval"],
            purpose=claim["purpose"],
            chain_id=int(claim["chain"]["id"]),
            retirement=claim["chain"]["retirement"],
            ct02=claim["chain"]["ct02"],
            claim_hash=claim_hash,
            receipt=receipt,
            issue=issue,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ProofError(f"the claim lacks or garbles {error}", code="claim.shape", where="claim.json") from error
