"""A page offers nobody a way that their role may not go: every link of every page opens, for each role."""

from __future__ import annotations

import html
import re

import pytest

from accounts.permissions import Role

LINK = re.compile(r'<a[^>]*\shref="(/[^"#]*)')


@pytest.mark.parametrize("role", Role.values)
def test_links__of_all_pages_that_a_role_reaches__open(two_organizations, deployed, role):
    tenant, _ = two_organizations
    browser = tenant.client(tenant.member(role, f"walker@{role}.example"))
    reached: dict[str, int] = {}
    coming = ["/"]
    while coming:
        path = coming.pop()
        # The same page with other words in its query answers to the same permission.
        if path.split("?")[0] in reached:
            continue
        answer = browser.get(path, follow=True)
        reached[path.split("?")[0]] = answer.status_code
        if answer.headers["Content-Type"].startswith("text/html"):
            coming += [html.unescape(link) for link in LINK.findall(answer.content.decode())]
    assert {path: status for path, status in reached.items() if status != 200} == {}
    assert len(reached) >= 8
