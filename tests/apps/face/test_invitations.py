"""Whoever is invited gets a letter with the link, once the invitation is really there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from accounts.models import Invitation


def _invite(organization, django_capture_on_commit_callbacks, email="kiran@example.com"):
    with django_capture_on_commit_callbacks(execute=True):
        return organization.client().post("/settings/members/", {"email": email, "role": "treasury"})


def test_invitation__made__sends_a_letter_whose_link_works(
    two_organizations, public_client, mailoutbox, django_capture_on_commit_callbacks
):
    organization = two_organizations[0]
    answer = _invite(organization, django_capture_on_commit_callbacks)
    (letter,) = mailoutbox
    assert letter.to == ["kiran@example.com"]
    name = organization.organization.legal_name
    assert name in letter.subject
    assert name in letter.body
    link = re.search(r"http://\S+/invitations/\S+/", letter.body)[0]
    assert link in answer.content.decode()
    assert "kiran@example.com" in answer.content.decode()
    # Nobody is logged in: the link leads to the log-in and back.
    assert "/accounts/login/" in public_client.get(urlsplit(link).path)["Location"]


def test_invitation__name_over_two_lines__stays_one_subject(two_organizations, mailoutbox, django_capture_on_commit_callbacks):
    organization = two_organizations[0]
    organization.organization.legal_name = "Aravali\r\nBcc: everybody@example.com"
    organization.organization.save()
    _invite(organization, django_capture_on_commit_callbacks)
    (letter,) = mailoutbox
    assert letter.subject == "Invitation to Aravali Bcc: everybody@example.com on CloudTuner"


def test_invitation__mail_server_away__still_shows_the_link(two_organizations, settings, django_capture_on_commit_callbacks):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answer = _invite(two_organizations[0], django_capture_on_commit_callbacks)
    assert answer.status_code == 200
    assert "/invitations/" in answer.content.decode()
    assert Invitation.objects.count() == 1
