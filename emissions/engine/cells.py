"""Which texts a spreadsheet would run as a formula (OWASP: CSV injection), and how a cell is written so that none does."""

from __future__ import annotations

STARTS = ("=", "+", "-", "@", "\t", "\r")


def neutral(text: str) -> str:
    """A text cell that no spreadsheet takes for a formula: one that begins like it gets an apostrophe before it.

    >>> neutral("=1+1"), neutral("AmazonEC2")
    ("'=1+1", 'AmazonEC2')
    """
    return f"'{text}" if text.startswith(STARTS) else text


def neutral_sql(text: str) -> str:
    """The same in DuckDB's SQL, of an expression that is a text."""
    return rf"CASE WHEN regexp_matches({text}, '^[=+\-@\t\r]') THEN '''' || {text} ELSE {text} END"
