"""Which app lives where: every Django app is in exactly one of the two lists (an architecture test watches)."""

# Tables in the schema `public`, once for all organisations.
SHARED_APPS = [
    "django_tenants",
    "cloudtuner",
    "accounts",
    "emissions.register",
    "tokens.network",
    "certificates.register",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "unfold.apps.BasicAppConfig",
    "cloudtuner.apps.PlatformAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "django_cotton",
]

# Tables in every organisation's own schema.
TENANT_APPS = [
    "emissions",
    "tokens",
    "certificates",
]
