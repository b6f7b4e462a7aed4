"""One machine, `make up`: the supervisor starts the parts and names them by the environment."""

from __future__ import annotations

import secrets

from cloudtuner.settings.base import *
from cloudtuner.settings.cache import cache_settings
from cloudtuner.settings.database import database_from_url
from cloudtuner.settings.logging import logging_settings

MODE = "embedded"
if env.text("CLOUDTUNER_MODE", MODE) == "production":
    env.problems.append("CLOUDTUNER_MODE: it says production, but DJANGO_SETTINGS_MODULE names the embedded settings")
DEBUG = False
SECRET_KEY = env.text("CLOUDTUNER_SECRET_KEY", "") or secrets.token_urlsafe(50)
APP_DATABASE_URL = env.text("DATABASE_URL", "postgresql://cloudtuner_app@127.0.0.1:5432/cloudtuner")
OWNER_DATABASE_URL = env.text("DATABASE_OWNER_URL", APP_DATABASE_URL)
DATABASES = {
    "default": database_from_url(
        OWNER_DATABASE_URL if DB_ROLE == "owner" else APP_DATABASE_URL,
        where="DATABASE_OWNER_URL" if DB_ROLE == "owner" else "DATABASE_URL",
        pool=env.number("CLOUDTUNER_DB_POOL", 0),
    )
}
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL", "memory://")
CACHES = cache_settings(CELERY_BROKER_URL)
ALLOWED_HOSTS += ["localhost"]
CSRF_TRUSTED_ORIGINS = [f"http://{BASE_DOMAIN}:{WEB_PORT}", f"http://*.{BASE_DOMAIN}:{WEB_PORT}"]
PUBLIC_SCHEME = "http"

# Letters go to files: nobody on this machine has a mail server. An address is believed without an answer.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"CloudTuner <no-reply@{BASE_DOMAIN}>"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ADMIN_REQUIRES_MFA = False
# An address that is believed without an answer is enough for a second factor too.
MFA_ALLOW_UNVERIFIED_EMAIL = True

WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING = logging_settings("text")
env.finish()
