"""Changing who belongs: an organisation always keeps one owner, and nobody is changed without a note."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts import audit
from accounts.models import Membership, Organization, User
from accounts.permissions import DEFAULT_EXPIRY_DAYS, EXPIRING_ROLES, Role
from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError


def expiry_for(role: str, asked: datetime | None = None) -> datetime | None:
    """When a membership of this role ends: as asked, or after 90 days for roles that always end."""
    if asked is not None or role not in EXPIRING_ROLES:
        return asked
    return clock.now() + timedelta(days=DEFAULT_EXPIRY_DAYS)


@transaction.atomic
def membership_change_role(*, actor: User, organization: Organization, user_uuid: str, role: str) -> Membership:
    """Gives a member another role. Raises ServiceError for the last owner or an unknown role."""
    if role not in Role.values:
        raise ServiceError(f"{role!r} is no role.", code="member.role_unknown", where="role")
    member = _member(organization, user_uuid)
    if member.role == Role.OWNER and role != Role.OWNER:
        _need_another_owner(organization, member)
    before, member.role = member.role, role
    # The day was set because the role before always ends: kept, an owner would be out on it, perhaps as the last one.
    ends = None if before in EXPIRING_ROLES and role not in EXPIRING_ROLES else member.expires_at
    member.expires_at = expiry_for(role, ends)
    member.save(update_fields=["role", "expires_at"])
    audit.record(
        organization=organization, actor=actor, action="member.role_changed", target=member.user.email,
        details={"from": before, "to": role},
    )  # fmt: skip
    return member


@transaction.atomic
def membership_remove(*, actor: User, organization: Organization, user_uuid: str) -> None:
    """Takes a member out. Raises ServiceError for the last owner."""
    member = _member(organization, user_uuid)
    if member.role == Role.OWNER:
        _need_another_owner(organization, member)
    audit.record(
        organization=organization, actor=actor, action="member.removed", target=member.user.email, details={"role": member.role}
    )
    member.delete()


def _member(organization: Organization, user_uuid: str) -> Membership:
    locks.acquire(f"members:{organization.uuid}")
    member = Membership.objects.select_related("user").filter(organization=organization, user_id=user_uuid).first()
    if member is None:
        raise ServiceError("This person is no member.", code="member.unknown", where="user")
    return member


def _need_another_owner(organization: Organization, leaving: Membership) -> None:
    owners = Membership.objects.current().filter(organization=organization, role=Role.OWNER, user__is_active=True)
    if not owners.exclude(pk=leaving.pk).exists():
        raise ServiceError(
            "An organisation keeps at least one owner. Name another first.", code="member.last_owner", where="user"
        )
