"""The settings of an organisation: its profile, members, roles, addresses and audit log."""

from __future__ import annotations

import uuid
from functools import partial

from django.conf import settings as conf
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required
from accounts.forms import InvitationForm
from accounts.keys import report_address, wallet_address
from accounts.models import OrganizationKey
from accounts.permissions import ALL, AUDIT_VIEW, DEEDS, MEMBER_MANAGE, PERMISSIONS, SUMMARIES, Role
from accounts.selectors import audit_entries, members, open_invitations
from accounts.services.invitations import invitation_create, invitation_link, invitation_revoke
from accounts.services.memberships import membership_change_role, membership_remove
from accounts.views.page import done, form_refused, page
from cloudtuner.errors import ServiceError

PAGE = 100


@require_safe
@permission_required(None)
def organisation(request: HttpRequest) -> HttpResponse:
    """The organisation's profile and the visitor's place in it."""
    return page(request, "accounts/organisation.html", {"role_summary": SUMMARIES[request.membership.role]})  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(None)
def people(request: HttpRequest) -> HttpResponse:
    """Members and invitations; who may manage them invites here. A link is shown once, on the answer to its making."""
    may = request.membership.allows(MEMBER_MANAGE)  # type: ignore[attr-defined]
    form = InvitationForm(request.POST if request.method == "POST" else None)
    context: dict[str, object] = {}
    if request.method == "POST":
        if not may:
            return page(request, "403.html", {"exception": _("Your role does not invite members.")}, status=403)
        if form.is_valid():
            try:
                made, token = invitation_create(
                    actor=request.user,  # type: ignore[arg-type]
                    organization=request.tenant,  # type: ignore[attr-defined]
                    email=form.cleaned_data["email"],
                    role=form.cleaned_data["role"],
                )
            except ServiceError as error:
                form_refused(form, error)
            else:
                context = {"link": invitation_link(token), "link_email": made.email, "letters": _letters_folder()}
                form = InvitationForm()
    context |= {
        "members": members(request.tenant),  # type: ignore[attr-defined]
        "invitations": open_invitations(request.tenant),  # type: ignore[attr-defined]
        "roles": Role.choices,
        "form": form,
    }
    return page(request, "accounts/members.html", context)


def _letters_folder() -> str:
    """Where letters lie on an installation without a mail server; empty where they are sent."""
    files = conf.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend"
    return str(getattr(conf, "EMAIL_FILE_PATH", "")) if files else ""


@require_POST
@permission_required(MEMBER_MANAGE)
def member_role(request: HttpRequest, user_uuid: uuid.UUID) -> HttpResponse:
    """Gives a member another role."""
    changed = partial(
        membership_change_role,
        actor=request.user,  # type: ignore[arg-type]
        organization=request.tenant,  # type: ignore[attr-defined]
        user_uuid=str(user_uuid),
        role=request.POST.get("role", ""),
    )
    return done(request, changed, _("The role was changed."), "accounts:members")


@require_POST
@permission_required(MEMBER_MANAGE)
def member_remove(request: HttpRequest, user_uuid: uuid.UUID) -> HttpResponse:
    """Takes a member out."""
    removed = partial(membership_remove, actor=request.user, organization=request.tenant, user_uuid=str(user_uuid))  # type: ignore[arg-type, attr-defined]
    return done(request, removed, _("The member was removed."), "accounts:members")


@require_POST
@permission_required(MEMBER_MANAGE)
def invitation_withdraw(request: HttpRequest, invitation_uuid: uuid.UUID) -> HttpResponse:
    """Takes an invitation back."""
    revoked = partial(
        invitation_revoke,
        actor=request.user,  # type: ignore[arg-type]
        organization=request.tenant,  # type: ignore[attr-defined]
        invitation_uuid=str(invitation_uuid),
    )
    return done(request, revoked, _("The invitation was withdrawn."), "accounts:members")


@require_safe
@permission_required(None)
def roles(request: HttpRequest) -> HttpResponse:
    """Which role holds which permission."""
    told = [{"label": role.label, "summary": SUMMARIES[role]} for role in Role]
    matrix = [
        {"permission": name, "deed": DEEDS[name], "held": [name in PERMISSIONS[role] for role in Role]} for name in sorted(ALL)
    ]
    return page(request, "accounts/roles.html", {"roles": told, "matrix": matrix})


@require_safe
@permission_required(None)
def addresses(request: HttpRequest) -> HttpResponse:
    """The public addresses of the keys that are held for the organisation."""
    context = {"report_address": "", "wallet_address": ""}
    for name, read in (("report_address", report_address), ("wallet_address", wallet_address)):
        try:
            context[name] = read(request.tenant)  # type: ignore[attr-defined]
        except (OrganizationKey.DoesNotExist, ServiceError):
            continue
    return page(request, "accounts/addresses.html", context)


@require_safe
@permission_required(AUDIT_VIEW)
def audit(request: HttpRequest) -> HttpResponse:
    """The audit log, newest first."""
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    entries = audit_entries(request.tenant, before_seq=before, limit=PAGE)  # type: ignore[attr-defined]
    older = entries[-1].seq if len(entries) == PAGE and entries[-1].seq > 1 else None
    return page(request, "accounts/audit.html", {"entries": entries, "older": older})
