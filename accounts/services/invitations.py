"""Inviting somebody: a letter with a link that works once, for seven days, for the address it was sent to."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.validators import validate_email
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Invitation, Membership, Organization, User
from accounts.permissions import SUMMARIES, Role
from accounts.services.memberships import expiry_for
from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError
from cloudtuner.origins import base_url


def token_hash(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain hash cannot be searched."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def invitation_create(
    *, actor: User, organization: Organization, email: str, role: str, membership_expires_at: datetime | None = None
) -> tuple[Invitation, str]:
    """Invites an address; returns the invitation and its token, which is not kept. An open one to it is revoked.

    The letter goes out after the commit. One that cannot be sent is logged and undoes nothing: the link is still there
    to be given by hand.

    Raises ServiceError for an unusable address, an unknown role, or somebody who is a member already.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise ServiceError(f"{email!r} is no e-mail address.", code="invitation.email", where="email") from None
    if role not in Role.values:
        raise ServiceError(f"{role!r} is no role.", code="member.role_unknown", where="role")
    locks.acquire(f"members:{organization.uuid}")
    if Membership.objects.current().filter(organization=organization, user__email=address).exists():
        raise ServiceError(f"{address} is a member already.", code="invitation.member_already", where="email")
    now = clock.now()
    Invitation.objects.filter(organization=organization, email=address, accepted_at=None, revoked_at=None).update(revoked_at=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organization=organization, email=address, role=role, token_hash=token_hash(token), invited_by_email=actor.email,
        membership_expires_at=membership_expires_at, expires_at=now + settings.INVITATION_LIFETIME,
    )  # fmt: skip
    audit.record(organization=organization, actor=actor, action="member.invited", target=address, details={"role": role})
    transaction.on_commit(lambda: _send_letter(invitation, token), robust=True)
    return invitation, token


def invitation_link(token: str) -> str:
    """Where an invitation is taken: a page on the base host."""
    return base_url(reverse("public:invitation", urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=[token]))


def _send_letter(invitation: Invitation, token: str) -> None:
    context = {
        "invitation": invitation,
        "role_summary": SUMMARIES[Role(invitation.role)],
        "link": invitation_link(token),
        "until": invitation.expires_at.strftime("%Y-%m-%d %H:%M UTC"),
    }
    # A subject is one line, whatever a name holds.
    name = " ".join(invitation.organization.legal_name.split())
    subject = _("Invitation to %(organisation)s on CloudTuner") % {"organisation": name}
    send_mail(subject, render_to_string("accounts/letters/invitation.txt", context), None, [invitation.email])


@transaction.atomic
def invitation_accept(*, user: User, token: str) -> Membership:
    """Takes an invitation: the person must be logged in with the address it was sent to.

    Raises ServiceError with one and the same text for a token that is unknown, used, revoked or past its day, and for
    somebody who is a member already.
    """
    named = Invitation.objects.filter(token_hash=token_hash(token))
    # Before the row, as whoever invites takes them.
    for organization_uuid in named.values_list("organization__uuid", flat=True):
        locks.acquire(f"members:{organization_uuid}")
    invitation = named.select_for_update(of=("self",)).select_related("organization").first()
    if invitation is None or not invitation.is_open() or invitation.organization.state != Organization.State.ACTIVE:
        raise ServiceError("This invitation cannot be used any more. Ask for a new one.", code="invitation.not_open")
    if invitation.email != user.email:
        raise ServiceError("This invitation was sent to another address. Log in with that one.", code="invitation.other_address")
    if Membership.objects.current().filter(user=user, organization=invitation.organization).exists():
        # Under an address taken since. The only owner would come out as whatever the invitation says.
        raise ServiceError("You are a member already. An Owner can change your role.", code="invitation.member_already")
    now = clock.now()
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    membership, _ = Membership.objects.update_or_create(
        user=user,
        organization=invitation.organization,
        defaults={
            "role": invitation.role,
            "expires_at": expiry_for(invitation.role, invitation.membership_expires_at),
            "invited_by_email": invitation.invited_by_email,
        },
    )
    audit.record(
        organization=invitation.organization, actor=user, action="member.joined", target=user.email,
        details={"role": invitation.role, "invited_by": invitation.invited_by_email},
    )  # fmt: skip
    return membership


@transaction.atomic
def invitation_revoke(*, actor: User, organization: Organization, invitation_uuid: str) -> None:
    """Takes an invitation back. Raises ServiceError when it is not open."""
    changed = Invitation.objects.filter(
        organization=organization, uuid=invitation_uuid, accepted_at=None, revoked_at=None
    ).update(revoked_at=clock.now())
    if not changed:
        raise ServiceError("This invitation is not open.", code="invitation.not_open")
    audit.record(organization=organization, actor=actor, action="member.invitation_revoked", target=str(invitation_uuid))
