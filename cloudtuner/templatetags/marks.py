"""How are shares and bands drawn without a style attribute? As small SVGs whose sizes are presentation attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Okabe and Ito's colours; one category has the same colour on every page, in every chart and in the certificate.
# The engine's categories. Kin share a hue: an accelerator is a darker compute, a cache a lighter database.
CATEGORY_COLOURS = {
    "compute": "#0072B2",
    "gpu": "#003F63",
    "memory": "#F0E442",
    "serverless": "#CC79A7",
    "container": "#882255",
    "database": "#009E73",
    "cache": "#7CCBB2",
    "storage": "#E69F00",
    "network": "#56B4E9",
    "managed": "#D55E00",
    "tokens": "#6A51A3",
    "none": "#CCCCCC",
    "unknown": "#999999",
}
SERVICE_COLOURS = {
    "AmazonEC2": "#0072B2",
    "AmazonEBS": "#D55E00",
    "AmazonS3": "#E69F00",
    "AmazonRDS": "#009E73",
    "AWSLambda": "#CC79A7",
    "AWSDataTransfer": "#56B4E9",
}
SPARE_COLOURS = ("#F0E442", "#D55E00", "#56B4E9", "#999999", "#000000")

PATHS = {
    "check": '<path d="M3 8.5 6.5 12 13 4.5"/>',
    "cross": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "warn": '<path d="M8 2.2 14.5 13.5h-13zM8 6.5v3.2M8 11.6v.2"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.3v4M8 4.8v.2"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.4 1.6"/>',
    "dash": '<path d="M3.5 8h9"/>',
    "copy": '<rect x="5.5" y="5.5" width="8" height="8" rx="1"/><path d="M3.5 10.5h-1v-8h8v1"/>',
    "thread": '<circle cx="3.5" cy="3.5" r="1.6"/><circle cx="12.5" cy="12.5" r="1.6"/><path d="M3.5 5.2c0 5 9 .6 9 5.6"/>',
    "arrow": '<path d="M3 8h10M9 4l4 4-4 4"/>',
    "back": '<path d="M13 8H3M7 4 3 8l4 4"/>',
    "down": '<path d="m4 6.2 4 4 4-4"/>',
    "out": '<path d="M6 3.5H3.5v9h9V10M9 2.5h4.5V7M13 3 7.5 8.5"/>',
    "theme": '<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" fill="currentColor"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "print": '<path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z"/>',
    "upload": '<path d="M8 10.5v-8M5 5.2l3-3 3 3M2.5 10.5v3h11v-3"/>',
    "download": '<path d="M8 2.5v8M5 7.7l3 3 3-3M2.5 10.5v3h11v-3"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
}


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small drawing that says what the word beside it says."""
    return mark_safe(f'<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{PATHS[name]}</svg>')  # noqa: S308 - our own paths


@register.simple_tag
def bar(part: int, whole: int) -> SafeString:
    """A share as a bar; the number stands beside it as text."""
    width = max(0, min(1000, part * 1000 // whole)) if whole else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="10"/></svg>',
        width,
    )


@register.simple_tag
def range_bar(low: int | None, central: int | None, high: int | None) -> SafeString | str:
    """Low, central and high on a scale from zero to a little above high."""
    if low is None or central is None or high is None or high <= 0:
        return ""
    ends = [max(0, value) * 952 // high for value in (low, central, high)]
    return format_html(
        '<svg class="range" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">'
        '<line x1="0" x2="1000" y1="6" y2="6"/>'
        '<line class="span" vector-effect="non-scaling-stroke" x1="{}" x2="{}" y1="6" y2="6"/>'
        '<line class="centre" vector-effect="non-scaling-stroke" x1="{}" x2="{}" y1="0" y2="12"/></svg>',
        ends[0], ends[2], ends[1], ends[1],
    )  # fmt: skip


@register.simple_tag
def states_bar(states: Iterable[Mapping[str, Any]]) -> SafeString | str:
    """The states of the kilograms side by side; each state has `key` and `ug`, and a hairline parts neighbours."""
    kept = [(state["key"], state["ug"]) for state in states if state["ug"] > 0]
    whole = sum(ug for _, ug in kept)
    if not whole:
        return ""
    pieces, at = [], 0
    for index, (key, ug) in enumerate(kept):
        end = 1000 if index == len(kept) - 1 else at + ug * 1000 // whole
        if end > at:
            pieces.append((key, at, max(1, end - at - 2)))
        at = end
    rects = format_html_join("", '<rect class="fill-{}" x="{}" width="{}" height="28"/>', pieces)
    return format_html('<svg viewBox="0 0 1000 28" preserveAspectRatio="none" aria-hidden="true">{}</svg>', rects)


@register.simple_tag
def swatch(key: str) -> SafeString:
    """The colour of a state beside its word."""
    return format_html(
        '<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect class="fill-{}" width="10" height="10"/></svg>', key
    )


def series_colours(names: Iterable[str]) -> dict[str, str]:
    """A colour per series: known services and categories keep theirs, the others take the spare ones in order.

    >>> series_colours(["AmazonEC2", "compute"])["compute"]
    '#0072B2'
    """
    chosen: dict[str, str] = {}
    spare = iter([*SPARE_COLOURS] * 20)
    for name in names:
        known = SERVICE_COLOURS.get(name) or CATEGORY_COLOURS.get(name)
        chosen[name] = known or next((c for c in spare if c not in chosen.values()), "#999999")
    return chosen
