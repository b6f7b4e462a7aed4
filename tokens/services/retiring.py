"""A retirement from the sheet to the outbox: prepared by one person, approved by another, confirmed once."""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.keys import wallet_address
from accounts.models import Organization, User
from accounts.permissions import RETIRE_APPROVE, RETIRE_PREPARE
from accounts.selectors import current_organization, membership_of
from cloudtuner import clock
from cloudtuner.errors import PermissionRefused, ServiceError
from cloudtuner.tenancy import current_schema
from cloudtuner.units import kg_text
from emissions.poce.claim import claim_hash
from tokens.models import Retirement, RetirementState, RetirementStep
from tokens.network import outbox
from tokens.network.models import RegisteredClaim
from tokens.selectors.figures import Period
from tokens.selectors.retirements import approval_needed, find, retirable
from tokens.services.allocating import allocate, lock_lots
from tokens.services.claim_text import claim_of
from tokens.services.numbering import next_certificate_number
from tokens.waking import RELAY, wake_on_commit


def retirement_prepare(
    *,
    actor: User,
    hour_from: int,
    hour_through: int,
    beneficiary_name: str,
    ug: int | None = None,
    purpose: str = "",
    label: str = "",
    client_token: str = "",
) -> Retirement:
    """Fills the sheet: how much of which period for whom. `ug` None takes everything that can be retired of it.

    `client_token` (drawn when the form was shown) makes a double click harmless: the first retirement is returned.
    Raises PermissionRefused, or ServiceError `retirement.not_enough` and others with what to do.
    """
    _require(actor, RETIRE_PREPARE)
    token = client_token or uuid.uuid4().hex
    there = Retirement.objects.filter(client_token=token).first()
    if there is not None:
        return there
    if not beneficiary_name.strip():
        raise ServiceError("the beneficiary has no name", code="retirement.beneficiary", hint="Name who the record is for.")
    if hour_from > hour_through:
        raise ServiceError("the period ends before it begins", code="retirement.period", hint="Choose another period.")
    period = Period(label or _label(hour_from, hour_through), hour_from, hour_through)
    found = retirable(period)
    amount = found.ug if ug is None else ug
    if amount <= 0 or amount > found.ug:
        raise ServiceError(
            found.reason or f"{kg_text(found.ug, places=9)} of {period.label} can be retired now",
            code=found.reason_code or "retirement.not_enough",
            hint="Choose an amount between 1 microgram and that.",
        )
    wallet = wallet_address(current_organization())
    retirement = Retirement(
        client_token=token,
        hour_from=hour_from,
        hour_through=hour_through,
        label=period.label,
        ug=amount,
        beneficiary_name=beneficiary_name.strip(),
        beneficiary_address=wallet,
        account=wallet,
        purpose=purpose.strip(),
        prepared_by=actor.uuid,
        prepared_by_email=actor.email,
        created_at=clock.now(),
    )
    try:
        with transaction.atomic():
            retirement.save(force_insert=True)
            step(retirement, RetirementState.DRAFT, who=actor.email)
            _note(actor, "retirement.prepared", retirement)
    except IntegrityError:
        twin = Retirement.objects.filter(client_token=token).first()
        if twin is None:
            raise
        return twin
    return retirement


def retirement_approve(*, actor: User, retirement_id: uuid.UUID | str) -> Retirement:
    """Approves a prepared retirement. From two members on, by somebody else than the preparer.

    Raises PermissionRefused, or ServiceError `retirement.same_person`, `retirement.state`.
    """
    _require(actor, RETIRE_APPROVE)
    with transaction.atomic():
        retirement = _locked(retirement_id)
        if retirement.state == RetirementState.DRAFT:
            _approve(retirement, actor)
        elif retirement.state == RetirementState.CANCELLED:
            raise _wrong_state(retirement)
    return retirement


def retirement_cancel(*, actor: User, retirement_id: uuid.UUID | str) -> Retirement:
    """Withdraws or declines a retirement that was not confirmed yet: who may prepare one may, and who may approve one."""
    _require(actor, RETIRE_PREPARE, RETIRE_APPROVE)
    with transaction.atomic():
        retirement = _locked(retirement_id)
        if retirement.state not in (RetirementState.DRAFT, RetirementState.APPROVED, RetirementState.CANCELLED):
            raise _wrong_state(retirement)
        if retirement.state != RetirementState.CANCELLED:
            move(retirement, RetirementState.CANCELLED, who=actor.email)
            _note(actor, "retirement.cancelled", retirement)
    return retirement


