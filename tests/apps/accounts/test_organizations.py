"""Sign-up's heart: a spare becomes an organisation."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from accounts import audit
from accounts.models import AuditEntry, Membership, Organization, OrganizationKey, User
from accounts.services import organization_create, slug_for
from cloudtuner.errors import ServiceError


@pytest.fixture
def newcomer(db):
    return User.objects.create_user("new@cedar.example", "correct horse battery")


def test_organization__created__has_host_owner_keys_and_note(newcomer):
    begun = time.monotonic()
    organization = organization_create(user=newcomer, legal_name="  Cedar   Works ", slug="Cedar")
    seconds = time.monotonic() - begun

    assert (organization.legal_name, organization.slug, organization.state) == ("Cedar Works", "cedar", "ACTIVE")
    assert organization.get_primary_domain().domain == "cedar.cloudtuner.localhost"
    assert Membership.objects.get(organization=organization).role == "owner"
    assert set(OrganizationKey.objects.filter(organization=organization).values_list("purpose", flat=True)) == {
        "report",
        "wallet",
    }
    assert AuditEntry.objects.get(organization_uuid=organization.uuid).action == "organization.created"
    assert audit.verify_chain(organization.uuid) is None
    assert seconds < 1


def test_organization__no_spare_left__is_refused_for_now(newcomer):
    organization_create(user=newcomer, legal_name="Cedar", slug="cedar")
    with pytest.raises(ServiceError) as refused:
        organization_create(user=newcomer, legal_name="Dogwood", slug="dogwood")
    assert (refused.value.code, refused.value.retryable) == ("organization.no_spare", True)


def test_organization__owns_as_many_as_one_may__is_told_what_to_do(newcomer, settings):
    settings.OWNED_ORGANIZATIONS = 1
    organization_create(user=newcomer, legal_name="Cedar", slug="cedar")
    with pytest.raises(ServiceError) as refused:
        organization_create(user=newcomer, legal_name="Dogwood", slug="dogwood")
    assert (refused.value.code, refused.value.retryable) == ("organization.too_many", False)
    assert "You own 1" in refused.value.message
    assert "Hand one over" in refused.value.hint


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        ("aravali", "organization.slug_taken"),
        ("admin", "organization.slug_reserved"),
        ("a", "organization.slug_form"),
        ("has space", "organization.slug_form"),
        ("-cedar", "organization.slug_form"),
        ("ünder", "organization.slug_form"),
        ("cedar\n", "organization.created"),
    ],
)
def test_slug__unusable__is_named(newcomer, slug, code):
    if code == "organization.created":
        assert organization_create(user=newcomer, legal_name="Cedar", slug=slug).slug == "cedar"
        return
    with pytest.raises(ServiceError) as refused:
        organization_create(user=newcomer, legal_name="Cedar", slug=slug)
    assert refused.value.code == code
    assert Organization.objects.filter(state="SPARE").count() == 1


def test_slug_for__legal_names__proposes_a_host():
    assert slug_for("Aravali Components Pvt. Ltd.") == "aravali-components"
    assert slug_for("Admin") == "org-admin"
    assert slug_for("अरावली") == "org"


def test_host__of_an_organization__answers_and_unknown_host_says_how_on(two_organizations):
    a, _ = two_organizations
    assert a.client().get("/api/v1/caller").json()["legal_name"] == "Aravali Components"
    lost = Client(headers={"host": "nobody.cloudtuner.localhost"}).get("/")
    assert lost.status_code == 404
    assert "nobody.cloudtuner.localhost" in lost.content.decode()
