"""Where our own hosts are, as links: the base host, an organisation's host, the way to log in."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def _port() -> str:
    usual_port = 443 if settings.PUBLIC_SCHEME == "https" else 80
    return "" if usual_port == settings.WEB_PORT else f":{settings.WEB_PORT}"


def base_url(path: str = "/") -> str:
    """A page on the base host, where the public pages and the log-in are."""
    return f"{settings.PUBLIC_SCHEME}://{settings.BASE_DOMAIN}{_port()}{path}"


def organization_host(slug: str) -> str:
    """The host of an organisation, without the port."""
    return f"{slug}.{settings.BASE_DOMAIN}"


def organization_url(slug: str, path: str = "/") -> str:
    """A page on an organisation's host."""
    return f"{settings.PUBLIC_SCHEME}://{organization_host(slug)}{_port()}{path}"


def is_our_url(url: str) -> bool:
    """Whether a link stays with us: a path, or a page on the base host or one of its sub-domains, on our port."""
    parts = urlsplit(url)
    if not parts.scheme and not parts.netloc:
        return url.startswith("/") and not url.startswith(("//", "/\\"))
    if parts.scheme != settings.PUBLIC_SCHEME or "\\" in url or "@" in parts.netloc:
        return False
    host, _, port = parts.netloc.partition(":")
    return (host == settings.BASE_DOMAIN or host.endswith(f".{settings.BASE_DOMAIN}")) and (not port or f":{port}" == _port())


def login_url(request: HttpRequest) -> str:
    """The log-in page, with the way back to the page that was asked for (its GET address)."""
    back = request.build_absolute_uri() if request.method in {"GET", "HEAD"} else request.build_absolute_uri("/")
    path = reverse("account_login", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    return base_url(f"{path}?{urlencode({'next': back})}")
