"""Production: everything is named by the environment, and what stands in for a real part is refused.

All faults are told together, before anything is served.
"""

from __future__ import annotations

from cloudtuner.settings.base import *
from cloudtuner.settings.cache import cache_settings
from cloudtuner.settings.database import database_from_url
from cloudtuner.settings.logging import logging_settings
from cloudtuner.settings.refusals import refusals

MODE = "production"
DEBUG = False
PUBLIC_SCHEME = "https"
SECRET_KEY = env.text("CLOUDTUNER_SECRET_KEY")
APP_DATABASE_URL = env.text("DATABASE_URL")
# Only migrations and the process that prepares spares are given the owner's URL.
OWNER_DATABASE_URL = env.text("DATABASE_OWNER_URL", None if DB_ROLE == "owner" else "")
CELERY_BROKER_URL = env.text("CELERY_BROKER_URL")
BASE_DOMAIN = env.text("CLOUDTUNER_BASE_DOMAIN")
RPC_URL = env.text("RPC_URL")
OBJECT_STORE_URL = env.text("OBJECT_STORE_URL")
CHAIN_ID = env.number("CLOUDTUNER_CHAIN_ID")
env.number("CLOUDTUNER_WEB_PORT")

env.problems += refusals(
    {
        "DATABASE_URL": APP_DATABASE_URL, "DATABASE_OWNER_URL": OWNER_DATABASE_URL,
        "CELERY_BROKER_URL": CELERY_BROKER_URL, "RPC_URL": RPC_URL,
    },
    key_files={
        "CLOUDTUNER_MASTER_KEY_FILE": MASTER_KEY_FILE,
        "CLOUDTUNER_RELAYER_KEY_FILE": RELAYER_KEY_FILE,
        "CLOUDTUNER_REGISTRAR_KEY_FILE": REGISTRAR_KEY_FILE,
    },
    data_dir=DATA_DIR, base_domain=BASE_DOMAIN, chain_id=CHAIN_ID,
)  # fmt: skip
if SECRET_KEY and len(SECRET_KEY) < 50:
    env.problems.append("CLOUDTUNER_SECRET_KEY: shorter than 50 letters")
if CELERY_BROKER_URL and not CELERY_BROKER_URL.startswith(("redis", "unix", "amqp")):
    env.problems.append("CELERY_BROKER_URL: not a Redis, Valkey or RabbitMQ URL")
env.finish()

DATABASES = {
    "default": database_from_url(
        OWNER_DATABASE_URL if DB_ROLE == "owner" else APP_DATABASE_URL,
        where="DATABASE_OWNER_URL" if DB_ROLE == "owner" else "DATABASE_URL",
        pool=env.number("CLOUDTUNER_DB_POOL", 0),
    )
}
CACHES = cache_settings(env.text("CACHE_URL", CELERY_BROKER_URL))
ALLOWED_HOSTS = [BASE_DOMAIN, f".{BASE_DOMAIN}", "127.0.0.1"]
SESSION_COOKIE_DOMAIN = BASE_DOMAIN
CSRF_TRUSTED_ORIGINS = [f"https://{BASE_DOMAIN}", f"https://*.{BASE_DOMAIN}"]

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^poce/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Whether browsers ship the domain in their preload list is for whoever owns the domain.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("CLOUDTUNER_PROXIES", 1)
REST_FRAMEWORK["NUM_PROXIES"] = ALLAUTH_TRUSTED_PROXY_COUNT
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD", "")
EMAIL_USE_TLS = True
EMAIL_TIMEOUT = 10  # seconds: a page waits for the letter it sends
DEFAULT_FROM_EMAIL = SERVER_EMAIL = f"CloudTuner <no-reply@{BASE_DOMAIN}>"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGGING = logging_settings("json")
env.finish()
