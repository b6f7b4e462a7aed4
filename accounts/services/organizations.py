"""Making an organisation: a spare with its schema ready is given a name, a host and an owner, in one transaction."""

from __future__ import annotations

import re
import unicodedata
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import audit
from accounts.models import Domain, Membership, Organization, User
from accounts.models.organization import RESERVED_SLUGS, SLUG
from accounts.permissions import Role
from cloudtuner import clock, locks
from cloudtuner.errors import ServiceError


class NoSpareOrganization(ServiceError):
    """All prepared organisations are taken; the next is being prepared."""

    code = "organization.no_spare"
    retryable = True


def slug_for(legal_name: str) -> str:
    """A host name proposed for a legal name; it may be taken already.

    >>> slug_for("Aravali Components Pvt. Ltd.")
    'aravali-components'
    """
    plain = unicodedata.normalize("NFKD", legal_name).encode("ascii", "ignore").decode().lower()
    words = [
        word for word in re.findall(r"[a-z0-9]+", plain) if word not in {"pvt", "ltd", "private", "limited", "inc", "llp", "gmbh"}
    ]
    slug = "-".join(words)[:40].strip("-")
    return slug if re.fullmatch(SLUG, slug) and slug not in RESERVED_SLUGS else f"org-{slug}"[:40].strip("-")


def organization_create(*, user: User, legal_name: str, slug: str) -> Organization:
    """Gives a spare organisation its name, its host and its first owner. Well under a second: no table is made.

    Raises ServiceError when the name or the address cannot be used or the person owns as many as one may
    (`organization.too_many`), NoSpareOrganization (retryable) when every prepared organisation is taken.
    """
    name = " ".join(legal_name.split())
    slug = slug.strip().lower()
    if not 2 <= len(name) <= 200:
        raise ServiceError("The legal name has 2 to 200 letters.", code="organization.name_length", where="legal_name")
    if not re.fullmatch(SLUG, slug):
        raise ServiceError(
            "The address has 3 to 40 small letters, digits and hyphens, and starts and ends with a letter or digit.",
            code="organization.slug_form", where="slug",
        )  # fmt: skip
    if slug in RESERVED_SLUGS:
        raise ServiceError(
            f"The address {slug!r} is kept for the platform. Choose another.", code="organization.slug_reserved", where="slug"
        )
    try:
        with transaction.atomic():
            _need_room(user)
            return _claim_spare(user, name, slug)
    except IntegrityError as error:
        if "slug" not in str(error) and "domain" not in str(error):
            raise
        raise ServiceError(
            f"The address {slug!r} is taken. Choose another.", code="organization.slug_taken", where="slug"
        ) from None


def _need_room(user: User) -> None:
    # Two sign-ups of one person at once are counted one after the other.
    locks.acquire(f"organizations-of:{user.pk}")
    most = settings.OWNED_ORGANIZATIONS
    if Membership.objects.current().filter(user=user, role=Role.OWNER).count() >= most:
        raise ServiceError(
            f"You own {most} organisations, as many as one person may.",
            code="organization.too_many",
            hint="Hand one over to another Owner, or ask the platform's staff.",
        )


def _claim_spare(user: User, name: str, slug: str) -> Organization:
    # Skipping locked rows lets two sign-ups at once take two spares instead of waiting for each other.
    spares = Organization.objects.filter(state=Organization.State.SPARE).order_by("created_at")
    spare: Organization | None = spares.select_for_update(skip_locked=True).first()
    if spare is None:
        raise NoSpareOrganization("Your organisation's space is being prepared.", hint="Try again in a few seconds.")
    spare.legal_name, spare.slug = name, slug
    spare.state, spare.activated_at = Organization.State.ACTIVE, clock.now()
    spare.save(update_fields=["legal_name", "slug", "state", "activated_at"])
    Domain.objects.create(domain=f"{slug}.{settings.BASE_DOMAIN}", tenant=spare, is_primary=True)
    Membership.objects.create(user=user, organization=spare, role=Role.OWNER)
    audit.record(organization=spare, actor=user, action="organization.created", target=slug, details={"legal_name": name})
    return spare


@transaction.atomic
def organization_set_state(*, actor: User, organization_uuid: UUID | str, state: str) -> Organization:
    """Suspends an active organisation (its host answers 404, its rows stay) or opens a suspended one again.

    For the platform's staff. Raises ServiceError for any other change of state.
    """
    organization: Organization = Organization.objects.select_for_update().get(uuid=organization_uuid)
    allowed = {Organization.State.ACTIVE: Organization.State.SUSPENDED, Organization.State.SUSPENDED: Organization.State.ACTIVE}
    if allowed.get(Organization.State(organization.state)) != state:
        raise ServiceError(f"{organization} is {organization.state}; it cannot become {state}.", code="organization.state")
    before, organization.state = organization.state, state
    organization.save(update_fields=["state"])
    audit.record(organization=organization, actor=actor, action="organization.state", details={"from": before, "to": state})
    return organization
