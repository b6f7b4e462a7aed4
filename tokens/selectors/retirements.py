"""What was retired, what can be, and how far each retirement came."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from types import MappingProxyType

from django.db.models import F, Q, QuerySet, Sum

from accounts.models import Membership
from accounts.permissions import RETIRE_APPROVE, RETIRE_PREPARE
from accounts.selectors import current_organization
from cloudtuner.errors import ServiceError
from cloudtuner.units import kg_text
from tokens.models import LotAllocation, Retirement, RetirementState
from tokens.network import reading
from tokens.network.connection import address_book
from tokens.selectors.figures import AllocationRow, Period, Retirable, RetirementDetail, RetirementRow, StepRow
from tokens.selectors.rulers import rulers

# Confirmed, and not yet settled one way or the other.
IN_PROGRESS = ("confirmed", "signed", "sent", "reorged")


def approval_needed() -> str:
    """Which approval a retirement needs: "two-person" from two members on who may retire at all, else "single-person".

    Somebody who cannot log in any more does not count: nobody could approve what the other prepares.
    """
    able = Membership.objects.current().filter(organization=current_organization(), user__is_active=True)
    people = [member for member in able if member.allows(RETIRE_PREPARE) or member.allows(RETIRE_APPROVE)]
    return "two-person" if len(people) > 1 else "single-person"


def retirable(period: Period) -> Retirable:
    """How much of a period can be retired now, and if nothing, why."""
    found = [ruler for ruler in rulers() if ruler.retirable(period.hour_from, period.hour_through) > 0]
    ug = sum(ruler.retirable(period.hour_from, period.hour_through) for ruler in found)
    hours = [hour for ruler in found for hour, _, _ in ruler.steps(period.hour_from, period.hour_through)]
    waiting = Retirement.objects.filter(state__in=IN_PROGRESS).aggregate(ug=Sum("ug"))["ug"] or 0
    code, reason = "", ""
    if not ug:
        code, reason = _why_nothing(waiting)
    return Retirable(
        period=period,
        ug=ug,
        oldest_hour=min(hours, default=None),
        newest_hour=max(hours, default=None),
        nodes=len({ruler.node for ruler in found}),
        approval=approval_needed(),
        in_progress_ug=waiting,
        reason_code=code,
        reason=reason,
    )


def _why_nothing(waiting: int) -> tuple[str, str]:
    every = rulers()
    if not any(ruler.claimed_ug for ruler in every):
        return (
            "retire.nothing_claimed",
            "Nothing is in the wallet yet. Kilograms arrive once validators agreed and the window passed.",
        )
    if any(ruler.deficit_ug for ruler in every):
        return "retire.deficit", "A restatement took kilograms back that were claimed before; the next months pay them first."
    if waiting:
        return "retire.in_progress", f"A retirement of {kg_text(waiting)} is on its way and holds what there is."
    return "retire.nothing_left", "Everything of this period is retired, or its hours are not in the wallet."


def retirements() -> list[RetirementRow]:
    """Every retirement, newest first."""
    return [row_of(retirement) for retirement in Retirement.objects.all()]


def retirement(retirement_id: uuid.UUID | str) -> RetirementDetail:
    """One retirement with its allocations and timeline. Raises ServiceError `retirement.unknown`."""
    found = find(retirement_id)
    attested = _attested(bytes(found.claim))
    parts = found.allocations.select_related("lot").order_by("lot__node", "from_ug")
    allocations = tuple(_part(part, attested) for part in parts)
    timeline = tuple(
        StepRow(step.state, RetirementState(step.state).label, step.at, step.who, step.tx_hash, step.block_number, step.note)
        for step in found.steps.all()
    )
    return RetirementDetail(
        row=row_of(found),
        account=found.account,
        beneficiary_address=found.beneficiary_address,
        approval=found.approval,
        approved_by_email=found.approved_by_email,
        confirmed_by_email=found.confirmed_by_email,
        claim=bytes(found.claim),
        claim_hash=found.claim_hash,
        allocations=allocations,
        timeline=timeline,
        confirmations=reading.depth_of(found.block_number) if found.block_number is not None else None,
        confirmations_needed=address_book().confirmations,
        chain_id=found.chain_id,
        block_hash=found.block_hash,
        block_number=found.block_number,
        log_index=found.log_index,
        chain_retirement_id=int(found.chain_retirement_id) if found.chain_retirement_id is not None else None,
        final_block_hash=found.final_block_hash,
        certified_block_hash=found.certified_block_hash,
        reorgs=found.reorgs,
        error_code=found.error_code,
    )


def retirements_of_hour(node: str, hour: int) -> list[tuple[RetirementRow, AllocationRow]]:
    """The retirements that used an hour of a node, newest first, each with the first part of it that holds the hour."""
    parts = LotAllocation.objects.filter(released=False, lot__node=node, hour_from__lte=hour, hour_through__gte=hour)
    found: dict[uuid.UUID, tuple[RetirementRow, AllocationRow]] = {}
    for part in parts.select_related("lot", "retirement").order_by("-retirement__created_at", "from_ug"):
        found.setdefault(part.retirement_id, (row_of(part.retirement), _part(part)))
    return list(found.values())


def _attested(claim: bytes) -> dict[tuple[str, str, int], int]:
    """(node, claim transaction, first hour) → the epoch that a registered claim names for the lot."""
    lots = json.loads(claim)["lots"] if claim else []
    return {(lot["node"], lot["claim_tx"], int(lot["hour_from"])): int(lot["epoch"]) for lot in lots if "epoch" in lot}


def _part(part: LotAllocation, attested: Mapping[tuple[str, str, int], int] = MappingProxyType({})) -> AllocationRow:
    return AllocationRow(
        lot_id=part.lot_id,
        node=part.lot.node,
        epoch=part.lot.epoch,
        attested_epoch=attested.get((part.lot.node, part.lot.tx_hash, part.hour_from)),
        round=part.lot.round,
        claim_tx=part.lot.tx_hash,
        ug=part.ug,
        hour_from=part.hour_from,
        hour_through=part.hour_through,
        first_hour_ug=part.first_hour_ug,
        last_hour_ug=part.last_hour_ug,
    )


def find(retirement_id: uuid.UUID | str) -> Retirement:
    """The row. Raises ServiceError `retirement.unknown`."""
    try:
        return Retirement.objects.get(pk=uuid.UUID(str(retirement_id)))
    except (Retirement.DoesNotExist, ValueError) as error:
        raise ServiceError("there is no such retirement", code="retirement.unknown", hint="Open it from the list.") from error


def row_of(found: Retirement) -> RetirementRow:
    """A retirement as the list shows it."""
    return RetirementRow(
        id=found.id,
        state=found.state,
        state_label=RetirementState(found.state).label,
        period=Period(found.label, found.hour_from, found.hour_through),
        ug=found.ug,
        beneficiary_name=found.beneficiary_name,
        purpose=found.purpose,
        certificate_id=found.certificate_id or "",
        prepared_by=found.prepared_by,
        prepared_by_email=found.prepared_by_email,
        created_at=found.created_at,
        tx_hash=found.tx_hash,
        error=found.error,
    )


def retirements_awaiting_approval() -> list[RetirementRow]:
    """The approvals inbox, oldest first."""
    return [row_of(found) for found in Retirement.objects.filter(state=RetirementState.DRAFT).order_by("created_at")]


def retirements_final_without_certificate() -> QuerySet[Retirement]:
    """Final retirements whose receipt has no certificate yet: new ones, and those mined again after a reorganisation.

    Whoever issues says so with `retirement_mark_certified`.
    """
    return (
        Retirement.objects.filter(state=RetirementState.FINAL)
        .exclude(certified_block_hash=F("final_block_hash"))
        .order_by("created_at")
    )


def retirements_certified_but_reorged() -> QuerySet[Retirement]:
    """Retirements with a certificate whose block is gone: the certificate has to be revoked with reason `reorged`."""
    return (
        Retirement.objects.exclude(certified_block_hash="")
        .filter(Q(final_block_hash="") | ~Q(certified_block_hash=F("final_block_hash")))
        .order_by("created_at")
    )
