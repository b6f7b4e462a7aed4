"""Which app lives where: every Django app is in exactly one of the two lists (an architecture test watches)."""

# Tables in the schema `public`, once for all organisations.
SHARED_APPS = [
    # Before django_tenants, which brings an index page for the admin of its own.
    "unfold.apps.BasicAppConfig",
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
