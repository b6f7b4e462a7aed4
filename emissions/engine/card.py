"""Rates as rows of a table, which the database joins with the profiles to the rate card."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from emissions.engine.facts import LABELS, MEASURES
from emissions.engine.hourly import MEAN
from emissions.engine.ratecard import Rate


def rated_table(rates: Iterable[tuple[int, Rate]]) -> pa.Table:
    """Number, slot, labels, `by_cost`, ceiling and doubles of each rate; only the slot MEAN where no rate knows hours.

    `longer`: the rate knows hours, and this row is for lines that last longer than one.
    """
    given = list(rates)
    slots = range(MEAN + 1) if any(rate.hours for _, rate in given) else (MEAN,)
    rows = [(number, slot, rate) for number, rate in given for slot in slots]
    doubles = [rate.doubles if slot == MEAN else rate.at(slot) for _, slot, rate in rows]
    return pa.table(
        {
            "number": pa.array([number for number, _, _ in rows], pa.int32()),
            "slot": pa.array([slot for _, slot, _ in rows], pa.int32()),
            **{name: pa.array([getattr(rate, name) for _, _, rate in rows], pa.string()) for name in ("region", *LABELS[3:])},
            "longer": pa.array([bool(rate.hours) and slot == MEAN for _, slot, rate in rows], pa.bool_()),
            "by_cost": pa.array([rate.by_cost for _, _, rate in rows], pa.bool_()),
            "ceiling": pa.array([rate.ceiling for _, _, rate in rows], pa.float64()),
            **{f"{name}_rate": pa.array([row[place] for row in doubles], pa.float64()) for place, name in enumerate(MEASURES)},
        }
    )
