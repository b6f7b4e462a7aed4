"""How a developer comes by an API key: the owner makes it on a page that shows it once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import URLResolver, get_resolver

from accounts.models import ApiKey, AuditEntry
from accounts.permissions import API_SCOPES, Role
from accounts.services import api_key_create
from cloudtuner import clock

PAGE = "/settings/api-keys/"
CALLER = "/api/v1/caller"
SECRET = re.compile(r"data-secret>(ct_[\w-]+)<")


def test_page__owner_makes_a_key__shows_it_once_and_keeps_its_hash(two_organizations):
    a, _ = two_organizations
    browser = a.client()
    answer = browser.post(PAGE, {"name": "Warehouse export", "scopes": ["certificate.view"], "days": "90"})
    (secret,) = SECRET.findall(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    told = a.stranger().get(CALLER, headers={"authorization": f"Bearer {secret}"}).json()
    assert told["permissions"] == ["certificate.view"]
    key = ApiKey.objects.get(organization=a.organization)
    assert secret not in " ".join(str(value) for value in vars(key).values())
    assert timedelta(days=89) < key.expires_at - clock.now() <= timedelta(days=90)
    again = browser.get(PAGE).content.decode()
    assert secret not in again
    assert "Warehouse export" in again
    assert key.prefix in again


def test_page__key_revoked__opens_nothing_and_is_told(two_organizations):
    a, b = two_organizations
    key, secret = api_key_create(actor=a.owner, organization=a.organization, name="pipeline", scopes=["certificate.view"])
    revoke = f"{PAGE}{key.uuid}/revoke/"
    assert "This key is not live." in b.client().post(revoke, follow=True).content.decode(), "another organisation's owner"
    bearer = {"authorization": f"Bearer {secret}"}
    assert a.stranger().get(CALLER, headers=bearer).status_code == 200
    answer = a.client().post(revoke, follow=True).content.decode()
    assert "The key was revoked" in answer
    assert revoke not in answer
    assert a.stranger().get(CALLER, headers=bearer).status_code == 401
    told = AuditEntry.objects.filter(organization_uuid=a.organization.uuid, action__startswith="api_key.")
    assert list(told.order_by("seq").values_list("action", flat=True)) == ["api_key.created", "api_key.revoked"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": " ", "scopes": ["certificate.view"]}, "This field is required."),
        ({"name": "x"}, "This field is required."),
        ({"name": "x", "scopes": ["member.manage"]}, "member.manage is not one of the available choices."),
        ({"name": "x", "scopes": ["certificate.view"], "days": "9999999"}, "9999999 is not one of the available choices."),
    ],
)
def test_page__something_missing_or_strange__makes_no_key(two_organizations, sent, said):
    answer = two_organizations[0].client().post(PAGE, sent)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role.values if role != Role.OWNER])
def test_page__no_owner__is_refused_both_ways(two_organizations, role):
    a, _ = two_organizations
    browser = a.client(a.member(role))
    assert browser.get(PAGE).status_code == 403
    assert browser.post(PAGE, {"name": "x", "scopes": ["certificate.view"]}).status_code == 403
    assert PAGE not in browser.get("/settings/").content.decode()
    assert not ApiKey.objects.exists()


def test_scopes__offered__are_what_the_endpoints_ask_for():
    asked = {
        permission.required_permission
        for view in _api_views(get_resolver("cloudtuner.urls_tenant"))
        for permission in (kind() for kind in view.permission_classes)
    }
    assert asked - {"member"} == set(API_SCOPES)


def _api_views(resolver: URLResolver) -> list[type]:
    found = []
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            found += _api_views(entry)
        elif hasattr(entry.callback, "cls"):
            init = getattr(entry.callback, "initkwargs", {})
            found.append(type(entry.callback.cls.__name__, (entry.callback.cls,), init))
    return found
