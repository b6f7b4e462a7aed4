"""The API's manners: errors as problem+json (RFC 9457) with stable codes, and pages by cursor."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import set_rollback

from cloudtuner.errors import CloudTunerError, PermissionRefused

PROBLEM_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request", 401: "Not authenticated", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    406: "Not acceptable", 409: "Conflict", 413: "Too large", 415: "Unsupported media type", 422: "Refused",
    429: "Too many requests", 503: "Try again later",
}  # fmt: skip


def problem(status_code: int, code: str, detail: str, *, request_id: str = "", **more: Any) -> dict[str, Any]:
    """The members of a problem document. `code` is stable; `detail` is for people."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status_code, "Error"),
        "status": status_code,
        "code": code,
        "detail": detail,
    }
    return {**body, **({"request_id": request_id} if request_id else {}), **more}


def problem_response(request: HttpRequest, status_code: int, code: str, detail: str, **more: Any) -> JsonResponse:
    """A problem document as the answer of a plain Django view."""
    body = problem(status_code, code, detail, request_id=getattr(request, "request_id", ""), **more)
    return JsonResponse(body, status=status_code, content_type=PROBLEM_TYPE)


def refusal_status(error: CloudTunerError) -> int:
    """The status that tells a refusal: 403 for rights, 503 when the same call may succeed later, else 422."""
    if isinstance(error, PermissionRefused):
        return status.HTTP_403_FORBIDDEN
    return status.HTTP_503_SERVICE_UNAVAILABLE if error.retryable else status.HTTP_422_UNPROCESSABLE_ENTITY


def problem_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal is a problem document; what is no refusal goes on as a 500."""
    request_id = getattr(getattr(context.get("request"), "_request", None), "request_id", "")
    headers: dict[str, str] = {}
    more: dict[str, Any] = {}
    if isinstance(error, CloudTunerError):
        status_code, code, detail = refusal_status(error), error.code, error.message
        if error.where:
            more["where"] = error.where
        if error.hint:
            more["hint"] = error.hint
    elif isinstance(error, Http404):
        status_code, code, detail = 404, "not_found", "There is nothing here."
    elif isinstance(error, PermissionDenied):
        status_code, code, detail = 403, "permission.refused", "Your role or key does not allow this."
    elif isinstance(error, exceptions.ValidationError):
        status_code, code, detail = error.status_code, "invalid", "Some fields are not right."
        more["errors"] = error.detail
    elif isinstance(error, exceptions.APIException):
        status_code, detail = error.status_code, str(error.detail)
        code = str(getattr(error.detail, "code", None) or error.default_code)
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait))
    else:
        return None
    set_rollback()
    body = problem(status_code, code, detail, request_id=request_id, **more)
    return Response(body, status=status_code, headers=headers, content_type=PROBLEM_TYPE)


class CreatedCursorPagination(CursorPagination):
    """Pages in order of creation: a row that arrives meanwhile moves none of them."""

    ordering = ("created_at", "pk")
    page_size = 100
    max_page_size = 1000
    page_size_query_param = "page_size"
