"""What people type about organisations and members. Rules are the services'; forms only read."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.permissions import API_SCOPES, DEEDS, Role
from accounts.services.organizations import slug_for


class OrganisationForm(forms.Form):
    """A new organisation: its legal name, and optionally the first part of its web address."""

    legal_name = forms.CharField(
        label=_("Legal name"),
        max_length=200,
        help_text=_("As it shall stand on certificates."),
        widget=forms.TextInput(attrs={"autocomplete": "organization", "autofocus": True}),
    )
    slug = forms.CharField(
        label=_("Web address"),
        max_length=40,
        required=False,
        help_text=_("Small letters, digits and hyphens. Left empty, it is made from the name."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )

    def clean_slug(self) -> str:
        """The address, made from the name where none was given."""
        given: str = self.cleaned_data["slug"].strip().lower()
        return given or slug_for(self.cleaned_data.get("legal_name", ""))


class InvitationForm(forms.Form):
    """Whom to invite, as what."""

    email = forms.EmailField(label=_("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)


class ApiKeyForm(forms.Form):
    """A key for a program: who uses it, what it opens, and for how long."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("Which program uses it, so that you know whom you stop when you revoke it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it opens"),
        choices=[(scope, DEEDS[scope].capitalize()) for scope in API_SCOPES],
        initial=list(API_SCOPES),
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedChoiceField(
        label=_("Ends after"), choices=[(90, _("90 days")), (365, _("a year")), ("", _("no end"))], coerce=int,
        empty_value=None, initial=365, required=False,
    )  # fmt: skip
