"""Which exports can be brought in, what each is called, and where a person finds it at the provider."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from emissions.billing.registry import FORMATS

PROVIDERS = {"aws": "AWS", "azure": "Azure", "gcp": "Google Cloud", "oci": "Oracle Cloud"}
_WHERE: dict[tuple[str, str], str | Promise] = {
    ("aws", "cur2"): _("Billing and Cost Management, Data Exports: CUR 2.0, hourly, with resource ids."),
    ("aws", "cur"): _("Billing and Cost Management, Cost and Usage Reports (legacy): hourly, CSV or Parquet."),
    ("aws", "focus"): _("Billing and Cost Management, Data Exports: FOCUS with AWS columns."),
    ("azure", "focus"): _("Cost Management, Exports: cost and usage details (FOCUS)."),
    ("azure", "azure"): _("Cost Management, Exports: cost and usage details, actual or amortised."),
    ("gcp", "gcp"): _("Billing, BigQuery export, standard or detailed; a query of it as CSV or Parquet."),
    ("gcp", "focus"): _("Billing, BigQuery: the FOCUS view; a query of it as CSV or Parquet."),
    ("oci", "oci"): _("Billing, Cost and Usage Reports: cost reports."),
    ("oci", "focus"): _("Billing, Cost and Usage Reports: FOCUS reports."),
}


def offered() -> list[dict[str, Any]]:
    """Every format that the reader knows, by provider, with the columns that it cannot do without."""
    return [
        {
            "provider": PROVIDERS.get(each.provider, each.provider),
            "title": each.title,
            "where": _WHERE.get((each.provider, each.name), ""),
            "columns": each.required,
        }
        for each in sorted(FORMATS, key=lambda each: list(PROVIDERS).index(each.provider) if each.provider in PROVIDERS else 9)
    ]


def format_title(provider: str, name: str) -> str:
    """What people call a format; its name when this version no longer reads it."""
    return next((each.title for each in FORMATS if (each.provider, each.name) == (provider, name)), name)
