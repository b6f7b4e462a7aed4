"""Which organisation, in which schema, on which host."""

from __future__ import annotations

import uuid

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django_tenants.models import DomainMixin, TenantMixin

from cloudtuner import clock

# Names of hosts that are ours, or that people would take for ours.
RESERVED_SLUGS = frozenset(
    {
        "admin", "api", "app", "assets", "auth", "billing", "blog", "certificates", "cloudtuner", "docs", "example", "help",
        "localhost", "login", "mail", "network", "public", "registry", "root", "security", "static", "status", "support",
        "test", "verify", "www",
    }
)  # fmt: skip
SLUG = r"^[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])$"


class Organization(TenantMixin):  # type: ignore[misc] # the library is untyped
    """An organisation and the schema that holds its rows.

    A spare has a schema and no name; sign-up gives it one. The schema's name never changes: it is drawn at random and
    tells nothing, so that a new name or slug of the organisation moves no table.
    """

    class State(models.TextChoices):
        """Where the organisation is in its life."""

        SPARE = "SPARE"
        ACTIVE = "ACTIVE"
        SUSPENDED = "SUSPENDED"
        CLOSED = "CLOSED"

    # Schemas are made by the owner role in a process of their own, never while a row is saved.
    auto_create_schema = False
    auto_drop_schema = False

    uuid = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=40, unique=True, null=True, validators=[RegexValidator(SLUG)])
    legal_name = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.SPARE)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    activated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organization_named_unless_spare",
                condition=Q(state="SPARE", slug=None, legal_name="")
                | (~Q(state="SPARE") & Q(slug__regex=SLUG) & ~Q(legal_name="")),
            ),
            models.CheckConstraint(name="organization_schema_is_drawn", condition=Q(schema_name__regex=r"^org_[0-9a-f]{16}$")),
        ]

    def __str__(self) -> str:
        return self.legal_name or f"spare {self.schema_name}"


class Domain(DomainMixin):  # type: ignore[misc] # the library is untyped
    """A host on which an organisation's pages answer."""


def draw_schema_name() -> str:
    """A new schema name: `org_` and sixteen random hex digits."""
    return f"org_{uuid.uuid4().hex[:16]}"
