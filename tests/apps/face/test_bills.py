"""Bringing in a bill by the pages: a good one, a bad one that says where and what, and who may not."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cloudtuner.tenancy import tenant_context
from emissions.models import Upload
from emissions.sample_exports import csv_bytes, focus_aws_rows, focus_azure_rows
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_import__clouds_and_months_in_one_file__is_a_bill_each_with_one_summary(two_organizations, deployed):
    rows = [*focus_aws_rows(), *focus_azure_rows()]
    later = [{name: str(value or "").replace("2026-02", "2026-01") for name, value in row.items()} for row in focus_azure_rows()]
    strange = [{**focus_azure_rows()[0], "ProviderName": "Gramado Cloud"}]
    every = [*strange, *rows, *[row for row in later if row["ChargePeriodEnd"] < "2026-02"]]
    names = list(dict.fromkeys(name for row in every for name in row))
    data = csv_bytes([{name: row.get(name) or "" for name in names} for row in every])
    browser, page = bring_in(two_organizations[0], "vendor.csv", data)
    html = browser.get(page).content.decode()
    assert "vendor.csv holds 3 bills: 2 payers, 2 months, 2026-01 to 2026-02." in html
    assert "1 line is of &#x27;gramado cloud&#x27;, a provider that is not estimated" in html
    assert "AZURE · 2026-01 UTC · v1" in html
    assert "The bills are in the ledger" in html
    january = browser.get("/?period=2026-01").content.decode()
    assert "Billed by the day: there is no hourly pattern to show." in january
    assert 'id="days-table"' in january
    assert 'id="hours-table"' not in january
    assert "2026-01-27, the day" in browser.get("/ledger/?period=2026-01").content.decode()


@pytest.mark.slow
def test_import__same_bills_restated__are_confirmed_together(two_organizations, deployed):
    rows = [*focus_aws_rows(), *({**row, "BillingAccountId": "900011119999", "SubAccountId": "1"} for row in focus_aws_rows())]
    browser, _ = bring_in(two_organizations[0], "year.csv", csv_bytes(rows))
    restated = csv_bytes([{**row, "ConsumedQuantity": "2"} for row in rows])
    answer = browser.post("/bills/import/", {"files": [SimpleUploadedFile("year.csv", restated)]})
    with tenant_context(two_organizations[0].schema):
        upload_read(upload_id=Upload.objects.latest("created_at").pk)
    html = browser.get(answer.headers["Location"]).content.decode()
    assert "Confirm all 2" in html
    done = browser.post(f"{answer.headers['Location']}confirm/", follow=True).content.decode()
    assert "2 bills confirmed. The ledger follows them now." in done
    assert "Confirm all" not in done


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
