"""A bill stated anew after its kilograms were paid: upward pays the difference, downward is owed and netted."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.chain


def test_restatement__upward_after_claim__second_claim_pays_difference(world: Any) -> None:
    from tokens.selectors import claims, lots

    node = world.node()
    world.report(node, {0: 1_000, 1: 1_000})
    world.run_until_paid(2_000)
    world.report(node, {0: 1_500, 1: 1_000})
    world.run_until_paid(2_500)
    assert world.balance() == 2_500
    with world.inside():
        assert [lot.ug for lot in lots()] == [2_000, 500]
        assert [row.state for row in claims()] == ["paid"]
        assert claims()[0].deficit_ug == 0


def test_restatement__downward_after_claim__deficit_shown_and_next_month_nets_it(world: Any) -> None:
    from tokens.selectors import Period, claims, kilogram_states, retirable, tie_out

    node = world.node()
    world.report(node, {0: 1_000, 1: 1_000})
    world.run_until_paid(2_000)
    world.report(node, {0: 700, 1: 1_000})
    year = Period("", 484_296, 484_296 + 2 * 720 - 1)

    def second_epoch_final() -> bool:
        from tokens.selectors import epochs

        return [row.state for row in epochs()] == ["final", "final"]

    world.run(second_epoch_final)
    world.run(lambda: True)
    with world.inside():
        states = kilogram_states(year)
        assert (states.in_wallet_ug, states.deficit_ug, states.ready_ug) == (1_700, 300, 0)
        assert claims()[0].state == "deficit"
        assert retirable(year).ug == 1_700
        assert tie_out().ties_out
        assert tie_out().deficit_ug == 300
    assert world.balance() == 2_000

    world.report(node, {0: 450}, month=1)
    world.run_until_paid(2_150)
    assert world.balance() == 2_150
    with world.inside():
        assert kilogram_states(year).deficit_ug == 0
        assert retirable(year).ug == 2_150
        assert tie_out().ties_out


def test_restatement__after_retirement__later_certificate_names_hours_of_the_new_series(world: Any) -> None:
    node = world.node()
    world.report(node, {0: 1_000, 1: 1_000, 2: 1_000})
    world.run_until_paid(3_000)
    first = world.retire(1_500)
    world.run_until_final(first)
    world.report(node, {0: 1_200, 1: 1_000, 2: 1_000})
    world.run_until_paid(3_200)
    second = world.retire()
    world.run_until_final(second)
    with world.inside():
        from tokens.models import Retirement

        parts = list(Retirement.objects.get(pk=second.pk).allocations.order_by("from_ug"))
        claim = json.loads(bytes(Retirement.objects.get(pk=second.pk).claim))
    assert second.ug == 1_700
    # Positions 1500 … 3200 of 1200 | 1000 | 1000: 700 of hour 1 and all of hour 2, over two lots.
    assert [(part.ug, part.hour_from - 484_296, part.hour_through - 484_296) for part in parts] == [(1_500, 1, 2), (200, 2, 2)]
    assert [int(lot["first_hour_ug"]) for lot in claim["lots"]] == [700, 200]
    assert [int(lot["last_hour_ug"]) for lot in claim["lots"]] == [800, 200]
    assert world.balance() == 0


def test_restatement__before_any_claim__final_figure_is_paid(world: Any) -> None:
    node = world.node()
    world.report(node, {0: 1_000})
    world.report(node, {0: 600})
    world.run_until_paid(600)
    assert world.balance() == 600
