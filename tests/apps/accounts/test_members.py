"""Inviting, joining, changing and leaving."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import audit
from accounts.models import AuditEntry, Invitation, Membership, User
from accounts.services import (
    invitation_accept,
    invitation_create,
    invitation_revoke,
    membership_change_role,
    membership_remove,
    organization_set_state,
)
from cloudtuner import clock
from cloudtuner.errors import ServiceError


@pytest.fixture
def invited(two_organizations):
    a, _ = two_organizations
    invitation, token = invitation_create(actor=a.owner, organization=a.organization, email=" Aud@Example.org ", role="auditor")
    guest = User.objects.create_user("aud@example.org", "correct horse battery")
    return a, invitation, token, guest


def _code(call, **arguments) -> str:
    with pytest.raises(ServiceError) as refused:
        call(**arguments)
    return refused.value.code


def test_invitation__taken_once__by_its_address_only(invited):
    a, _, token, guest = invited
    assert token not in str(Invitation.objects.values().get())
    assert _code(invitation_accept, user=a.owner, token=token) == "invitation.other_address"
    membership = invitation_accept(user=guest, token=token)
    assert (membership.role, membership.organization) == ("auditor", a.organization)
    ninety = clock.now() + timedelta(days=90)
    assert abs(membership.expires_at - ninety) < timedelta(minutes=1)
    assert _code(invitation_accept, user=guest, token=token) == "invitation.not_open"
    actions = AuditEntry.objects.filter(organization_uuid=a.organization.uuid).values_list("action", flat=True).order_by("seq")
    assert list(actions) == ["organization.created", "member.invited", "member.joined"]


def test_invitation__taken_by_the_only_owner_under_an_address_taken_since__changes_nothing(invited):
    a, _, token, guest = invited
    guest.delete()
    a.owner.email = "aud@example.org"
    a.owner.save()
    assert _code(invitation_accept, user=a.owner, token=token) == "invitation.member_already"
    assert list(Membership.objects.filter(organization=a.organization).values_list("role", flat=True)) == ["owner"]


def test_invitation__old_revoked_or_unknown__says_the_same(invited, two_organizations):
    a, invitation, token, guest = invited
    _, b = two_organizations
    assert _code(invitation_accept, user=guest, token="x" * 43) == "invitation.not_open"
    invitation.expires_at = clock.now()
    invitation.save()
    assert _code(invitation_accept, user=guest, token=token) == "invitation.not_open"
    _, second = invitation_create(actor=a.owner, organization=a.organization, email="aud@example.org", role="viewer")
    open_one = Invitation.objects.get(revoked_at=None, accepted_at=None)
    # Another organisation's owner cannot revoke it by its id.
    refused = _code(invitation_revoke, actor=b.owner, organization=b.organization, invitation_uuid=str(open_one.uuid))
    assert refused == "invitation.not_open"
    invitation_revoke(actor=a.owner, organization=a.organization, invitation_uuid=str(open_one.uuid))
    assert _code(invitation_accept, user=guest, token=second) == "invitation.not_open"


def test_invitation__impossible__is_refused(two_organizations):
    a, _ = two_organizations
    ask = {"actor": a.owner, "organization": a.organization}
    assert _code(invitation_create, **ask, email="no address", role="viewer") == "invitation.email"
    assert _code(invitation_create, **ask, email="x@example.org", role="king") == "member.role_unknown"
    assert _code(invitation_create, **ask, email="owner@aravali.example", role="viewer") == "invitation.member_already"


def test_last_owner__cannot_go_or_step_down(two_organizations):
    a, b = two_organizations
    ask = {"actor": a.owner, "organization": a.organization, "user_uuid": str(a.owner.uuid)}
    assert _code(membership_change_role, **ask, role="viewer") == "member.last_owner"
    assert _code(membership_remove, **ask) == "member.last_owner"
    second = a.member("owner", "second@aravali.example")
    membership_change_role(**ask, role="lead")
    assert Membership.objects.get(user=a.owner).role == "lead"
    assert _code(membership_remove, **{**ask, "user_uuid": str(second.uuid)}) == "member.last_owner"
    # A member of another organisation is no member here, whatever the id.
    assert _code(membership_remove, **{**ask, "user_uuid": str(b.owner.uuid)}) == "member.unknown"


def test_role__auditor_becomes_owner__stays_past_the_auditors_day(two_organizations):
    a, _ = two_organizations
    auditor = a.member("auditor")
    ask = {"actor": a.owner, "organization": a.organization, "user_uuid": str(auditor.uuid)}
    assert membership_change_role(**ask, role="owner").expires_at is None
    again = membership_change_role(**ask, role="auditor").expires_at
    assert again is not None
    # A day that somebody set stays where the role before did not set it.
    Membership.objects.filter(user=auditor).update(role="viewer", expires_at=again)
    assert membership_change_role(**ask, role="lead").expires_at == again


def test_suspended__organization__answers_nobody_and_takes_no_guest(invited):
    a, _, token, guest = invited
    organization_set_state(actor=a.owner, organization_uuid=a.organization.uuid, state="SUSPENDED")
    assert a.client().get("/api/v1/caller").status_code == 404
    assert _code(invitation_accept, user=guest, token=token) == "invitation.not_open"
    organization_set_state(actor=a.owner, organization_uuid=a.organization.uuid, state="ACTIVE")
    assert a.client().get("/api/v1/caller").status_code == 200
    assert (
        _code(organization_set_state, actor=a.owner, organization_uuid=a.organization.uuid, state="CLOSED")
        == "organization.state"
    )


@pytest.mark.django_db(transaction=True)
def test_audit__changed_by_a_superuser__is_found(two_organizations, owner_execute):
    a, _ = two_organizations
    for number in range(3):
        audit.record(organization=a.organization, actor=a.owner, action="test.act", target=str(number), details={"n": number})
    assert audit.verify_chain(a.organization.uuid) is None
    owner_execute(
        "ALTER TABLE accounts_auditentry DISABLE TRIGGER ALL",
        "UPDATE accounts_auditentry SET target = 'forged' WHERE seq = 3 AND target = '1'",
        "ALTER TABLE accounts_auditentry ENABLE TRIGGER ALL",
    )
    assert audit.verify_chain(a.organization.uuid) == 3
