"""A page's order: what it is sorted by, where the page before ended, and the rows that come after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mark:
    """The last row that was shown: its value in the column of the order, and its keys, which tell equal ones apart.

    Without keys it stands after all rows of that value.
    """

    value: Any
    ties: tuple[Any, ...]


@dataclass(frozen=True)
class Order:
    """Rows by a column, equal ones by their keys ascending, from the mark on."""

    column: str
    descending: bool
    keys: Sequence[str]
    mark: Mark | None

    def sql(self, query: str, values: Sequence[Any], limit: int) -> tuple[str, list[Any]]:
        """The query of the first rows of another after the mark, in this order, and its parameters."""
        condition, after = "TRUE", []
        if self.mark:
            columns, marks = ", ".join(self.keys), ", ".join(["%s"] * len(self.keys))
            beyond = f"{self.column} {'<' if self.descending else '>'} %s"
            condition = f"({beyond} OR {self.column} = %s AND ({columns}) > ({marks}))" if self.mark.ties else beyond
            after = [self.mark.value, *([self.mark.value, *self.mark.ties] if self.mark.ties else [])]
        chosen = f"SELECT * FROM ({query}) found WHERE {condition} ORDER BY {self.by} LIMIT {int(limit)}"  # noqa: S608
        return chosen, [*values, *after]

    @property
    def by(self) -> str:
        """What stands after ORDER BY."""
        return f"{self.column} {'DESC' if self.descending else 'ASC'}, {', '.join(self.keys)}"


def stretches(low: int, high: int, *, width: int, widest: int, descending: bool) -> Iterator[tuple[int, int]]:
    """The hours `low … high` in pieces in the order of reading, each twice as wide as the one before, up to `widest`.

    >>> list(stretches(0, 9, width=2, widest=4, descending=True))
    [(8, 9), (4, 7), (0, 3)]
    """
    while low <= high:
        begin, end = (max(low, high - width + 1), high) if descending else (low, min(high, low + width - 1))
        yield begin, end
        low, high = (low, begin - 1) if descending else (end + 1, high)
        width = min(2 * width, widest)
