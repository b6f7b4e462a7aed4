"""Is every category that the engine gives known to those who draw it?"""

from __future__ import annotations

from cloudtuner.templatetags.marks import CATEGORY_COLOURS
from emissions.engine.usage import CATEGORIES
from emissions.grid.catalog import load_factor_set


def test_categories__of_every_usage_type__have_a_colour_each() -> None:
    assert set(CATEGORY_COLOURS) == set(CATEGORIES)
    assert len(set(CATEGORY_COLOURS.values())) == len(CATEGORIES)
    for name in ("genesis", "2026-oci"):
        used = {row["category"] for row in load_factor_set(name).tables["usage_types"]}
        assert used - {""} <= set(CATEGORIES)
