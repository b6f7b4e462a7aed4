"""What all modes share. Nothing here stands in for a part that production needs."""

from __future__ import annotations

from pathlib import Path

from cloudtuner.env import Env
from cloudtuner.settings.admin import *
from cloudtuner.settings.apps import *
from cloudtuner.settings.auth import *
from cloudtuner.settings.celery import *
from cloudtuner.settings.web import *

env = Env()
PACKAGE_DIR = Path(__file__).resolve().parent.parent
ROOT_DIR = PACKAGE_DIR.parent

# --- where things are -------------------------------------------------------------------------------------------------
DATA_DIR = env.path("CLOUDTUNER_DATA_DIR", str(ROOT_DIR / ".data"))
OBJECT_STORE_URL = env.text("OBJECT_STORE_URL", f"file://{DATA_DIR / 'store'}")
RPC_URL = env.text("RPC_URL", "")
CHAIN_ID = env.number("CLOUDTUNER_CHAIN_ID", 31337)
ADDRESS_BOOK = env.text("CLOUDTUNER_ADDRESS_BOOK", str(DATA_DIR / "chain" / "addresses.json"))
MASTER_KEY_FILE = env.text("CLOUDTUNER_MASTER_KEY_FILE", "")
NETWORK_KEY_FILE = env.text("CLOUDTUNER_NETWORK_KEY_FILE", "")
REGISTRAR_KEY_FILE = env.text("CLOUDTUNER_REGISTRAR_KEY_FILE", "")
RELAYER_KEY_FILE = env.text("CLOUDTUNER_RELAYER_KEY_FILE", "")
ISSUER_DIR = env.text("CLOUDTUNER_ISSUER_DIR", "")
# Makes a certificate's name of its year and number: tokens give the number and must not know the certificates above them.
CERTIFICATE_IDENTIFIER = "certificates.identifier.CertificateId"

# --- apps -------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- tenancy ----------------------------------------------------------------------------------------------------------
TENANT_MODEL = "accounts.Organization"
TENANT_DOMAIN_MODEL = "accounts.Domain"
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
# One SET search_path per switch instead of one per statement; needs django-tenants >= 4.0.1 (savepoint rollbacks).
TENANT_LIMIT_SET_CALLS = True
DB_ROLE = env.text("CLOUDTUNER_DB_ROLE", "app")

# --- time and language ------------------------------------------------------------------------------------------------
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "cloudtuner.formats"
# What the pages are written in: a browser's other wishes would only translate what comes with Django.
LANGUAGES = [("en", "English")]

# --- pages ------------------------------------------------------------------------------------------------------------
BASE_DOMAIN = env.text("CLOUDTUNER_BASE_DOMAIN", "cloudtuner.localhost")
WEB_PORT = env.number("CLOUDTUNER_WEB_PORT", 8000)
ROOT_URLCONF = "cloudtuner.urls_tenant"
PUBLIC_SCHEMA_URLCONF = "cloudtuner.urls_public"
ADMIN_URLCONF = "cloudtuner.urls_admin"
WSGI_APPLICATION = "cloudtuner.wsgi.application"
ALLOWED_HOSTS = [BASE_DOMAIN, f".{BASE_DOMAIN}", "127.0.0.1"]
SESSION_COOKIE_DOMAIN = BASE_DOMAIN
STATIC_URL = "/static/"
STATIC_ROOT = ROOT_DIR / "staticfiles"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # In a checkout the templates lie at the root; the wheel carries them inside the package.
        "DIRS": [ROOT_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
COTTON_DIR = "components"
