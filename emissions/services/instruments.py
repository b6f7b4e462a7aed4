"""Recording what the market says of the power, and taking it back; both for good."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from accounts import audit
from accounts.models import User
from accounts.selectors import current_organization
from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError
from cloudtuner.tenancy import current_schema
from cloudtuner.units import decimal_text
from emissions.engine.market import Instrument, free_uwh
from emissions.models import InstrumentReversal, MarketInstrument
from emissions.selectors.market import ledger_cells, live_instruments
from emissions.services.uploads import IncomingFile
from emissions.store import default_store, safe_name

UWH_PER_MWH = 10**12
MAX_EVIDENCE_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class NewInstrument:
    """What a person says of an instrument. `mwh` has at most six decimals; empty scopes mean everything."""

    kind: str
    mwh: Decimal
    factor_kg_per_kwh: Decimal
    hour_from: int
    hour_through: int
    accounts: Sequence[str] = ()
    regions: Sequence[str] = ()
    registry: str = ""
    serials: str = ""
    note: str = ""


def instrument_record(*, actor: User, told: NewInstrument, evidence: IncomingFile) -> MarketInstrument:
    """Records an instrument with its evidence; returns the row.

    Raises ServiceError: `instrument.exceeds` when its scope used less than it covers, `instrument.twice` when one with the
    same kind, registry and serials counts already, `instrument.evidence` for a file that is empty or too large.
    """
    kept = default_store().put(evidence.chunks())
    if not 0 < kept.size <= MAX_EVIDENCE_BYTES:
        raise ServiceError(
            f"the evidence has {kept.size} bytes; 1 to {MAX_EVIDENCE_BYTES} are taken.",
            code="instrument.evidence",
            hint="Choose the registry's statement or the contract as one file.",
        )
    energy_uwh = int(told.mwh * UWH_PER_MWH)
    with transaction.atomic():
        locks.acquire(f"instruments {current_schema()}")
        _refuse_twice(told)
        _refuse_too_much(told, energy_uwh)
        row = MarketInstrument.objects.create(
            kind=told.kind,
            energy_uwh=energy_uwh,
            factor_kg_per_kwh=told.factor_kg_per_kwh,
            hour_from=told.hour_from,
            hour_through=told.hour_through,
            accounts=sorted(set(told.accounts)),
            regions=sorted(set(told.regions)),
            registry=told.registry,
            serials=told.serials,
            note=told.note,
            evidence_name=safe_name(evidence.name or "evidence"),
            evidence_digest=kept.digest,
            evidence_size=kept.size,
            recorded_by=actor.uuid,
            recorded_by_name=actor.email,
            recorded_at=clock.now(),
        )
        details = {
            "kind": told.kind,
            "mwh": str(told.mwh),
            "kg_per_kwh": str(told.factor_kg_per_kwh),
            "from": clock.hour_text(told.hour_from),
            "through": clock.hour_text(told.hour_through),
            "serials": told.serials,
            "evidence": kept.digest,
        }
        audit.record(
            organization=current_organization(), actor=actor, action="instrument.recorded", target=str(row.pk), details=details
        )
    return row


def _refuse_twice(told: NewInstrument) -> None:
    if not told.serials:
        return
    same = MarketInstrument.objects.filter(
        kind=told.kind, registry__iexact=told.registry, serials__iexact=told.serials, reversal__isnull=True
    ).first()
    if same is not None:
        raise ServiceError(
            f"these serials were recorded on {same.recorded_at:%Y-%m-%d} UTC already.",
            code="instrument.twice",
            hint="A certificate covers energy once. Reverse that entry first if it was wrong.",
        )


def _refuse_too_much(told: NewInstrument, energy_uwh: int) -> None:
    wanted = Instrument(
        "", energy_uwh, Fraction(0), told.hour_from, told.hour_through, frozenset(told.accounts), frozenset(told.regions)
    )
    consumed, free = free_uwh(ledger_cells(), live_instruments(), wanted)
    if energy_uwh > free:
        raise ServiceError(
            f"its scope used {_mwh(consumed)} MWh, {_mwh(consumed - free)} of them covered already: "
            f"{_mwh(energy_uwh)} MWh cannot be recorded.",
            code="instrument.exceeds",
            hint=f"Record at most {_mwh(free)} MWh here, or import the bills of these months first.",
        )


def _mwh(uwh: int) -> str:
    return decimal_text(uwh, scale=12, places=6)


def instrument_reverse(*, actor: User, instrument_id: uuid.UUID, reason: str) -> None:
    """Takes an instrument back: it stays visible and counts no more. Reversing twice changes nothing.

    Raises ServiceError: `instrument.unknown`, `instrument.reason` when none is given.
    """
    if not reason.strip():
        raise ServiceError("a reversal needs its reason.", code="instrument.reason", hint="Say what was wrong with the entry.")
    with transaction.atomic():
        locks.acquire(f"instruments {current_schema()}")
        row = MarketInstrument.objects.filter(pk=instrument_id).first()
        if row is None:
            raise ServiceError("there is no such instrument.", code="instrument.unknown")
        _undone, created = InstrumentReversal.objects.get_or_create(
            instrument=row,
            defaults={
                "reason": reason.strip()[:512],
                "reversed_by": actor.uuid,
                "reversed_by_name": actor.email,
                "reversed_at": clock.now(),
            },
        )
        if created:
            audit.record(
                organization=current_organization(),
                actor=actor,
                action="instrument.reversed",
                target=str(row.pk),
                details={"reason": reason.strip()[:512]},
            )
