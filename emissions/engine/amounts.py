"""How much of each rate key a bill holds."""

from __future__ import annotations

from dataclasses import dataclass

from emissions.engine.ratekey import RateKey
from emissions.engine.reading import reading
from emissions.engine.slices import Slice
from emissions.engine.workings import Workings


@dataclass(frozen=True)
class KeyAmount:
    """The lines of a rate key in a month: how many, the sum of their quantities, and their cost in 10^-6 of currency.

    Quantities are summed as doubles: for comparisons, never for figures that are attested.
    """

    key: RateKey
    month: int
    lines: int
    quantity: float
    cost_micro: int


def key_amounts(workings: Workings) -> list[KeyAmount]:
    """The amounts of every key that the card values, by key and month."""
    known = workings.keys()
    uses = {use.number: use for use in known}
    lines = workings.numbered(Slice(), "quantity, cost_micro")
    with reading(workings.files[0]):
        rows = workings.connection.execute(
            "SELECT c.number, count(*), fsum(l.quantity), coalesce(sum(l.cost_micro), 0) "  # noqa: S608
            f"FROM ({lines}) l JOIN carded c USING (profile) WHERE l.quantity IS NOT NULL GROUP BY c.number ORDER BY c.number"
        ).fetchall()
    return [KeyAmount(uses[number].key, uses[number].month, count, quantity, int(cost)) for number, count, quantity, cost in rows]
