"""Bringing in a bill by the pages: a good one, a bad one that says where and what, and who may not."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cloudtuner.tenancy import tenant_context
from emissions.models import Upload
from emissions.services import upload_read
from emissions.views.sample import sample_bill


@pytest.fixture(autouse=True)
def _own_store(settings, tmp_path):
    settings.OBJECT_STORE_URL = f"file://{tmp_path / 'store'}"
    settings.CELERY_BROKER_URL = "memory://"


def bring_in(tenant, name, data):
    """Uploads a file by the page and reads it at once; the browser and the address of the upload's page."""
    browser = tenant.client()
    answer = browser.post("/bills/import/", {"files": [SimpleUploadedFile(name, data)]})
    assert answer.status_code == 302, answer.content.decode()[:2000]
    with tenant_context(tenant.schema):
        upload_read(upload_id=Upload.objects.get().pk)
    return browser, answer.headers["Location"]


def test_import__bill_with_wrong_columns__says_which_file_and_keeps_nothing(two_organizations):
    browser, page = bring_in(two_organizations[0], "april.csv", b"colour,size\nred,2\n")
    html = browser.get(page).content.decode()
    assert "This bill could not be read" in html
    assert "april.csv" in html
    assert "Nothing. The ledger is as it was." in html
    assert "The ledger is empty" in browser.get("/ledger/").content.decode()


def test_import__empty_file__is_refused_with_its_name(two_organizations):
    browser, page = bring_in(two_organizations[0], "void.csv", b"")
    html = browser.get(page).content.decode()
    assert "void.csv" in html
    assert "could not be read" in html


def test_import__sample_bill__fills_every_page(two_organizations, deployed):
    one, other = two_organizations
    sample = sample_bill(one.organization.uuid)
    browser, page = bring_in(one, sample.name, sample.read())
    done = browser.get(page).content.decode()
    assert "The bill is in the ledger" in done
    fragment = browser.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert 'id="upload"' in fragment
    for path in ("/", "/ledger/", "/ledger/?group=month&group2=service", "/bills/", "/nodes/", "/records/"):
        assert browser.get(path).status_code == 200
    lines = b"".join(browser.get("/ledger.csv?group=month").streaming_content).decode().splitlines()
    assert lines[0].startswith("from_utc,through_utc,co2e_kg")
    assert len(lines) == 2
    assert "The ledger is empty" in other.client().get("/ledger/").content.decode()
    assert other.client().get(page).status_code == 404


def test_sample_bill__two_organisations__share_no_account_number(two_organizations):
    one, other = (sample_bill(tenant.organization.uuid).read() for tenant in two_organizations)
    assert one != other
    assert one == sample_bill(two_organizations[0].organization.uuid).read()


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("connector", "/bills/import/", 200),
        ("connector", "/ledger/", 403),
        ("connector", "/records/", 403),
        ("viewer", "/ledger/", 200),
        ("viewer", "/bills/import/", 403),
        ("viewer", "/records/retire/", 403),
        ("viewer", "/settings/audit/", 403),
        ("auditor", "/settings/audit/", 200),
        ("analyst", "/records/retire/", 200),
    ],
)
def test_page__by_role__opens_or_says_why_not(two_organizations, deployed, role, path, status):
    tenant = two_organizations[0]
    response = tenant.client(tenant.member(role)).get(path)
    assert response.status_code == status
    if status == 403:
        assert "Your role" in response.content.decode()


def test_overview__connector__is_sent_to_the_one_page(two_organizations):
    tenant = two_organizations[0]
    response = tenant.client(tenant.member("connector")).get("/")
    assert response.headers["Location"] == "/bills/import/"


def test_invitation__made_and_taken__makes_a_member(two_organizations, public_client):
    from accounts.models import User

    tenant = two_organizations[0]
    html = tenant.client().post("/settings/members/", {"email": "new@aravali.example", "role": "analyst"}).content.decode()
    link = html.split('data-copy="')[1].split('"')[0]
    guest = User.objects.create_user("new@aravali.example", "correct horse battery")
    public_client.force_login(guest)
    path = link.split("localhost", 1)[1].split("/", 1)[1]
    assert "You are invited" in public_client.get(f"/{path}").content.decode()
    assert public_client.post(f"/{path}").status_code == 302
    assert tenant.client(guest).get("/records/approvals/").status_code in {200, 503}
    assert public_client.get(f"/{path}").status_code == 404
