"""Tests: real PostgreSQL (tests/conftest.py starts it and fills the database in), everything else in the process."""

from __future__ import annotations

from cloudtuner.settings.base import *
from cloudtuner.settings.cache import cache_settings
from cloudtuner.settings.database import database_from_url
from cloudtuner.settings.logging import logging_settings

MODE = "test"
DEBUG = False
SECRET_KEY = "only-for-tests-" + "0" * 50
APP_DATABASE_URL = OWNER_DATABASE_URL = "postgresql://cloudtuner_app@127.0.0.1:1/cloudtuner"
DATABASES = {"default": database_from_url(APP_DATABASE_URL, where="tests", pool=0)}
CELERY_BROKER_URL = "memory://"
CACHES = cache_settings(CELERY_BROKER_URL)
CSRF_TRUSTED_ORIGINS = [f"http://{BASE_DOMAIN}:{WEB_PORT}", f"http://*.{BASE_DOMAIN}:{WEB_PORT}"]
PUBLIC_SCHEME = "http"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ADMIN_REQUIRES_MFA = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING = logging_settings("text", level="WARNING")
env.finish()
