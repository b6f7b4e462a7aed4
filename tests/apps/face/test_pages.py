"""Every page opens, on an organisation with nothing in it, for people who may and people who may not."""

from __future__ import annotations

import re
import shutil
from importlib import resources

import pytest

from accounts.models import Organization
from accounts.services.organizations import organization_create

TENANT_PAGES = [
    "/", "/ledger/", "/ledger/?group=month&group2=service", "/bills/", "/bills/import/", "/nodes/", "/coverage/", "/efficiency/",
    "/instruments/", "/instruments/new/",
    "/records/", "/records/retire/", "/records/retirements/", "/records/approvals/",
    "/factors/", "/factors/?table=instances&q=m5", "/factors/diff/", "/docs/methodology/", "/docs/words/",
    "/certificates/", "/settings/", "/settings/members/", "/settings/roles/", "/settings/addresses/",
    "/settings/api-keys/", "/settings/audit/",
]  # fmt: skip
PUBLIC_PAGES = [
    "/",
    "/who-sees-what/",
    "/sources/",
    "/factors/",
    "/factors/?table=grid&provider=aws&q=ap-south-1",
    "/factors/diff/",
    "/docs/methodology/",
    "/docs/protocol/",
    "/verify/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
]
HANDLERS = re.compile(r"<[^>]+\s(style|on[a-z]+)=", re.IGNORECASE)


def assert_clean(html: str) -> None:
    """No style attribute and no inline handler: the policy would refuse them."""
    assert not HANDLERS.search(html), HANDLERS.search(html)
    for tag in re.findall(r"<script[^>]*>", html):
        assert "src=" in tag or 'type="application/json"' in tag, tag


@pytest.mark.parametrize("path", TENANT_PAGES)
def test_tenant_page__nothing_there_yet__opens(two_organizations, deployed, path):
    response = two_organizations[0].client().get(path)
    assert response.status_code == 200, response.content.decode()[:2000]
    assert_clean(response.content.decode())


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_public_page__nobody_logged_in__opens(public_client, path):
    response = public_client.get(path)
    assert response.status_code == 200
    assert_clean(response.content.decode())


def test_factors__address_names_a_folder_of_the_machine__is_not_there(public_client, tmp_path):
    shutil.copytree(resources.files("emissions.grid.data") / "genesis", tmp_path / "set")
    for named in (str(tmp_path / "set"), "/root", "x" * 5000):
        assert public_client.get("/factors/", {"set": named}).status_code == 404, named


@pytest.mark.parametrize("path", TENANT_PAGES)
def test_tenant_page__nobody_logged_in__asks_for_log_in(two_organizations, path):
    response = two_organizations[0].stranger().get(path)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("http://cloudtuner.localhost")
    assert "/accounts/login/" in response.headers["Location"]


@pytest.mark.parametrize("path", TENANT_PAGES)
def test_tenant_page__owner_of_another_organisation__is_told_nothing(two_organizations, path):
    one, other = two_organizations
    assert one.client(other.owner).get(path).status_code == 404


def test_audit__asked_for_entries_before_a_number_beyond_all_bounds__is_no_error(two_organizations):
    assert two_organizations[0].client().get("/settings/audit/", {"before": "9" * 5000}).status_code == 200


CHAIN_PAGES = ["/records/"]


@pytest.mark.parametrize("path", CHAIN_PAGES)
def test_chain_page__nothing_deployed__says_so(two_organizations, path):
    response = two_organizations[0].client().get(path)
    assert response.status_code == 503
    assert "No chain is connected yet" in response.content.decode()


def test_network__nothing_deployed__says_so(public_client):
    assert public_client.get("/network/").status_code == 503


def test_network__deployed_and_empty__opens(public_client, deployed):
    response = public_client.get("/network/")
    assert response.status_code == 200
    assert_clean(response.content.decode())


def test_organisation_new__no_place_ready__says_so_and_asks_again(public_client, django_user_model):
    person = django_user_model.objects.create_user("new@example.org", "correct horse battery")
    for number in range(Organization.objects.filter(state=Organization.State.SPARE).count()):
        organization_create(user=person, legal_name=f"Cedar {number}", slug=f"cedar-{number}")
    public_client.force_login(person)
    answer = public_client.post("/organisations/new/", {"legal_name": "Dogwood Works"})
    assert answer.status_code == 503
    assert "data-again" in answer.content.decode()
    assert "tries again by itself" in answer.content.decode()
