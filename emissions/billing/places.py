"""Where in a line a field stands: under which column, under which key of it, and in which spelling.

Three kinds answer for a field: `First` takes the first of several places that a line fills, `Joined` puts the texts of
several together, and a `First` without places is a fixed text. They are data; `emissions.billing.normalise` makes SQL
of them, and `text_on_line` reads a single line with them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

_KEYED = re.compile(r"(.+)\[([^]]+)\]")

# What may be done with a text once it is found: lower case; lower case without spaces; what follows the last slash.
LOWER, COMPACT, LAST_PART = "lower", "compact", "last_part"


@dataclass(frozen=True)
class Place:
    """A column, or the value under a key of a column that holds a map, key-value pairs or a JSON text.

    >>> Place.parse("product[instance_type]")
    Place(column='product', key='instance_type')
    """

    column: str
    key: str = ""

    @classmethod
    def parse(cls, text: str) -> Place:
        """`column` or `column[key]`."""
        keyed = _KEYED.fullmatch(text)
        return cls(keyed[1], keyed[2]) if keyed else cls(text)


@dataclass(frozen=True)
class First:
    """The first of `places` that a line fills, brought to `forms` one after the other, then to what `renamed` calls it.

    A file that has none of the columns gives `default` on every line.
    """

    places: tuple[Place, ...] = ()
    default: str = ""
    forms: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Joined:
    """The texts of `parts` with `between` between those that are not empty."""

    parts: tuple[First, ...]
    between: str = " - "


Source: TypeAlias = First | Joined


def first(*places: str, default: str = "", forms: tuple[str, ...] = (), renamed: Mapping[str, str] | None = None) -> First:
    """A `First` from texts: column names, spelling variants in the order in which they count."""
    return First(tuple(map(Place.parse, places)), default, forms, renamed or {})


def fixed(text: str) -> First:
    """The same text on every line."""
    return First(default=text)


def joined(*parts: First) -> Joined:
    """A `Joined` with " - " between its parts."""
    return Joined(parts)


def firsts_of(source: Source) -> tuple[First, ...]:
    """The parts of a source, each a `First`."""
    return source.parts if isinstance(source, Joined) else (source,)


def places_of(source: Source) -> tuple[Place, ...]:
    """The places that a source may read, in the order in which they count."""
    return tuple(place for one in firsts_of(source) for place in one.places)


def columns_of(source: Source) -> tuple[str, ...]:
    """The columns of those places."""
    return tuple(place.column for place in places_of(source))


class Columns:
    """The columns of one file, found as a format asks for them: in any case, and inside a column that holds JSON.

    >>> columns = Columns(["billingAccountId", "service"])
    >>> columns.find("BillingAccountId"), columns.find("service.description"), columns.find("sku.description")
    (('billingAccountId', ''), ('service', 'description'), None)
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._exact = set(names)
        self._any_case: dict[str, str] = {}
        for name in names:
            self._any_case.setdefault(name.lower(), name)

    def find(self, wanted: str) -> tuple[str, str] | None:
        """The file's column for a wanted one, and the path inside it where it is only a part; None if it has none."""
        if wanted in self._exact:
            return wanted, ""
        if name := self._any_case.get(wanted.lower()):
            return name, ""
        head, dot, tail = wanted.partition(".")
        if dot and (name := self._any_case.get(head.lower())):
            return name, tail
        return None

    def has_any(self, source: Source) -> bool:
        """Whether the file has one of the columns that the source may read."""
        return any(self.find(column) is not None for column in columns_of(source))


def text_on_line(source: First, line: Mapping[str, str]) -> str:
    """What a source says on one line, given as text per column; keys inside columns are not looked into.

    >>> text_on_line(first("BillingAccountId", forms=(LAST_PART,)), {"BillingAccountId": "/billingAccounts/861"})
    '861'
    """
    columns = Columns(tuple(line))
    found = [columns.find(place.column) for place in source.places if not place.key]
    names = [each[0] for each in found if each is not None and not each[1]]
    if not names:
        return source.default
    text = next((line[name] for name in names if line[name] not in ("", "NULL")), "")
    for form in source.forms:
        text = {LOWER: text.lower(), COMPACT: text.lower().replace(" ", ""), LAST_PART: text.rpartition("/")[2]}[form]
    return source.renamed.get(text, text)
