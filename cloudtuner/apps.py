"""The shell as a Django app (its commands, checks and task log), and the admin with our own site."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class CloudTunerConfig(AppConfig):
    """Registers the shell; makes our Celery app the one that `shared_task` binds to."""

    name = "cloudtuner"
    label = "cloudtuner"
    verbose_name = "CloudTuner"
    default_auto_field = "django.db.models.BigAutoField"
    default = True

    def ready(self) -> None:
        from cloudtuner import celery, checks  # noqa: F401 - importing binds and registers


class PlatformAdminConfig(admin_apps.AdminConfig):
    """Django's admin, with our site as the default one."""

    default_site = "cloudtuner.admin_site.PlatformAdminSite"
    default = False
