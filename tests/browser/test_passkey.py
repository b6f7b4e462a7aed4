"""A person who logs in without a password: the browser's own key, made and used in a virtual authenticator."""

from __future__ import annotations

import secrets

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stack")]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_passkey__added_by_a_new_person__logs_in_without_a_password(page, stack):
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    mark = secrets.token_hex(3)
    page.goto(stack.base_url + "/accounts/signup/")
    page.get_by_label("Email").fill(f"asha-{mark}@example.com")
    page.get_by_label("Password").fill(f"violet ledger {mark} kestrel")
    page.get_by_role("button", name="Create the account").click()
    page.wait_for_url("**/organisations/new/")

    page.goto(stack.base_url + "/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(f"violet ledger {mark} kestrel")
        page.get_by_role("button", name="Confirm").click()
        page.wait_for_url("**/2fa/webauthn/add/")
    page.get_by_label("Name").fill("Laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.get_by_text("Security key added").wait_for()

    page.context.clear_cookies()
    page.goto(stack.base_url + "/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/organisations/new/")
    assert page.get_by_label("Legal name").is_visible()