def retirement_confirm(*, actor: User, retirement_id: uuid.UUID | str) -> Retirement:
    """Signs off: takes the lots, fixes and registers the claim, and puts the burn into the outbox, all or nothing.

    A second call returns the retirement as it is. With a single member who prepared it, this is the approval as well
    ("single-person"). Raises ServiceError `retirement.not_approved`, `retirement.not_enough`.
    """
    _require(actor, RETIRE_APPROVE)
    with transaction.atomic():
        # First, as everybody does who takes it: an approval in between holds the audit log, and two would wait for each other.
        lock_lots()
        retirement = _locked(retirement_id)
        if retirement.state == RetirementState.DRAFT and approval_needed() == "single-person":
            _approve(retirement, actor)
        if retirement.state == RetirementState.DRAFT:
            raise ServiceError(
                "nobody approved this retirement yet",
                code="retirement.not_approved",
                hint=f"Somebody other than {retirement.prepared_by_email} has to approve it.",
            )
        if retirement.state == RetirementState.CANCELLED:
            raise _wrong_state(retirement)
        if retirement.state == RetirementState.APPROVED:
            _confirm(retirement, actor)
    return retirement


def retirement_mark_certified(*, retirement_id: uuid.UUID | str, block_hash: str) -> None:
    """Notes that a certificate was issued on the receipt in this block."""
    Retirement.objects.filter(pk=uuid.UUID(str(retirement_id))).update(certified_block_hash=block_hash)


def _confirm(retirement: Retirement, actor: User) -> None:
    organization = current_organization()
    parts = allocate(retirement)
    now = clock.now()
    year, number, certificate_id = next_certificate_number()
    retirement.certificate_id = certificate_id
    claim = claim_of(retirement, parts, organization=organization)
    retirement.claim, retirement.claim_hash = claim, claim_hash(claim)
    retirement.confirmed_by, retirement.confirmed_by_email = actor.uuid, actor.email
    move(retirement, RetirementState.CONFIRMED, who=actor.email)
    RegisteredClaim.objects.create(
        claim_hash=retirement.claim_hash,
        certificate_id=certificate_id,
        year=year,
        number=number,
        organization=organization.uuid,
        retirement=retirement.id,
        account=retirement.account,
        registered_at=now,
    )
    outbox.intend(f"retire:{retirement.id}", "retire", payload=_payload(retirement), organization=organization.uuid)
    wake_on_commit(RELAY)
    _note(actor, "retirement.confirmed", retirement)


def _payload(retirement: Retirement) -> dict[str, object]:
    return {
        "schema": current_schema(),
        "retirement": str(retirement.id),
        "account": retirement.account,
        "amount_ug": str(retirement.ug),
        "beneficiary": retirement.beneficiary_address,
        "period_from": retirement.hour_from,
        "period_through": retirement.hour_through,
        "claim_hash": retirement.claim_hash,
    }


def _approve(retirement: Retirement, actor: User) -> None:
    needed = approval_needed()
    if needed == "two-person" and actor.uuid == retirement.prepared_by:
        raise ServiceError(
            "whoever prepared a retirement cannot approve it",
            code="retirement.same_person",
            hint="Ask another member with the right to approve.",
        )
    retirement.approved_by, retirement.approved_by_email = actor.uuid, actor.email
    retirement.approval = "single-person" if actor.uuid == retirement.prepared_by else "two-person"
    move(retirement, RetirementState.APPROVED, who=actor.email)
    _note(actor, "retirement.approved", retirement)


def step(retirement: Retirement, state: RetirementState, *, who: str = "", note: str = "") -> None:
    """Writes an entry of the timeline."""
    RetirementStep.objects.create(
        retirement=retirement,
        state=state,
        at=clock.now(),
        who=who,
        tx_hash=retirement.tx_hash,
        block_number=retirement.block_number,
        note=note,
    )


def move(retirement: Retirement, state: RetirementState, *, who: str = "", note: str = "") -> None:
    """Saves a retirement in a new state and writes the timeline."""
    retirement.state = state
    retirement.save()
    step(retirement, state, who=who, note=note)


def _locked(retirement_id: uuid.UUID | str) -> Retirement:
    return Retirement.objects.select_for_update().get(pk=find(retirement_id).pk)


def _wrong_state(retirement: Retirement) -> ServiceError:
    label = RetirementState(retirement.state).label.lower()
    return ServiceError(f"this retirement is {label}", code="retirement.state", hint="Open it to see what happened.")


def _require(actor: User, *any_of: str) -> None:
    member = membership_of(actor, current_organization())
    if member is None or not any(member.allows(permission) for permission in any_of):
        raise PermissionRefused(f"your role does not hold {' or '.join(any_of)}", hint="Ask an owner of the organisation.")


def _note(actor: User, action: str, retirement: Retirement) -> None:
    organization: Organization = current_organization()
    details = {"ug": str(retirement.ug), "period": retirement.label}
    audit.record(organization=organization, actor=actor, action=action, target=str(retirement.id), details=details)


def _label(hour_from: int, hour_through: int) -> str:
    return f"{clock.hour_text(hour_from)} to {clock.hour_text(hour_through + 1)}"
