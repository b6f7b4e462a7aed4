"""Pages run under a policy without inline styles and handlers, so templates contain none."""

from __future__ import annotations

import re

import pytest

BANNED = {
    "a style attribute": r"<[^>]*\sstyle\s*=",
    "an event handler": r"<[^>]*\son[a-z]+\s*=",
    "an htmx handler": r"<[^>]*\shx-on",
    "an evaluated value": r"hx-(?:vals|headers|vars)\s*=\s*[\"']js:",
    "an inline style sheet": r"<style\b",
    "a javascript link": r"href\s*=\s*[\"']javascript:",
    # A field's help is written by us or by Django, and Django's has a list in it.
    "a safe filter": r"(?<!help_text)\|\s*safe\b",
}
SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>")


def _templates(root):
    for path in sorted((root / "templates").rglob("*.html")):
        text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        yield path.relative_to(root), re.sub(r"\{%.*?%\}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("what", BANNED)
def test_templates__contain_no(what, root):
    found = [str(path) for path, text in _templates(root) if re.search(BANNED[what], text, re.IGNORECASE)]
    assert not found


def test_scripts__carry_the_nonce_or_a_source(root):
    for path, text in _templates(root):
        for match in SCRIPT.finditer(text):
            attributes = match["attributes"]
            inert = 'type="application/json"' in attributes
            assert inert or "nonce=" in attributes or "src=" in attributes, f"{path}: <script{attributes}>"
            assert "://" not in attributes, f"{path}: a script from elsewhere"
