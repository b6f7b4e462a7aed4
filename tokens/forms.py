"""What people fill in when they retire: for whom, and why."""

from __future__ import annotations

import uuid

from django import forms
from django.utils.translation import gettext_lazy as _


def draw_token() -> str:
    """A token that makes a second click find what the first one made."""
    return uuid.uuid4().hex


class RetireForm(forms.Form):
    """The sheet. How much is never typed: it is what can be retired of the period shown, and is checked again."""

    beneficiary_name = forms.CharField(label=_("For whom"), max_length=200, help_text=_("The holder named on the certificate."))
    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=500,
        required=False,
        help_text=_("For example the report it belongs to. It is part of the claim."),
    )
    amount_ug = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    client_token = forms.CharField(widget=forms.HiddenInput, max_length=64)
