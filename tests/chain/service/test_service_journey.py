"""From FINAL reports to a final retirement, by the service's own ticks."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.chain


def test_fees__enough_final_epochs__settled_once_for_their_signers(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from emissions.poce.keys import address_of
    from tokens.chain import duties
    from tokens.network import paying, reading
    from tokens.network.models import ChainTx

    node = world.node()
    world.report(node, {0: 1_000})
    world.run_until_paid(1_000)
    assert paying.settle_fees() == 0
    monkeypatch.setattr(paying, "EPOCHS_A_SETTLEMENT", 1)
    world.run(lambda: reading.events("FeesSettled").exists())
    world.tick()
    assert ChainTx.objects.filter(kind="fees").count() == 1
    owed = [duties.fees_of(world.network.contracts, address_of(key)) for key in world.network.validator_keys]
    assert owed == [25 * 10**18] * 4


def test_journey__two_nodes__claims_and_retires_to_the_microgram(world: Any) -> None:
    from tokens.selectors import Period, kilogram_states, retirement, tie_out

    a, b = world.node(), world.node()
    world.report(a, {0: 1_000, 5: 2_000})
    world.report(b, {2: 500, 700: 77})
    world.run_until_paid(3_577)
    assert world.balance() == 3_577

    retired = world.retire(1_600)
    world.run_until_final(retired)
    assert world.balance() == 3_577 - 1_600

    with world.inside():
        detail = retirement(retired.id)
        claim = json.loads(detail.claim)
        # Oldest hours first over both nodes: 1000 of a's hour 0, 500 of b's hour 2, 100 of a's hour 5.
        shares = {part.node: (part.ug, part.first_hour_ug, part.last_hour_ug) for part in detail.allocations}
        assert shares == {a.node: (1_100, 1_000, 100), b.node: (500, 500, 500)}
        assert sum(int(lot["ug"]) for lot in claim["lots"]) == 1_600
        states = [step.state for step in detail.timeline]
        assert (states[:3], states[-2:]) == (["draft", "approved", "confirmed"], ["mined", "final"])
        stand = kilogram_states(Period("", 484_296, 484_296 + 719))
        assert (stand.in_wallet_ug, stand.retired_ug, stand.ready_ug) == (1_977, 1_600, 0)
        assert tie_out().ties_out
