"""What validators see of a bill: hour, rate key and quantity of each line, and nothing else.

The form is canonical: the same lines give the same bytes and the same root, whoever wrote them down.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cloudtuner.errors import ProofError

from .abi import encode_string
from .canonical import jcs, read_canonical, read_json
from .fields import Fields
from .merkle import StandardTree

TYPES = ("uint64", "string", "string", "uint32")
NO_ROOT = bytes(32)

# The one spelling of each decimal, but for `-0`.
NORMAL_QUANTITY = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?"
_QUANTITY = re.compile(NORMAL_QUANTITY)
_WRITTEN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_MAX_DIGITS = 60
_MAX_TEXT = 80

Line = tuple[int, int, str]


def normalise_quantity(text: str) -> str:
    """A bill's decimal without exponent, leading `+` or trailing zeros; `-0` is `0`.

    >>> normalise_quantity("+01.500"), normalise_quantity("1E-3"), normalise_quantity("-0.0")
    ('1.5', '0.001', '0')
    """
    # The bounds come before `format`, which would write 1E+999999 out as a million zeros. Decimal itself would also
    # read "1_000" and digits of other scripts, which no bill means.
    value = Decimal(text) if len(text) <= _MAX_TEXT and _WRITTEN.fullmatch(text) else None
    if value == 0:
        return "0"
    if value is None or abs(value.adjusted()) > _MAX_DIGITS:
        raise ProofError(f"not a quantity: {text[:80]!r}.", code="lines.quantity")
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def rate_key(fields: Mapping[str, str]) -> str:
    """The JCS text of what the rate card needs to know of a line.

    >>> rate_key({"service": "AmazonEC2", "provider": "aws"})
    '{"provider":"aws","service":"AmazonEC2"}'
    """
    return jcs(dict(fields)).decode("utf-8")


@dataclass(frozen=True)
class StrippedLines:
    """Lines in canonical order: rate keys sorted, each used; lines by hour, key, quantity. Another order is refused.

    Make it with `collect`; the constructor takes what is canonical already and raises ProofError for the rest.
    """

    rate_keys: tuple[str, ...]
    lines: tuple[Line, ...]

    def __post_init__(self) -> None:
        if any(left >= right for left, right in pairwise(self.rate_keys)):
            raise ProofError("rate keys are not sorted or occur twice.", code="lines.order")
        if {key for _, key, _ in self.lines} != set(range(len(self.rate_keys))):
            raise ProofError("a line names a rate key that is not there, or a rate key has no line.", code="lines.rate_key")
        if self.lines and not 0 <= min(hour for hour, _, _ in self.lines) <= max(hour for hour, _, _ in self.lines) < 2**53:
            raise ProofError("an hour is not a small whole number.", code="lines.hour")
        values = {}
        for quantity in {quantity for _, _, quantity in self.lines}:
            if not _QUANTITY.fullmatch(quantity) or quantity == "-0" or len(quantity) > _MAX_DIGITS + _MAX_TEXT:
                raise ProofError(f"the quantity {quantity[:80]!r} is not in normal form.", code="lines.quantity")
            values[quantity] = Decimal(quantity)
        for left, right in pairwise(self.lines):
            if left[:2] >= right[:2] and (left[:2] > right[:2] or values[left[2]] > values[right[2]]):
                raise ProofError("lines are not in order of hour, rate key and quantity.", code="lines.order")

    @classmethod
    def collect(cls, rows: Iterable[tuple[int, str, str]]) -> StrippedLines:
        """The canonical form of (hour, rate key text, quantity text in any spelling) in any order.

        >>> StrippedLines.collect([(2, '{"a":"b"}', "1.0"), (1, '{"a":"b"}', "2")]).lines
        ((1, 0, '2'), (2, 0, '1'))
        """
        found = list(rows)
        keys = sorted({key for _, key, _ in found})
        number = {key: place for place, key in enumerate(keys)}
        # Quantities repeat, so each spelling is read once and the million lines are sorted by plain integers.
        normal = {text: normalise_quantity(text) for text in {quantity for _, _, quantity in found}}
        ranked = sorted(set(normal.values()), key=Decimal)
        rank = {quantity: place for place, quantity in enumerate(ranked)}
        places = sorted([(hour, number[key], rank[normal[quantity]]) for hour, key, quantity in found])
        return cls(tuple(keys), tuple([(hour, key, ranked[place]) for hour, key, place in places]))

    def __len__(self) -> int:
        return len(self.lines)

    def root(self) -> bytes:
        """`usageRoot`: 32 bytes, all zero without lines."""
        if not self.lines:
            return NO_ROOT
        return self.tree().root_bytes

    def tree(self) -> StandardTree:
        """The tree over the lines, in their order, for proofs of single lines."""
        return StandardTree.from_encoded(self._encoded())

    def _encoded(self) -> Iterable[bytes]:
        # abi.encode(uint64, string, string, uint32), with the parts that repeat made once.
        first = (128).to_bytes(32, "big")
        keys = [encode_string(key) for key in self.rate_keys]
        seconds = [(128 + len(key)).to_bytes(32, "big") for key in keys]
        quantities = {quantity: encode_string(quantity) for quantity in {quantity for _, _, quantity in self.lines}}
        before: Line | None = None
        index = 0
        for line in self.lines:
            index = index + 1 if line == before else 0
            before = line
            hour, key, quantity = line
            yield b"".join(
                (hour.to_bytes(32, "big"), first, seconds[key], index.to_bytes(32, "big"), keys[key], quantities[quantity])
            )

    def between(self, hour_from: int, hour_through: int) -> StrippedLines:
        """The lines of `hour_from … hour_through`, both included."""
        start = bisect_left(self.lines, (hour_from, -1, ""))
        stop = bisect_left(self.lines, (hour_through + 1, -1, ""))
        part = self.lines[start:stop]
        used = sorted({key for _, key, _ in part})
        number = {key: place for place, key in enumerate(used)}
        return StrippedLines(
            tuple(self.rate_keys[key] for key in used), tuple((hour, number[key], quantity) for hour, key, quantity in part)
        )

    def to_json(self) -> dict[str, Any]:
        """The JSON value; `canonical.jcs` of it is what is sent and kept."""
        return {"rate_keys": list(self.rate_keys), "lines": [list(line) for line in self.lines]}

    def to_bytes(self) -> bytes:
        """The JCS bytes: one string of bytes for one set of lines."""
        # Written by hand, since a general writer takes five times as long; quantities hold nothing to escape.
        lines = ",".join([f'[{hour},{key},"{quantity}"]' for hour, key, quantity in self.lines])
        return b'{"lines":[' + lines.encode("ascii") + b'],"rate_keys":' + jcs(list(self.rate_keys)) + b"}"

    @classmethod
    def from_json(cls, value: object) -> StrippedLines:
        """Lines from a JSON value; raises ProofError naming what is not canonical."""
        fields = Fields(value, ("rate_keys", "lines"), what="lines")
        keys, rows = fields.raw("rate_keys"), fields.raw("lines")
        if not isinstance(keys, list) or not isinstance(rows, list) or not all(isinstance(key, str) for key in keys):
            raise ProofError("lines: rate_keys and lines are lists.", code="json.shape")
        for key in keys:
            told = read_canonical(key.encode("utf-8", "surrogatepass"), what="rate key")
            if not isinstance(told, dict) or not all(isinstance(part, str) for part in told.values()):
                raise ProofError("a rate key is a JSON object of texts.", code="lines.rate_key")
        lines = []
        for index, row in enumerate(rows):
            if not (
                isinstance(row, list)
                and len(row) == 3
                and type(row[0]) is int
                and type(row[1]) is int
                and isinstance(row[2], str)
            ):
                raise ProofError(f"lines: line {index} is not [hour, key, quantity].", code="json.shape")
            lines.append((row[0], row[1], row[2]))
        return cls(tuple(keys), tuple(lines))

    @classmethod
    def from_bytes(cls, data: bytes) -> StrippedLines:
        """Lines from JCS bytes; other spellings of the same lines are refused."""
        lines = cls.from_json(read_json(data, what="lines"))
        if lines.to_bytes() != data:
            raise ProofError("lines are not in canonical form (RFC 8785).", code="json.not_canonical")
        return lines
