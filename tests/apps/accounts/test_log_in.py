"""Signing up and logging in, as a browser does it."""

from __future__ import annotations

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Membership, User

LOGIN, SIGNUP = "/accounts/login/", "/accounts/signup/"


@pytest.fixture
def visitor(two_organizations):
    return Client(headers={"host": "cloudtuner.localhost"})


def test_sign_up__then_name_an_organization__lands_in_it(visitor):
    done = visitor.post(SIGNUP, {"email": "New@Cedar.example", "password1": "correct horse battery"})
    assert (done.status_code, done.url) == (302, "http://cloudtuner.localhost:8000/")
    user = User.objects.get(email="new@cedar.example")
    assert not user.is_staff
    page = visitor.post("/organisations/new/", {"legal_name": "Cedar Works", "slug": "cedar"})
    assert page.url.startswith("http://cedar.cloudtuner.localhost:8000/")
    assert Membership.objects.get(user=user).role == "owner"


def test_sign_up__weak_password__is_refused(visitor):
    for password in ("short", "password1234", "new@cedar.example"):
        assert visitor.post(SIGNUP, {"email": "new@cedar.example", "password1": password}).status_code == 200
    assert not User.objects.filter(email="new@cedar.example").exists()


def test_log_in__any_case_of_the_address__lands_where_the_work_is(visitor, two_organizations):
    done = visitor.post(LOGIN, {"login": "OWNER@Aravali.example", "password": "correct horse battery"})
    assert done.url == "http://aravali.cloudtuner.localhost:8000/"
    # With two organisations there is a choice to make.
    a, b = two_organizations
    Membership.objects.create(user=a.owner, organization=b.organization, role="viewer")
    again = Client(headers={"host": "cloudtuner.localhost"})
    assert again.post(LOGIN, {"login": "owner@aravali.example", "password": "correct horse battery"}).url == (
        "http://cloudtuner.localhost:8000/"
    )


@pytest.mark.parametrize(
    ("back", "lands"),
    [
        ("http://aravali.cloudtuner.localhost:8000/bills/", "http://aravali.cloudtuner.localhost:8000/bills/"),
        ("http://evil.example/", "http://aravali.cloudtuner.localhost:8000/"),
        ("//evil.example/", "http://aravali.cloudtuner.localhost:8000/"),
    ],
)
def test_log_in__with_a_way_back__follows_only_our_own(visitor, back, lands):
    form = {"login": "owner@aravali.example", "password": "correct horse battery", "next": back}
    assert visitor.post(LOGIN, form).url == lands


def test_log_in__wrong_or_unknown__says_the_same(visitor):
    wrong = visitor.post(LOGIN, {"login": "owner@aravali.example", "password": "wrong"})
    unknown = visitor.post(LOGIN, {"login": "nobody@aravali.example", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 200
    said = [answer.context["form"].non_field_errors() for answer in (wrong, unknown)]
    assert said[0]
    assert said[0] == said[1]


def test_log_in__tried_too_often__is_stopped(visitor):
    for _ in range(12):
        visitor.post(LOGIN, {"login": "owner@aravali.example", "password": "wrong"})
    # Now the right one does not open either.
    visitor.post(LOGIN, {"login": "owner@aravali.example", "password": "correct horse battery"})
    assert "_auth_user_id" not in visitor.session


def test_password_reset__unknown_address__says_the_same(visitor):
    for address in ("owner@aravali.example", "nobody@aravali.example"):
        assert visitor.post("/accounts/password/reset/", {"email": address}).url == "/accounts/password/reset/done/"
    assert len(mail.outbox) == 2


def test_session__of_one_log_in__serves_every_host_of_the_person(visitor, two_organizations):
    a, b = two_organizations
    visitor.post(LOGIN, {"login": "owner@aravali.example", "password": "correct horse battery"})
    assert visitor.get("/api/v1/caller", headers={"host": a.host}).status_code == 200
    assert visitor.get("/api/v1/caller", headers={"host": b.host}).status_code == 404
    visitor.post("/accounts/logout/")
    assert visitor.get("/api/v1/caller", headers={"host": a.host}).status_code == 401
