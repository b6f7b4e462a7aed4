"""What people hand in about emissions: bill files, and what the market says of the power."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from emissions.models import MarketInstrument


class ManyFiles(forms.ClearableFileInput):
    """A file control that takes any number of files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files, at least one."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Each file cleaned on its own; an empty one is not refused here, since the reader says more about it."""
        given = list(data) if isinstance(data, (list, tuple)) else [data]
        return [super(ManyFilesField, self).clean(one, initial) for one in given] if given else [super().clean(None, initial)]


class BillForm(forms.Form):
    """The files of one or more bills."""

    files = ManyFilesField(  # type: ignore[assignment] # forms have an attribute of the same name for raw files
        label=_("Bill files"), allow_empty_file=True
    )


class InstrumentForm(forms.Form):
    """A market-based instrument. What can be chosen for its scope is what the ledger holds."""

    kind = forms.ChoiceField(label=_("Kind"), choices=MarketInstrument.Kind.choices)
    mwh = forms.DecimalField(
        label=_("Energy, MWh"), min_value=Decimal("0.000001"), max_digits=13, decimal_places=6,
        help_text=_("At most what its scope used, with the data centre's overhead (PUE)."),
    )  # fmt: skip
    factor = forms.DecimalField(
        label=_("Emission factor, kg CO2e per kWh"), min_value=Decimal(0), max_value=Decimal(9), max_digits=10, decimal_places=9,
        initial=Decimal(0), help_text=_("As the instrument states it; 0 for wind and sun."),
    )  # fmt: skip
    month_from = forms.ChoiceField(label=_("First month (UTC)"))
    month_through = forms.ChoiceField(label=_("Last month (UTC)"))
    accounts = forms.MultipleChoiceField(
        label=_("Accounts"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: all.")
    )
    regions = forms.MultipleChoiceField(
        label=_("Regions"), required=False, widget=forms.CheckboxSelectMultiple, help_text=_("None ticked: all.")
    )
    registry = forms.CharField(label=_("Registry or supplier"), max_length=128, required=False)
    serials = forms.CharField(
        label=_("Serial numbers"), max_length=512, required=False,
        help_text=_("First to last, as the registry writes them. The same serials are taken once."),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=512, required=False)
    evidence = forms.FileField(
        label=_("Evidence"), help_text=_("The registry's statement or the contract; kept with its sha256.")
    )

    def __init__(self, *args: Any, months: list[tuple[str, str]], choices: dict[str, tuple[str, ...]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, usual in (("month_from", months[:1]), ("month_through", months[-1:])):
            cast("forms.ChoiceField", self.fields[name]).choices = months
            self.fields[name].initial = usual[0][0] if usual else None
        for name, values in choices.items():
            cast("forms.ChoiceField", self.fields[name]).choices = [(value, value or "–") for value in values]

    def clean(self) -> dict[str, Any]:
        """Months in order."""
        told = super().clean() or {}
        if told.get("month_from") and told.get("month_through") and told["month_from"] > told["month_through"]:
            self.add_error("month_through", _("The last month is before the first."))
        return told
