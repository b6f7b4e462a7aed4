"""Who may see a page: the membership counts now, the role decides, strangers learn nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from accounts.access import permission_required
from accounts.models import Membership
from accounts.permissions import ALL, PERMISSIONS, Role, allows
from accounts.services import api_key_create, api_key_revoke
from cloudtuner import clock

CALLER = "/api/v1/caller"


def test_roles__are_bundles_of_known_permissions():
    assert set(PERMISSIONS) == set(Role.values)
    assert PERMISSIONS[Role.OWNER] == ALL
    for permissions in PERMISSIONS.values():
        assert permissions <= ALL
    assert not PERMISSIONS[Role.CONNECTOR] & {"ledger.view", "claim.view"}
    assert not allows(Role.ANALYST, "retire.approve")
    with pytest.raises(ValueError, match="no permission"):
        allows(Role.OWNER, "everything")
    with pytest.raises(ValueError, match="no permission"):
        permission_required("everything")


def test_session__of_a_member__opens_only_their_own_host(two_organizations):
    a, b = two_organizations
    assert a.client().get(CALLER).json()["caller"] == "owner@aravali.example"
    assert b.client(a.owner).get(CALLER).status_code == 404
    # One session cookie serves all hosts; the membership is what differs.
    browser = a.client()
    assert browser.get(CALLER).status_code == 200
    assert browser.get(CALLER, headers={"host": b.host}).status_code == 404


def test_membership__expired_or_removed_or_inactive__ends_at_the_next_request(two_organizations):
    a, _ = two_organizations
    auditor = a.member("auditor")
    browser = a.client(auditor)
    assert browser.get(CALLER).json()["permissions"] == sorted(PERMISSIONS["auditor"])
    Membership.objects.filter(user=auditor).update(expires_at=clock.now() - timedelta(seconds=1))
    assert browser.get(CALLER).status_code == 404
    Membership.objects.filter(user=auditor).update(expires_at=clock.now() + timedelta(days=1))
    assert browser.get(CALLER).status_code == 200
    auditor.is_active = False
    auditor.save()
    assert browser.get(CALLER).status_code == 401


def test_page__without_log_in__goes_to_log_in_and_back(two_organizations):
    a, _ = two_organizations
    answer = a.stranger().get("/bills/?page=2")
    assert answer.status_code == 302
    assert answer.url == (
        "http://cloudtuner.localhost:8000/accounts/login/?next=http%3A%2F%2Faravali.cloudtuner.localhost%2Fbills%2F%3Fpage%3D2"
    )


def test_page__role_does_not_suffice__says_403(two_organizations):
    a, _ = two_organizations
    assert a.client(a.member("viewer")).get("/settings/audit/").status_code == 403
    assert a.client().get("/settings/audit/").status_code == 200


def test_decorator__unknown_tenant__is_404(two_organizations):
    a, _ = two_organizations
    request = RequestFactory().get("/")
    request.user, request.tenant = a.owner, None
    from django.http import Http404

    with pytest.raises(Http404):
        permission_required("ledger.view")(lambda _: HttpResponse())(request)


def test_api__without_credentials__is_401_as_a_problem(two_organizations):
    a, _ = two_organizations
    answer = a.stranger().get(CALLER)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    problem = answer.json()
    assert problem["code"] == "not_authenticated"
    assert problem["request_id"] == answer["X-Request-Id"]
    assert answer["WWW-Authenticate"] == "Bearer"


def test_api_key__opens_its_own_organization_with_its_scopes_until_revoked(two_organizations):
    a, b = two_organizations
    key, secret = api_key_create(actor=a.owner, organization=a.organization, name="pipeline", scopes=["ledger.view"])
    assert secret not in str(key.__dict__)
    bearer = {"authorization": f"Bearer {secret}"}
    assert a.stranger().get(CALLER, headers=bearer).json()["permissions"] == ["ledger.view"]
    for headers in (bearer | {"authorization": "Bearer"}, {"authorization": "Bearer ct_wrong"}, {"authorization": "Bearer é x"}):
        assert a.stranger().get(CALLER, headers=headers).status_code == 401
    assert b.stranger().get(CALLER, headers=bearer).json()["code"] == "api_key.unknown"
    key.refresh_from_db()
    assert key.last_used_at is not None
    api_key_revoke(actor=a.owner, organization=a.organization, key_uuid=str(key.uuid))
    assert a.stranger().get(CALLER, headers=bearer).status_code == 401


def test_schema__of_the_api__is_openapi_31(two_organizations):
    a, _ = two_organizations
    answer = a.client().get("/api/v1/schema", headers={"accept": "application/vnd.oai.openapi+json"})
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.1")
    assert "/api/v1/caller" in answer.json()["paths"]
