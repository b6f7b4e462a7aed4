"""Every address of a host, with somebody's ids in it, asked by every method."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product
from urllib.parse import quote

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Visit:
    """One request and what came of it."""

    method: str
    path: str
    status: int
    text: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


def patterns(urlconf: str) -> list[tuple[URLPattern, list[object]]]:
    """Every URL pattern of a host with the converters on the way to it."""

    def walk(resolver: URLResolver, above: list[object]) -> Iterator[tuple[URLPattern, list[object]]]:
        for entry in resolver.url_patterns:
            on_the_way = [*above, entry.pattern]
            if isinstance(entry, URLResolver):
                yield from walk(entry, on_the_way)
            else:
                yield entry, on_the_way

    return list(walk(get_resolver(urlconf), []))


def _choices(converter: object, planted) -> list[str]:
    kind = type(converter).__name__
    if kind == "UUIDConverter":
        return [str(value) for value in planted.ids]
    if kind == "IntConverter":
        return [str(value) for value in planted.numbers[:3]]
    return [*planted.texts, *(str(value) for value in planted.ids[:3])]


def paths(urlconf: str, planted, *, each: int) -> Iterator[tuple[str, bool]]:
    """Addresses of a host with planted values in every place, at most `each` per pattern, and whether it is its first."""
    for _, on_the_way in patterns(urlconf):
        route, converters = "", {}
        for part in on_the_way:
            route += str(getattr(part, "_route", getattr(part, "_regex", "")))
            converters |= part.converters
        if any(mark in route for mark in ("(?P", "^", "$")):
            # A pattern written as an expression has one place, for a hash; other places are none of ours.
            name = route.partition("(?P<")[2].partition(">")[0]
            if name:
                yield "/" + route.partition("^")[0] + route.partition("^")[2].partition("(")[0] + "0x" + "ab" * 32, True
            continue
        names = list(converters)
        options = [_choices(converters[name], planted) for name in names]
        for place, values in enumerate(islice(product(*options), each)):
            path = route
            for name, value in zip(names, values, strict=True):
                for form in (f"<{type(converters[name]).__name__.removesuffix('Converter').lower()}:{name}>", f"<{name}>"):
                    path = path.replace(form, quote(value, safe=""))
            yield "/" + path, place == 0


def visit(browser: Client, path: str, method: str, form: dict[str, str]) -> Visit:
    """One request. A POST brings planted ids under every field name that a model has."""
    browser.raise_request_exception = False
    data = form if method == "POST" else None
    answer = browser.generic(method, path) if data is None else browser.post(path, data)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = body.decode("utf-8", errors="replace") + str(dict(answer.headers))
    return Visit(method, path, answer.status_code, text)


def visit_all(browser: Client, urlconf: str, planted, *, each: int = 25) -> Iterator[Visit]:
    """Every address by every method; with further ids by those methods only that read or write."""
    form = {name: str(planted.ids[0]) for name in ("id", "version", "upload", "retirement", "lot", "account", "certificate")}
    # Forms that nobody filled in are refused by the hundred; the log of that says nothing.
    logging.disable(logging.CRITICAL)
    try:
        for path, first in paths(urlconf, planted, each=each):
            for method in METHODS if first else ("GET", "POST"):
                yield visit(browser, path, method, form)
    finally:
        logging.disable(logging.NOTSET)
