"""Whose host it is, and what every answer carries."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client, RequestFactory

from accounts.models import User
from cloudtuner import hosts
from cloudtuner.middleware import TenantMiddleware
from cloudtuner.origins import is_our_url, login_url
from cloudtuner.tenancy import current_schema


def test_hosts__public_ones__answer_without_an_organization(two_organizations):
    for host in ("cloudtuner.localhost", "cloudtuner.localhost:8000", "127.0.0.1", "127.0.0.1:8000"):
        answer = Client(headers={"host": host}).get("/")
        assert answer.status_code == 200, host
        assert answer.wsgi_request.tenant is None
    assert Client(headers={"host": "evil.example"}).get("/").status_code == 400
    assert Client(headers={"host": "nobody.cloudtuner.localhost"}).get("/accounts/login/").status_code == 404


def test_host__asked_twice__asks_the_database_once(two_organizations, django_assert_num_queries):
    a, _ = two_organizations
    with django_assert_num_queries(1):
        assert hosts.organization_at(a.host).pk == a.organization.pk
        assert hosts.organization_at(a.host).pk == a.organization.pk
    a.organization.legal_name = "Aravali Renamed"
    a.organization.save()
    assert hosts.organization_at(a.host).legal_name == "Aravali Renamed", "a save is seen at once"


def test_host__remembered__is_not_shared_between_requests(two_organizations):
    a, _ = two_organizations
    first = a.client().get("/api/v1/caller").wsgi_request.tenant
    second = a.client().get("/api/v1/caller").wsgi_request.tenant
    assert first == second
    assert first is not second


def test_hosts__many_strangers__do_not_fill_the_memory(two_organizations, monkeypatch):
    monkeypatch.setattr(hosts, "REMEMBER_HOSTS", 10)
    for number in range(50):
        assert hosts.organization_at(f"x{number}.cloudtuner.localhost") is None
    assert len(hosts._remembered) <= 10


@pytest.mark.parametrize("address", ["/ledger/?account=%00", "/a%00b/"])
def test_address__holds_a_nul__is_refused_and_told(two_organizations, address):
    a, _ = two_organizations
    answer = a.client().get(address)
    assert answer.status_code == 400
    assert b"%00" in answer.content
    assert a.client().get(address.replace("%00", "%2500")).status_code in (200, 404)


def test_request__ends__leaves_no_schema_open(two_organizations):
    a, _ = two_organizations
    a.client().get("/api/v1/caller")
    assert current_schema() == "public"
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        assert cursor.fetchone() == ("public",)


def test_streamed_answer__is_made_with_the_organization_open(two_organizations):
    a, _ = two_organizations

    def answer(request) -> StreamingHttpResponse:
        return StreamingHttpResponse(current_schema() for _ in range(2))

    request = RequestFactory().get("/", headers={"host": a.host})
    response = TenantMiddleware(answer)(request)
    assert current_schema() == "public"
    assert list(response) == [a.schema.encode()] * 2
    assert current_schema() == "public"


def test_policy__of_our_pages__allows_nothing_inline(two_organizations):
    a, _ = two_organizations
    answers = [a.client().get("/"), Client(headers={"host": "cloudtuner.localhost"}).get("/accounts/login/")]
    nonces = []
    for answer in answers:
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "style-src 'self';" in policy
        nonces.append(re.search(r"script-src 'self' 'nonce-([\w-]{20,})'", policy)[1])
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer["Permissions-Policy"]
    assert len(nonces) == 2
    assert all(
        nonce in answer.content.decode() for nonce, answer in zip(sorted(nonces), sorted(answers, key=_nonce), strict=True)
    )


def _nonce(answer) -> str:
    return re.search(r"'nonce-([\w-]+)'", answer["Content-Security-Policy"])[1]


def test_request_id__given_or_made__is_on_every_answer(two_organizations):
    browser = Client(headers={"host": "cloudtuner.localhost"})
    assert browser.get("/", headers={"x-request-id": "caller-chose-this-1"})["X-Request-Id"] == "caller-chose-this-1"
    assert re.fullmatch(r"[0-9a-f]{32}", browser.get("/", headers={"x-request-id": "no\tgood"})["X-Request-Id"])


@pytest.mark.parametrize("host", ["cloudtuner.localhost", "10.0.0.7", "anything.example"])
def test_health__any_host__answers(two_organizations, host):
    browser = Client(headers={"host": host})
    assert browser.get("/healthz").content == b"ok\n"
    ready = browser.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "parts": {"database": "ok", "cache": "ok"}})


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("/bills/", True),
        ("http://cloudtuner.localhost:8000/x", True),
        ("http://aravali.cloudtuner.localhost:8000/x?y=1", True),
        ("//evil.example/x", False),
        ("/\\evil.example", False),
        ("http://evil.example/", False),
        ("http://evilcloudtuner.localhost:8000/", False),
        ("http://cloudtuner.localhost.evil.example/", False),
        ("http://cloudtuner.localhost:9999/", False),
        ("http://x@cloudtuner.localhost:8000/", False),
        ("https://cloudtuner.localhost:8000/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_link__back_to_us__is_told_from_one_that_leads_away(url, ours):
    assert is_our_url(url) is ours


def test_login_link__after_a_post__leads_to_the_start(two_organizations, rf, settings):
    settings.WEB_PORT = 80
    request = rf.post("/bills/", headers={"host": "aravali.cloudtuner.localhost"})
    assert login_url(request).endswith("?next=http%3A%2F%2Faravali.cloudtuner.localhost%2F")


def test_cookies__session_is_shared_and_csrf_is_not(two_organizations):
    browser = Client(headers={"host": "cloudtuner.localhost"}, enforce_csrf_checks=True)
    page = browser.get("/accounts/login/")
    csrf = page.cookies["__Host-csrf"]
    assert (csrf["secure"], csrf["domain"], csrf["path"]) == (True, "", "/")
    User.objects.create_user("x@example.org", "correct horse battery")
    form = {"login": "x@example.org", "password": "correct horse battery"}
    assert browser.post("/accounts/login/", form).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
    done = browser.post("/accounts/login/", form | {"csrfmiddlewaretoken": token})
    assert done.status_code == 302
    session = done.cookies["__Secure-session"]
    assert (session["secure"], session["domain"], session["samesite"]) == (True, "cloudtuner.localhost", "Lax")
    assert session["httponly"]


def test_language__browser_wishes_one_that_no_page_is_written_in__is_english(two_organizations):
    answer = Client(headers={"host": "cloudtuner.localhost", "accept-language": "hi"}).get("/accounts/login/")
    assert answer.headers["Content-Language"] == "en"
    assert '<html lang="en"' in answer.text
    assert "ईमेल" not in answer.text, "nothing of Django's own words in Hindi between ours"
