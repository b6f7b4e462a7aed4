"""The whole document as HTML: language, title, page 1 and annexes."""

from __future__ import annotations

from certificates.document import figures
from certificates.document.annexes import annexes
from certificates.document.markup import Markup, el
from certificates.document.page import page_one
from certificates.document.payload import Payload
from certificates.document.strings import words


def layout(payload: Payload) -> str:
    """The HTML of a payload. It refers to nothing outside itself."""
    table = words(payload.issue.language)
    moment = payload.receipt.moment.isoformat().replace("+00:00", "Z")
    # The border belongs to this claim alone and to no element: a page background is an artifact to a screen reader.
    border = Markup(f'@page first {{ background-image: url("{figures.border(payload.claim_hash)}") }}')
    # In margin boxes, which are filled when all pages are known: elsewhere the count would lay every page out twice.
    count = f'content: "{table["page"]} " counter(page) " {table["of"]} " counter(pages)'
    numbers = Markup(f"@page first {{ @bottom-right {{ {count} }} }} @page annex {{ @bottom-right {{ {count} }} }}")
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("title", f"{table['title']} {payload.certificate_id}"),
        el("meta", name="author", content=payload.issue.issuer_name),
        el("meta", name="description", content=f"{table['subtitle']}, {payload.period_label}"),
        el("meta", name="generator", content="CloudTuner"),
        el("meta", name="dcterms.created", content=moment),
        el("meta", name="dcterms.modified", content=moment),
        el("style", border, numbers),
    )
    body = el("body", page_one(payload, table), annexes(payload, table))
    return "<!DOCTYPE html>" + el("html", head, body, lang=payload.issue.language)
