"""Every page of an organisation says which permission it needs: one without a guard fails here, not in production."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.urls import path

from accounts.access import permission_required
from accounts.authentication import Denied
from accounts.permissions import ALL
from tests.apps.platform.visiting import patterns


def guards(callback) -> list[str]:
    """The permissions that a view asks for, however it is written."""
    found, view = [], callback
    while view is not None:
        found += [view.required_permission] if hasattr(view, "required_permission") else []
        for permission in [
            p for c in (getattr(view, "cls", None), getattr(view, "view_class", None)) if c for p in c.permission_classes
        ]:
            found += [permission.required_permission] if hasattr(permission, "required_permission") else []
        initial = getattr(view, "initkwargs", {}).get("permission_classes", [])
        found += [permission.required_permission for permission in initial if hasattr(permission, "required_permission")]
        view = getattr(view, "__wrapped__", None)
    return found


@pytest.mark.parametrize("entry", patterns(settings.ROOT_URLCONF), ids=lambda entry: "/".join(str(part) for part in entry[1]))
def test_page_of_an_organization__names_its_permission(entry):
    needed = guards(entry[0].callback)
    assert needed, f"{entry[0].callback} has no guard: use @permission_required or needs(…)"
    assert set(needed) <= ALL | {"member"}


def test_guards__of_a_bare_view__are_none():
    def bare(request) -> HttpResponse:
        return HttpResponse()

    assert guards(path("x/", bare).callback) == []
    assert guards(permission_required("ledger.view")(bare)) == ["ledger.view"]


def test_api__by_default__lets_nobody_in():
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["accounts.authentication.Denied"]
    assert not Denied().has_permission(None, None)
