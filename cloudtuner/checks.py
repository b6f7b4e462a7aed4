"""Contradictions that Django's `check` tells before anything is served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection


@register()
def apps_in_one_list(**_: Any) -> list[CheckMessage]:
    """An app in both lists would have two tables of one name, and reads would fall from one to the other."""
    both = sorted(set(settings.SHARED_APPS) & set(settings.TENANT_APPS))
    return [Error(f"{name} is in SHARED_APPS and TENANT_APPS", hint="Keep it in one.", id="cloudtuner.E001") for name in both]


@register()
def rate_limits_shared(**_: Any) -> list[CheckMessage]:
    """Rate limits live in the cache; a cache per process multiplies them by the number of processes."""
    if settings.MODE != "test" and "locmem" in settings.CACHES["default"]["BACKEND"]:
        return [checks.Warning("the cache is per process", hint="Set CELERY_BROKER_URL to a Redis URL.", id="cloudtuner.W001")]
    return []


@register(Tags.database)
def app_role_is_powerless(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The service's role must not be able to make, drop or own anything."""
    if not databases or settings.DB_ROLE == "owner":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.rolsuper, has_database_privilege(current_database(), 'CREATE'),"
            " EXISTS (SELECT 1 FROM pg_class c WHERE c.relowner = r.oid)"
            " FROM pg_roles r WHERE r.rolname = current_user"
        )
        superuser, may_create, owns = cursor.fetchone()
    if superuser or may_create or owns:
        return [
            Error(
                "DATABASE_URL connects with a role that may change the schema",
                hint="Use a role that owns nothing; migrations run with DATABASE_OWNER_URL.",
                id="cloudtuner.E002",
            )
        ]
    return []
