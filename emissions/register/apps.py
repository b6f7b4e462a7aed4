"""The public half of emissions: which node is whose, and what was reported."""

from __future__ import annotations

from django.apps import AppConfig


class EmissionsRegisterConfig(AppConfig):
    """Lives in the public schema only."""

    name = "emissions.register"
    label = "emissions_register"
    verbose_name = "Emissions register"
    default_auto_field = "django.db.models.BigAutoField"
