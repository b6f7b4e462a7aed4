"""The platform's admin: staff only, on its own host, with nothing in it that edits a figure."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.grants import append_only_tables
from accounts.models import User
from cloudtuner import clock
from cloudtuner.models import TaskRun

HOST = {"host": "admin.cloudtuner.localhost"}


@pytest.fixture
def staff(two_organizations):
    return User.objects.create_superuser("staff@cloudtuner.example", "correct horse battery")


def _browser(user=None) -> Client:
    browser = Client(headers=HOST)
    if user is not None:
        browser.force_login(user)
    return browser


def test_admin__stranger_or_customer__does_not_get_in(two_organizations):
    a, _ = two_organizations
    away = _browser().get("/")
    assert away.status_code == 302
    assert "/login/" in away.url
    at_login = _browser().get(away.url)
    assert at_login.url.startswith("http://cloudtuner.localhost:8000/accounts/login/?next=http%3A%2F%2Fadmin.")
    assert _browser(a.owner).get("/").status_code == 302
    assert _browser(a.owner).get("/login/").url == "http://cloudtuner.localhost:8000/"


def test_admin__staff_back_from_the_log_in__reach_the_page_they_asked_for(staff, two_organizations):
    a, _ = two_organizations
    browser = _browser(staff)
    assert browser.get("/login/?next=/accounts/user/").url == "/accounts/user/"
    assert browser.get("/login/?next=https://elsewhere.example/").url == "/"
    # The whole way round ends; a loop between the two hosts would raise.
    assert browser.get("/login/?next=/", follow=True).status_code == 200
    assert _browser(a.owner).get("/login/?next=/", follow=False).url == "http://cloudtuner.localhost:8000/"


def test_admin__its_sidebar__names_the_product_and_every_list(staff):
    page = _browser(staff).get("/").content.decode()
    assert "CloudTuner platform" in page
    for model in admin.site._registry:
        if model._meta.app_label in {"accounts", "emissions_register", "tokens_network", "certificates_register", "cloudtuner"}:
            assert f'href="/{model._meta.app_label}/{model._meta.model_name}/"' in page


def test_admin__organisation_with_failed_tasks__says_how_many_and_leads_to_them(staff, two_organizations):
    a, _ = two_organizations
    for state in ("FAILED", "FAILED", "DONE"):
        TaskRun.objects.create(name="emissions.tasks.upload_ingest", schema=a.schema, state=state, started_at=clock.now())
    browser = _browser(staff)
    listed = browser.get("/accounts/organization/").content.decode()
    address = f"/cloudtuner/taskrun/?q={a.schema}&amp;state__exact=FAILED"
    assert f'<a href="{address}">2</a>' in listed
    assert browser.get(address.replace("&amp;", "&")).content.decode().count("upload_ingest</a>") in (2, 4)


def test_admin__is_on_no_other_host(staff, two_organizations):
    a, _ = two_organizations
    for host in ("cloudtuner.localhost", a.host):
        browser = Client(headers={"host": host})
        browser.force_login(staff)
        assert browser.get("/accounts/organization/").status_code == 404
    # Staff have no way into an organisation by being staff.
    assert Client(headers={"host": a.host}).get("/").status_code == 302
    inside = Client(headers={"host": a.host})
    inside.force_login(staff)
    assert inside.get("/").status_code == 404


def test_admin__without_second_factor__stays_shut_where_it_is_asked_for(staff, settings):
    settings.ADMIN_REQUIRES_MFA = True
    assert _browser(staff).get("/").status_code == 302


@pytest.mark.slow
def test_admin__every_list__opens_and_changes_nothing(staff):
    browser = _browser(staff)
    assert browser.get("/").status_code == 200
    append_only = set(append_only_tables("public"))
    for model, shown in admin.site._registry.items():
        config = apps.get_app_config(model._meta.app_label)
        assert config.name not in settings.TENANT_APPS, f"{model} lives in organisations' schemas"
        request = browser.get("/").wsgi_request
        ours = model.__module__.partition(".")[0] in {"cloudtuner", "accounts", "emissions", "tokens", "certificates"}
        if ours or model._meta.db_table in append_only:
            assert not shown.has_add_permission(request), model
            assert not shown.has_change_permission(request), model
            assert not shown.has_delete_permission(request), model
        page = browser.get(f"/{model._meta.app_label}/{model._meta.model_name}/")
        assert page.status_code == 200, model


def test_admin__shows_no_secret_hash(staff):
    page = _browser(staff).get(f"/accounts/user/{staff.pk}/change/")
    assert page.status_code == 200
    assert staff.password not in page.content.decode()


def test_admin__suspends_and_opens_an_organization(staff, two_organizations):
    a, _ = two_organizations
    form = {"action": "suspend", "_selected_action": [str(a.organization.pk)]}
    assert _browser(staff).post("/accounts/organization/", form).status_code == 302
    a.organization.refresh_from_db()
    assert a.organization.state == "SUSPENDED"
    assert a.client().get("/").status_code == 404


def test_admin__staff_who_may_only_look__suspend_nothing(two_organizations):
    a, _ = two_organizations
    onlooker = User.objects.create_user("look@cloudtuner.example", "correct horse battery", is_staff=True)
    onlooker.user_permissions.add(Permission.objects.get(codename="view_organization"))
    browser = _browser(onlooker)
    assert browser.get("/accounts/organization/").status_code == 200
    browser.post("/accounts/organization/", {"action": "suspend", "_selected_action": [str(a.organization.pk)]})
    a.organization.refresh_from_db()
    assert a.organization.state == "ACTIVE"
