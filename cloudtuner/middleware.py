"""What happens to a request before a view sees it: an id, the page's policy, whose host it is."""

from __future__ import annotations

import copy
import logging
import re
import secrets
import uuid
from collections.abc import Callable, Iterator
from typing import cast

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import set_urlconf

from cloudtuner.hosts import organization_at
from cloudtuner.origins import organization_host
from cloudtuner.tenancy import close_tenant, open_tenant, tenant_context

logger = logging.getLogger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestIdMiddleware:
    """Names every request, in the answer's X-Request-Id and in the log; a caller's well-formed id is kept."""

    FORM = re.compile(r"[A-Za-z0-9-]{8,64}")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if self.FORM.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class AddressMiddleware:
    """Refuses an address that holds a NUL: no text of the database can, and a filter of it would end in its error."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            told = "The address holds a NUL (%00), which no text may. Take it out and ask again.\n"
            return HttpResponse(told, status=400, content_type="text/plain")
        return self.get_response(request)


class ContentSecurityPolicyMiddleware:
    """A policy that runs our scripts and nobody else's: no inline script, style or evaluated text.

    `request.csp_nonce` is for the few script tags that carry data. The admin's interface is not ours and evaluates
    expressions, so its host, which shows no organisation's rows, has a policy of its own.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        base = settings.BASE_DOMAIN
        # A form's redirect from one of our hosts to another counts as its target in Chromium; ports cannot be wild here
        # without naming the scheme.
        ours = f"{settings.PUBLIC_SCHEME}://{base}:* {settings.PUBLIC_SCHEME}://*.{base}:*"
        common = (
            "default-src 'none'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; "
            f"form-action 'self' {ours}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
        )
        self.pages = f"{common}; style-src 'self'; script-src 'self' 'nonce-%s'"
        self.admin = f"{common}; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'"
        self.headers = {
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            "Cross-Origin-Resource-Policy": "same-origin",
        }

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        nonce = secrets.token_urlsafe(16)
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        admin = getattr(request, "urlconf", None) == settings.ADMIN_URLCONF
        response.headers.setdefault("Content-Security-Policy", self.admin if admin else self.pages % nonce)
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        return response


class TenantMiddleware:
    """Opens the schema of the host's organisation and chooses the URLs: public, an organisation's, or the admin's.

    `request.tenant` is the organisation, or None on the public and admin hosts. A host that nobody has is told so with
    the way out; whether an organisation of that name ever existed is not told.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.admin_host = organization_host("admin")
        self.public_hosts = {settings.BASE_DOMAIN, "127.0.0.1", "localhost"}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        close_tenant()
        try:
            host = request.get_host().partition(":")[0].lower()
        except DisallowedHost:
            return HttpResponse("Unknown host. Ask for the address again.\n", status=400, content_type="text/plain")
        request.tenant = None  # type: ignore[attr-defined]
        if host in self.public_hosts:
            request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
        elif host == self.admin_host:
            request.urlconf = settings.ADMIN_URLCONF
        else:
            organization = organization_at(host)
            if organization is None:
                request.urlconf = settings.PUBLIC_SCHEMA_URLCONF
                set_urlconf(settings.PUBLIC_SCHEMA_URLCONF)
                return render(request, "unknown_host.html", {"host": host}, status=404)
            # What is remembered is shared by threads, and a view may put things on its tenant.
            organization = copy.copy(organization)
            request.tenant = organization  # type: ignore[attr-defined]
            request.urlconf = settings.ROOT_URLCONF
            open_tenant(organization)
        try:
            response = self.get_response(request)
        finally:
            close_tenant()
        tenant = request.tenant  # type: ignore[attr-defined]
        if tenant is not None and isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _inside(tenant.schema_name, cast(Iterator[bytes], response.streaming_content))
        return response


def _inside(schema: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks of a streamed answer, made while the organisation is open: they are made after the middleware is done."""
    with tenant_context(schema):
        yield from chunks
