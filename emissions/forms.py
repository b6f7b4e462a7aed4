"""What people hand in about emissions: bill files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _


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
