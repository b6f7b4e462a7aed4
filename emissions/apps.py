"""The tenant's half of emissions: bills and the hourly ledger."""

from __future__ import annotations

from django.apps import AppConfig


class EmissionsConfig(AppConfig):
    """Lives in every tenant's schema."""

    name = "emissions"
    label = "emissions"
    verbose_name = "Emissions"
    default_auto_field = "django.db.models.BigAutoField"
