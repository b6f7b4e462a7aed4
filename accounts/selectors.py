"""What is known of people and organisations. Every read of an organisation's things starts from the organisation."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from accounts.models import ApiKey, AuditEntry, Invitation, Membership, Organization, User
from cloudtuner import clock
from cloudtuner.tenancy import current_schema, current_tenant, is_public


def current_organization() -> Organization:
    """The organisation whose schema is open. Raises LookupError on the public schema."""
    if is_public():
        raise LookupError("no organisation is open; call this inside tenant_context(schema)")
    tenant = current_tenant()
    return tenant if isinstance(tenant, Organization) else Organization.objects.get(schema_name=current_schema())


def organizations_of(user: User) -> list[Organization]:
    """The active organisations a person belongs to now, by name."""
    current = Membership.objects.current().filter(user=user).values("organization")
    return list(Organization.objects.filter(uuid__in=current, state=Organization.State.ACTIVE).order_by("legal_name"))


def membership_of(user: User | AnonymousUser, organization: Organization) -> Membership | None:
    """A person's membership that counts now, if any."""
    if not isinstance(user, User) or not user.is_active:
        return None
    return Membership.objects.current().filter(user=user, organization=organization).first()


def members(organization: Organization) -> list[Membership]:
    """All memberships, expired ones too (they are shown as such), by e-mail."""
    return list(Membership.objects.filter(organization=organization).select_related("user").order_by("user__email"))


def open_invitations(organization: Organization) -> list[Invitation]:
    """Invitations that can still be taken, newest first."""
    found = Invitation.objects.filter(
        organization=organization, accepted_at=None, revoked_at=None, expires_at__gt=clock.now()
    ).order_by("-created_at")
    return list(found)


def api_keys(organization: Organization) -> list[ApiKey]:
    """The organisation's keys for machines, newest first, revoked ones too."""
    return list(ApiKey.objects.filter(organization=organization).order_by("-created_at"))


def audit_entries(organization: Organization, *, before_seq: int | None = None, limit: int = 100) -> list[AuditEntry]:
    """A page of the organisation's audit log, newest first."""
    entries = AuditEntry.objects.filter(organization_uuid=organization.uuid)
    if before_seq is not None:
        entries = entries.filter(seq__lt=before_seq)
    return list(entries.order_by("-seq")[:limit])
