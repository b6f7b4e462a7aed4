"""Which factor sets are known here: those that ship with this release, each named by the hash of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from cloudtuner.errors import CloudTunerError


@cache
def published() -> Mapping[str, frozenset[str]]:
    """Identifiers by kind; a catalogue that cannot be read makes an empty list, so that V15 says "not checked"."""
    # The catalogue loads late: reading it takes longer than all other checks together.
    from emissions.grid.catalog import shipped_sets

    try:
        return {"factor_sets": frozenset(found.id for found in shipped_sets())}
    except CloudTunerError:
        return {"factor_sets": frozenset()}
