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
        from tokens.selectors import retirement

        parts = list(Retirement.objects.get(pk=second.pk).allocations.order_by("from_ug"))
        claim = json.loads(bytes(Retirement.objects.get(pk=second.pk).claim))
        shown = retirement(second.pk).allocations
    assert second.ug == 1_700
    # The older lot's hours were restated after epoch 1 had paid it: the newest epoch's leaf holds them.
    assert [(part.epoch, part.attested_epoch) for part in shown] == [(1, 2), (2, 2)]
    assert [lot["epoch"] for lot in claim["lots"]] == [2, 2]
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


def test_restatement__downward_while_claims_wait__only_the_corrected_epoch_is_claimed(world: Any) -> None:
    """A claim that was written down and not sent is dropped when a newer epoch gives less."""
    from tokens.network.models import ChainTx
    from tokens.selectors import epochs

    node = world.node()
    world.report(node, {0: 1_000, 1: 1_000})
    world.network.send(world.network.contracts.pause_minting(3_600), world.network.guardian_key)
    world.run(lambda: ChainTx.objects.filter(intent__startswith="claim:1:").exists())
    world.report(node, {0: 700, 1: 1_000})
    world.run(lambda: [row.state for row in epochs()] == ["final", "final"])
    world.network.send(world.network.contracts.resume_minting(), world.network.guardian_key)
    ChainTx.objects.filter(state="draft").update(retry_at=None)
    world.run_until_paid(1_700)
    assert world.network.contracts.minted_ug() == 1_700
    told = {row.intent.split(":")[1]: (row.state, row.error_code) for row in ChainTx.objects.filter(kind="claim")}
    assert told == {"1": ("failed", "outbox.moot"), "2": ("final", "")}


def test_restatement__downward_after_claim_was_signed__its_nonce_goes_to_an_empty_transfer(world: Any) -> None:
    from tokens import tasks
    from tokens.network import paying, reading, signing
    from tokens.network.models import ChainTx

    node = world.node()
    world.report(node, {0: 1_000, 1: 1_000})
    world.run(lambda: reading.newest_posted(payable=True) is not None)
    ChainTx.objects.filter(kind="claim", state="draft").delete()
    paying.push_claims()
    assert signing.sign_drafts() == 1
    claim = ChainTx.objects.get(kind="claim")
    assert claim.state == "signed"
    world.report(node, {0: 700, 1: 1_000})
    tasks.sealer_tick()
    _post_pending(world)
    tasks.indexer_tick()
    assert paying.push_claims() == 0, "the newer epoch gives less, so nothing is claimed before it pays"
    world.run_until_paid(1_700)
    claim.refresh_from_db()
    assert (claim.state, claim.error_code, claim.nonce) == ("failed", "outbox.moot", None)
    assert ChainTx.objects.get(kind="gap").state in ("mined", "final")
    assert world.network.contracts.minted_ug() == 1_700
    assert [row.intent.split(":")[1] for row in ChainTx.objects.filter(kind="claim", state="final")] == ["2"]


def _post_pending(world: Any) -> None:
    """Posts the pending epoch with all votes, from a key that is not the relayer's."""
    from emissions.poce.epoch import EpochHeader
    from emissions.poce.hexes import from_hex
    from emissions.poce.keys import address_of, sign
    from tokens.network import reading

    epoch = reading.pending()
    assert epoch is not None
    votes = [(address_of(key), sign(key, from_hex(epoch.digest))) for key in world.network.validator_keys]
    world.network.send(world.network.contracts.report(EpochHeader.from_json(epoch.header), votes), world.network.guardian_key)
