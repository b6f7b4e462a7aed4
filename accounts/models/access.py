"""What ties a person or a machine to an organisation: memberships, invitations, API keys."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from accounts.models.organization import Organization
from accounts.permissions import Role, allows
from cloudtuner import clock


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships, and those that count now."""

    def current(self, at: datetime | None = None) -> MembershipQuerySet:
        """Those that have not expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at or clock.now()))


class Membership(models.Model):
    """A person's role in an organisation, at most one; past `expires_at` it is as if it did not exist."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    expires_at = models.DateTimeField(null=True, blank=True)
    invited_by_email = models.EmailField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="one_membership_per_person_and_organization"),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(name="auditor_membership_expires", condition=~Q(role="auditor") | Q(expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} of {self.organization_id}"

    def allows(self, permission: str) -> bool:
        """Whether this member may do it."""
        return allows(self.role, permission)


class Invitation(models.Model):
    """An offer of a role to an address, taken once, within seven days. Only the token's hash is kept."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    membership_expires_at = models.DateTimeField(null=True, blank=True)
    invited_by_email = models.EmailField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), "organization", name="one_open_invitation_per_address",
                condition=Q(accepted_at=None, revoked_at=None),
            ),
            models.CheckConstraint(name="invitation_role_known", condition=Q(role__in=Role.values)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    def is_open(self, at: datetime | None = None) -> bool:
        """Whether it can still be taken."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > (at or clock.now())


class ApiKey(models.Model):
    """A machine's way in to one organisation. The secret is shown once; its SHA-256 is kept."""

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, editable=False, help_text="The first letters, to tell keys apart.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, help_text="Permission strings.")
    created_by_email = models.EmailField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    def is_live(self, at: datetime | None = None) -> bool:
        """Whether it opens anything."""
        moment = at or clock.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > moment)

    def allows(self, permission: str) -> bool:
        """Whether the key's scopes hold it."""
        scopes: list[Any] = self.scopes
        return permission in scopes
