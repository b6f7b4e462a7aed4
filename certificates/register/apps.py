"""The Django app `certificates_register`."""

from django.apps import AppConfig


class CertificatesRegisterConfig(AppConfig):
    """Registers `certificates.register`."""

    name = "certificates.register"
    label = "certificates_register"
    verbose_name = "Register of certificates"
    default_auto_field = "django.db.models.BigAutoField"
