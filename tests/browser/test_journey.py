"""A person signs up, brings in the sample bill, sees kilograms, retires, and holds the PDF: clicks and seconds counted."""

from __future__ import annotations

import json
import re
import secrets
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


class Walk:
    """A page, the clicks made on it, and what axe said of each place."""

    def __init__(self, page, pictures: Path) -> None:
        self.page, self.pictures = page, pictures
        self.clicks, self.violations = 0, {}
        self.axe = Axe()

    def click(self, role: str, name) -> None:
        """One click a person makes."""
        self.clicks += 1
        self.page.get_by_role(role, name=name).first.click()

    def look(self, name: str) -> None:
        """Pictures at both widths, and in the dark at one of them; axe at each."""
        for scheme, width in (("light", 360), ("dark", 1280), ("light", 1280)):
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.wait_for_timeout(200)
            self.page.screenshot(path=self.pictures / f"{name}-{width}-{scheme}.png", full_page=True)
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} px wide at {width} px"
            found = self.axe.run(self.page, options=RULES).response["violations"]
            if found:
                told = [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found]
                self.violations[f"{name} {width} {scheme}"] = told


def test_journey__new_person_with_the_sample_bill__holds_a_certificate(page, stack, complaints, pictures, tmp_path):
    walk = Walk(page, pictures)
    page.set_viewport_size({"width": 1280, "height": 800})
    mark = secrets.token_hex(3)
    page.goto(stack.base_url)
    walk.look("landing")

    started = time.monotonic()
    walk.click("link", "Create an account")
    walk.look("sign-up")
    page.get_by_label("Email").fill(f"asha-{mark}@example.com")
    page.get_by_label("Password").fill(f"violet ledger {mark} kestrel")
    walk.click("button", "Create the account")
    page.get_by_label("Legal name").fill(f"Aravali Components {mark}")
    walk.look("organisation")
    walk.click("button", "Create and go on")
    page.wait_for_url("**/bills/import/")
    walk.look("import")
    seconds_of_looking = time.monotonic() - started

    sample_started, before = time.monotonic(), walk.clicks
    walk.click("button", "Use the sample bill")
    page.wait_for_url("**/bills/uploads/**")
    page.screenshot(path=pictures / "progress-1280-light.png", full_page=True)
    page.get_by_role("heading", name="The bill is in the ledger").wait_for(timeout=60_000)
    kilograms_after = time.monotonic() - sample_started
    walk.look("upload-done")
    walk.click("link", "See the emissions")
    page.get_by_role("heading", name="Needs you").wait_for()
    figure = page.locator(".figure .value").first.inner_text()
    assert re.fullmatch(r"[\d,]+\.\d{3}", figure)
    assert float(figure.replace(",", "")) > 0
    page.locator(".chart canvas").wait_for()

    # The kilograms reach the wallet by themselves: reports, validators, window, claim.
    retire = page.get_by_role("link", name=re.compile("^Retire "))
    deadline = time.monotonic() + 90
    while not retire.count():
        assert time.monotonic() < deadline, "nothing reached the wallet in 90 s"
        page.wait_for_timeout(1000)
        page.reload()
    wallet_after = time.monotonic() - sample_started
    walk.click("link", re.compile("^Retire "))
    page.wait_for_url("**/records/retire/**")
    walk.click("button", re.compile("^Retire "))
    page.wait_for_url("**/records/retirements/**")
    download = page.get_by_role("link", name="Download the PDF")
    download.wait_for(timeout=90_000)
    walk.clicks += 1
    with page.expect_download() as caught:
        download.click()
    seconds, clicks = time.monotonic() - sample_started, walk.clicks - before
    pdf = tmp_path / "certificate.pdf"
    caught.value.save_as(pdf)
    assert pdf.read_bytes().startswith(b"%PDF-")

    told = {
        "clicks_sample_to_pdf": clicks,
        "seconds_sample_to_pdf": round(seconds, 1),
        "seconds_to_kilograms": round(kilograms_after, 1),
        "seconds_to_wallet": round(wallet_after, 1),
        "clicks_with_sign_up": walk.clicks,
        "seconds_sign_up_with_looking": round(seconds_of_looking, 1),
    }
    (pictures.parent / "journey.json").write_text(json.dumps(told, indent=2))
    print(told)

    tenant = page.url.split("/records/")[0]
    walk.look("retirement")
    places = {
        "overview": "/",
        "ledger": "/ledger/",
        "ledger-grouped": "/ledger/?group=month&group2=service",
        "bills": "/bills/",
        "nodes": "/nodes/",
        "claims": "/records/",
        "retire": "/records/retire/",
        "retirements": "/records/retirements/",
        "approvals": "/records/approvals/",
        "certificates": "/certificates/",
        "organisation-settings": "/settings/",
        "members": "/settings/members/",
        "roles": "/settings/roles/",
        "addresses": "/settings/addresses/",
        "audit": "/settings/audit/",
    }
    for name, path in places.items():
        page.goto(tenant + path)
        walk.look(name)
    page.goto(tenant + "/certificates/")
    page.locator("main li.object a").first.click()
    walk.look("certificate")
    page.goto(tenant + "/ledger/")
    page.locator("tr[data-row] a").first.click()
    page.get_by_text("equals the ledger to the microgram").wait_for(timeout=30_000)
    page.screenshot(path=pictures / "thread-drawer-1280-light.png")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("bills")
    page.keyboard.press("Enter")
    page.wait_for_url("**/bills/")
    page.get_by_role("link", name="v1").first.click()
    walk.look("bill-version")

    page.goto(stack.base_url + "/verify/")
    walk.look("verify")
    page.locator("input[type=file]").set_input_files(pdf)
    page.get_by_role("button", name="Check this PDF").click()
    page.get_by_role("heading", name="Valid", exact=True).wait_for(timeout=30_000)
    walk.look("verify-valid")
    page.goto(stack.base_url + "/network/")
    walk.look("network")
    page.goto(stack.base_url + "/network/epochs/1/")
    walk.look("epoch")

    assert walk.violations == {}
    assert clicks <= 6
    assert seconds <= 90
