"""Is the process alive, and can it serve: /healthz asks nobody, /readyz asks what every page needs."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from cloudtuner.tenancy import close_tenant

logger = logging.getLogger(__name__)


def healthz() -> HttpResponse:
    """200 as long as the process answers; a failing database is no reason to restart it."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz() -> JsonResponse:
    """200 with each part's state when database and cache answer, else 503."""
    parts = {"database": _database(), "cache": _cache()}
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


def _database() -> str:
    try:
        close_tenant()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM accounts_organization WHERE state = 'ACTIVE'")
    except DatabaseError as error:
        logger.warning("database not ready", extra={"reason": type(error).__name__})
        return "unreachable or not migrated"
    return "ok"


def _cache() -> str:
    try:
        cache.set("readyz", 1, timeout=5)
        answer = cache.get("readyz")
    except Exception as error:  # noqa: BLE001 - each cache backend has errors of its own; all mean the same here
        logger.warning("cache not ready", extra={"reason": type(error).__name__})
        return "unreachable"
    return "ok" if answer == 1 else "forgetful"


class HealthMiddleware:
    """Answers /healthz and /readyz on every host: a probe calls an address, not a name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return healthz()
        if request.path == "/readyz":
            return readyz()
        return self.get_response(request)
