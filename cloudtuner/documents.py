"""The documents that ship with the product, as pages: Markdown from `docs/`, rendered once per process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

# In a checkout they lie at the root; the wheel carries them inside the package.
_FOLDERS = (Path(__file__).parent.parent / "docs", Path(__file__).parent / "docs")
# What people outside are meant to read; the rest of docs/ is for those who work on the code.
NAMES = ("methodology", "accuracy", "factors", "protocol", "words", "add-a-bill-format", "threat-model")
_LINK = re.compile(r"(?P<name>[a-z-]+)\.md(?P<anchor>#.*)?")


@dataclass(frozen=True)
class Heading:
    """A section's title and the anchor it is reached by."""

    anchor: str
    title: str


@dataclass(frozen=True)
class Document:
    """A rendered document: its title, the sections of the second rank, and its body as HTML without the title."""

    name: str
    title: str
    sections: tuple[Heading, ...]
    html: str


@lru_cache(maxsize=len(NAMES))
def document(name: str) -> Document | None:
    """The document of that name, or None when it is no public one or is not shipped."""
    if name not in NAMES:
        return None
    path = next((folder / f"{name}.md" for folder in _FOLDERS if (folder / f"{name}.md").is_file()), None)
    return None if path is None else render(name, path.read_text(encoding="utf-8"))


def render(name: str, text: str) -> Document:
    r"""Markdown as HTML that the pages' policy allows: no raw HTML, no style attribute, tables that can be scrolled.

    >>> render("x", "# One\n\n## Two\n\n|a|b|\n|-|-:|\n|1|2|").sections
    (Heading(anchor='two', title='Two'),)
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    title, sections = name, []
    body: list[Token] = []
    latest = ""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            latest = tokens[index + 1].content.replace("`", "")
            anchor = _anchor(latest)
            token.attrSet("id", anchor)
            if token.tag == "h1":
                title = latest
            if token.tag == "h2":
                sections.append(Heading(anchor, latest))
        if token.type in ("th_open", "td_open"):
            _align(token)
        if token.type == "table_open":
            token.attrSet("class", "t")
            body.append(_raw(f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(latest or title)}">'))
        if token.type == "inline":
            _relink(token)
        body.append(token)
        if token.type == "table_close":
            body.append(_raw("</div>"))
    kept = _without_title(body)
    return Document(name, title, tuple(sections), parser.renderer.render(kept, parser.options, {}))


def _without_title(tokens: Sequence[Token]) -> list[Token]:
    """The page's own head says the title."""
    start = next((index for index, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h1"), None)
    return list(tokens) if start is None else [*tokens[:start], *tokens[start + 3 :]]


def _raw(html: str) -> Token:
    return Token("html_block", "", 0, content=html)


def _align(token: Token) -> None:
    """A column's alignment as a class: the policy allows no style attributes."""
    right = "right" in str(token.attrs.pop("style", ""))
    if right:
        token.attrSet("class", "r")


def _relink(token: Token) -> None:
    """Links between documents as links between pages; links to files that are no page stay words."""
    for child in token.children or []:
        if child.type == "link_open" and (found := _LINK.fullmatch(str(child.attrGet("href") or ""))):
            child.attrSet("href", f"../{found['name']}/{found['anchor'] or ''}" if found["name"] in NAMES else "#")


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
