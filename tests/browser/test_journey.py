"""People at a browser: from a bill to a certificate, two who must agree, and what is refused. Clicks and seconds counted."""

from __future__ import annotations

import json
import re
import secrets
import time
from datetime import timedelta

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]

PLACES = {
    "overview": "/",
    "ledger": "/ledger/",
    "ledger-grouped": "/ledger/?group=month&group2=service",
    "bills": "/bills/",
    "nodes": "/nodes/",
    "coverage": "/coverage/",
    "efficiency": "/efficiency/",
    "instruments": "/instruments/",
    "instrument-new": "/instruments/new/",
    "factors": "/factors/?q=ap-south-1",
    "factor-rows": "/factors/?table=instances&q=m5.large",
    "factors-compared": "/factors/diff/",
    "methodology": "/docs/methodology/",
    "claims": "/records/",
    "retire-nothing-left": "/records/retire/",
    "retirements": "/records/retirements/",
    "certificates": "/certificates/",
    "members": "/settings/members/",
    "addresses": "/settings/addresses/",
    "api-keys": "/settings/api-keys/",
    "audit": "/settings/audit/",
}


def sign_up(page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Create the account").click()


def organisation(page, stack, mark: str, name: str) -> str:
    """A new person with a new organisation; the origin of its host."""
    page.goto(stack.base_url + "/accounts/signup/")
    sign_up(page, f"asha-{mark}@example.com", f"violet ledger {mark} kestrel")
    page.get_by_label("Legal name").fill(name)
    page.get_by_role("button", name="Create and go on").click()
    page.wait_for_url("**/bills/import/")
    return page.url.removesuffix("/bills/import/")


def until_the_wallet_has_it_all(page, tenant: str) -> None:
    """Waits on the retire sheet until the whole period can be retired: reports, validators, window and claim go by themselves."""
    deadline = time.monotonic() + timedelta(seconds=90).total_seconds()
    while True:
        page.goto(tenant + "/records/retire/")
        whole = page.get_by_role("button", name=re.compile(r"^(Retire|Send for approval)"))
        if whole.count() and not page.get_by_text("still on their way").count():
            return
        assert time.monotonic() < deadline, "the kilograms did not reach the wallet in 90 s"
        page.wait_for_timeout(500)


def test_journey__new_person_with_the_sample_bill__holds_a_certificate(walk, stack, pictures, tmp_path):
    page = walk.page
    mark = secrets.token_hex(3)
    page.goto(stack.base_url)
    walk.look("landing")
    walk.click("link", "Create an account")
    walk.look("sign-up")
    sign_up(page, f"asha-{mark}@example.com", f"violet ledger {mark} kestrel")
    page.get_by_label("Legal name").fill(f"Aravali Components {mark}")
    walk.look("organisation")
    walk.click("button", "Create and go on")
    page.wait_for_url("**/bills/import/")
    tenant = page.url.removesuffix("/bills/import/")
    walk.look("import")

    started, before = time.monotonic(), walk.clicks
    walk.click("button", "Use the sample bill")
    page.wait_for_url("**/bills/uploads/**")
    page.screenshot(path=pictures / "progress-1280-light.png", full_page=True)
    page.get_by_role("heading", name="The bill is in the ledger").wait_for(timeout=60_000)
    to_kilograms = time.monotonic() - started
    walk.click("link", "See the emissions")
    page.get_by_role("heading", name="Needs you").wait_for()
    figure = page.locator(".figure .value").first.inner_text()
    assert re.fullmatch(r"[\d,]+\.\d{3}", figure)
    assert float(figure.replace(",", "")) > 0
    page.locator(".chart canvas").first.wait_for()
    page.locator("[data-chart=heat] canvas").first.wait_for()

    until_the_wallet_has_it_all(page, tenant)
    to_wallet = time.monotonic() - started
    page.goto(tenant + "/")
    walk.click("link", re.compile("^Retire "))
    page.wait_for_url("**/records/retire/**")
    retiring = time.monotonic()
    walk.click("button", re.compile("^Retire "))
    page.wait_for_url("**/records/retirements/**")
    retirement = page.url
    download = page.get_by_role("link", name="Download the PDF")
    download.wait_for(timeout=90_000)
    walk.clicks += 1
    with page.expect_download() as caught:
        download.click()
    now = time.monotonic()
    pdf = tmp_path / "certificate.pdf"
    caught.value.save_as(pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")
    told = {
        "clicks_sample_to_pdf": walk.clicks - before,
        "seconds_sample_to_pdf": round(now - started, 1),
        "seconds_to_kilograms": round(to_kilograms, 1),
        "seconds_to_wallet": round(to_wallet, 1),
        "seconds_retire_to_pdf": round(now - retiring, 1),
        "clicks_with_sign_up": walk.clicks + 1,
    }
    (pictures.parent / "journey.json").write_text(json.dumps(told, indent=2))
    print(told)

    page.goto(retirement)
    walk.look("retirement")
    for name, path in PLACES.items():
        page.goto(tenant + path)
        walk.look(name)
        walk.tab_into_the_page(name)
    page.goto(tenant + "/certificates/")
    page.locator("main li.object a").first.click()
    walk.look("certificate")

    # A row's thread is computed again beside the table; Escape gives the focus back to the row.
    page.goto(tenant + "/ledger/")
    row = page.locator("tr[data-row] a").first
    row.click()
    page.get_by_text("equals the ledger to the microgram").wait_for(timeout=30_000)
    page.keyboard.press("Escape")
    assert not page.locator("#drawer").is_visible()
    assert row.evaluate("link => link === document.activeElement")

    page.goto(stack.base_url + "/verify/")
    walk.look("verify")
    page.locator("input[type=file]").set_input_files(pdf)
    page.get_by_role("button", name="Check this PDF").click()
    page.get_by_role("heading", name="Valid", exact=True).wait_for(timeout=30_000)
    walk.look("verify-valid")
    changed = bytearray(pdf.read_bytes())
    changed[len(changed) // 2] ^= 1
    page.goto(stack.base_url + "/verify/")
    page.locator("input[type=file]").set_input_files({"name": "c.pdf", "mimeType": "application/pdf", "buffer": bytes(changed)})
    page.get_by_role("button", name="Check this PDF").click()
    page.get_by_role("heading", name="Refused", exact=True).wait_for(timeout=30_000)
    for name, path in {"network": "/network/", "epoch": "/network/epochs/1/"}.items():
        page.goto(stack.base_url + path)
        walk.look(name)

    assert told["clicks_sample_to_pdf"] <= 6
    assert told["seconds_sample_to_pdf"] <= 90


def test_approval__two_members__one_prepares_and_the_other_approves(walk, window, stack):
    asha, kiran = walk.page, window()
    mark = secrets.token_hex(3)
    tenant = organisation(asha, stack, mark, f"{'Aravali Precision Components ' * 6}{mark}")
    asha.get_by_role("button", name="Use the sample bill").click()
    asha.get_by_role("heading", name="The bill is in the ledger").wait_for(timeout=60_000)

    # While the kilograms travel: an invitation, taken in another browser.
    asha.goto(tenant + "/settings/members/")
    asha.get_by_label("E-mail address").fill(f"kiran-{mark}@example.com")
    asha.get_by_label("Role", exact=True).select_option("treasury")
    asha.get_by_role("button", name="Invite").click()
    link = asha.locator("[data-invitation]").inner_text()
    walk.look("invited")
    kiran.goto(link)
    kiran.get_by_role("link", name="Create an account").click()
    sign_up(kiran, f"kiran-{mark}@example.com", f"amber balance {mark} heron")
    kiran.get_by_role("heading", name="You are invited").wait_for()
    kiran.get_by_role("button", name="Accept").click()
    kiran.wait_for_url(tenant + "/")

    until_the_wallet_has_it_all(asha, tenant)
    walk.look("retire")
    asha.get_by_label("Purpose").fill("Annual inventory")
    asha.get_by_role("button", name="Send for approval").click()
    asha.wait_for_url("**/records/retirements/**")
    asha.get_by_text("Waits for another member to approve it.").wait_for()
    asha.goto(tenant + "/records/approvals/")
    assert asha.get_by_role("button", name="Approve and retire").count() == 0
    walk.look("approvals-of-who-prepared")

    kiran.goto(tenant + "/")
    kiran.get_by_role("link", name=re.compile("prepared a retirement")).click()
    kiran.get_by_role("button", name="Approve and retire").click()
    kiran.get_by_role("link", name="Download the PDF").wait_for(timeout=90_000)
    assert kiran.get_by_text(f"kiran-{mark}@example.com · two-person").count() == 1
    # The palette finds any page by a part of its name; Escape gives the page back.
    kiran.keyboard.press("Control+k")
    kiran.keyboard.type("certif")
    kiran.keyboard.press("Enter")
    kiran.wait_for_url("**/certificates/")
    # The role does not bring in bills: no way there is offered.
    assert kiran.get_by_role("link", name="Import a bill").count() == 0


def test_bad_bill__not_a_bill_at_all__is_refused_whole_with_file_and_line(walk, stack):
    page = walk.page
    tenant = organisation(page, stack, secrets.token_hex(3), "Refused and Sons")
    page.locator("input[type=file]").set_input_files(
        {"name": "notes.csv", "mimeType": "text/csv", "buffer": b"this,is,no\nbill,at,all\n"}
    )
    page.get_by_role("button", name="Read the bill").click()
    page.get_by_role("heading", name="This bill could not be read").wait_for(timeout=30_000)
    told = page.locator("main").inner_text()
    for part in ("notes.csv, line 1", "Nothing. The ledger is as it was.", "bill.columns", "What to do"):
        assert part in told
    walk.look("bad-bill")
    page.goto(tenant + "/ledger/")
    page.get_by_role("heading", name="The ledger is empty").wait_for()
    walk.look("ledger-empty")
