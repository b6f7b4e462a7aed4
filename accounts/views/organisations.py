"""Which organisations are mine, a new one, and taking an invitation. On the base host, logged in."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import OrganisationForm
from accounts.models import Invitation, Membership, User
from accounts.permissions import SUMMARIES
from accounts.services.invitations import invitation_accept, token_hash
from accounts.services.organizations import organization_create
from accounts.views.page import form_refused
from cloudtuner.errors import ServiceError
from cloudtuner.origins import organization_url


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_safe
@login_required
def organisations(request: HttpRequest) -> HttpResponse:
    """The visitor's organisations, each on its own host."""
    current = Membership.objects.current().filter(user=_person(request), organization__state="ACTIVE")
    memberships = current.select_related("organization").order_by("organization__legal_name")
    return render(request, "public/organisations.html", {"memberships": memberships})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def organisation_new(request: HttpRequest) -> HttpResponse:
    """Names an organisation and goes on to its first bill."""
    form = OrganisationForm(request.POST or None)
    status = 200
    again = False
    if request.method == "POST" and form.is_valid():
        try:
            organization = organization_create(
                user=_person(request), legal_name=form.cleaned_data["legal_name"], slug=form.cleaned_data["slug"]
            )
        except ServiceError as error:
            form_refused(form, error)
            again = error.retryable
            status = 503 if again else 200
        else:
            assert organization.slug is not None
            return redirect(organization_url(organization.slug, reverse("emissions:bill_import", urlconf=settings.ROOT_URLCONF)))
    steps = [_("Account"), _("Organisation"), _("First bill")]
    context = {"form": form, "steps": steps, "again": again}
    return render(request, "public/organisation_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Shows an invitation and takes it."""
    found = Invitation.objects.select_related("organization").filter(token_hash=token_hash(token)).first()
    if found is not None and (not found.is_open() or found.organization.state != "ACTIVE"):
        found = None
    problem = ""
    if request.method == "POST":
        try:
            membership = invitation_accept(user=_person(request), token=token)
        except ServiceError as error:
            problem = str(error)
        else:
            return redirect(organization_url(str(membership.organization.slug)))
    context = {"invitation": found, "role_summary": SUMMARIES.get(found.role, "") if found else "", "problem": problem}
    return render(request, "public/invitation.html", context, status=200 if found else 404)
