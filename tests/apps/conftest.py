"""Two organisations, always: what one has, the other must never see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.test import Client

if TYPE_CHECKING:
    from accounts.models import Organization, User


@dataclass(frozen=True)
class Tenant:
    """One of the two: the organisation, its first owner, and ways in."""

    organization: Organization
    owner: User

    @property
    def schema(self) -> str:
        return self.organization.schema_name

    @property
    def host(self) -> str:
        return f"{self.organization.slug}.cloudtuner.localhost"

    def client(self, user: User | None = None) -> Client:
        """A browser on the organisation's host, logged in as the owner or as somebody else."""
        browser = Client(headers={"host": self.host})
        browser.force_login(user or self.owner)
        return browser

    def stranger(self) -> Client:
        """A browser on the organisation's host with nobody logged in."""
        return Client(headers={"host": self.host})

    def member(self, role: str, email: str = "") -> User:
        """Somebody with a role in the organisation."""
        from accounts.models import Membership, User
        from accounts.services.memberships import expiry_for

        user = User.objects.create_user(email or f"{role}@{self.organization.slug}.example", "correct horse battery")
        Membership.objects.create(user=user, organization=self.organization, role=role, expires_at=expiry_for(role))
        return user


@pytest.fixture
def two_organizations(db: None) -> tuple[Tenant, Tenant]:
    """Aravali and Birch, each with an owner, in schemas made once per run."""
    from accounts.models import Membership, Organization

    def tenant(slug: str) -> Tenant:
        organization = Organization.objects.get(slug=slug)
        owner = Membership.objects.select_related("user").get(organization=organization, role="owner").user
        return Tenant(organization, owner)

    return tenant("aravali"), tenant("birch")


@pytest.fixture
def public_client(db: None) -> Client:
    """A browser on the base host with nobody logged in."""
    return Client(headers={"host": "cloudtuner.localhost"})


@pytest.fixture(autouse=True)
def _nothing_remembered(request: pytest.FixtureRequest) -> None:
    """What the process remembers of hosts, schemas and rate limits belongs to no test."""
    from django.core.cache import cache
    from django.db import connection

    from cloudtuner import hosts, tenancy

    hosts.forget_hosts()
    tenancy.forget_tenants()
    cache.clear()
    connection.set_schema_to_public()


@pytest.fixture
def owner_execute(test_database: Any) -> Callable[..., None]:
    """Runs statements as the owner of the tables, on a connection of its own that commits each."""

    def execute(*statements: str) -> None:
        with psycopg.connect(test_database.url("owner"), autocommit=True) as owner:
            for statement in statements:
                owner.execute(statement)

    return execute
