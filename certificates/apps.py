"""The Django app `certificates`."""

from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    """Registers `certificates`."""

    name = "certificates"
    label = "certificates"
    verbose_name = "Certificates"
    default_auto_field = "django.db.models.BigAutoField"
