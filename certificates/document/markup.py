"""HTML made of escaped pieces: text is text, and only this module writes a tag."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Markup(str):
    """HTML that was built here and needs no escaping."""

    __slots__ = ()


Child = str | Markup | None | Iterable["Child"]


def _flat(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return escape(child, quote=False)
    return "".join(_flat(one) for one in child)


def el(tag: str, *children: Child, **attributes: str) -> Markup:
    """One element; `cls` is the class and an underscore in a name is a hyphen.

    >>> el("p", "a < b", el("b", "bold"), cls="note")
    '<p class="note">a &lt; b<b>bold</b></p>'
    """
    names = {"cls": "class"}
    written = "".join(f' {names.get(key, key.replace("_", "-"))}="{escape(value)}"' for key, value in attributes.items())
    if tag in {"img", "br", "meta", "link"}:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{_flat(children)}</{tag}>")


def table(
    caption: str, head: Iterable[tuple[str, str]], rows: Iterable[Iterable[Child]], *, foot: Iterable[Child] = ()
) -> Markup:
    """A table with a caption and column headers; a column is (class, title) and its class goes to every cell.

    The first cell of a row is its header, for those who listen to the page.
    """
    columns = list(head)
    header = el("tr", [el("th", title, cls=cls, scope="col") for cls, title in columns])

    def row(cells: Iterable[Child]) -> Markup:
        pairs = list(zip(columns, cells, strict=True))
        (first_cls, _), first = pairs[0]
        return el("tr", el("th", first, cls=first_cls, scope="row"), [el("td", cell, cls=cls) for (cls, _), cell in pairs[1:]])

    closing = list(foot)
    body = [row(cells) for cells in rows]
    if closing:
        (first_cls, _), first = columns[0], closing[0]
        cells = [el("td", cell, cls=cls) for (cls, _), cell in zip(columns[1:], closing[1:], strict=True)]
        body.append(el("tr", el("th", first, cls=first_cls, scope="row"), cells, cls="sum"))
    return el("table", el("caption", caption), el("thead", header), el("tbody", body))
