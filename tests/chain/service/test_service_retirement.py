"""Who may retire what: double clicks, two people, two organisations, and no more than there is."""

from __future__ import annotations

from typing import Any

import pytest

from cloudtuner.errors import ServiceError

pytestmark = pytest.mark.chain
PERIOD = {"hour_from": 484_296, "hour_through": 484_296 + 719}


def _member(world: Any, role: str, email: str) -> Any:
    from accounts.models import Membership, User

    user = User.objects.create_user(email, "correct horse battery")
    Membership.objects.create(user=user, organization=world.organizations["aravali"], role=role)
    return user


def test_retirement__double_click__one_burn(world: Any) -> None:
    from tokens.models import Retirement
    from tokens.network.models import ChainTx

    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    first = world.retire(token="sheet-1")
    second = world.retire(token="sheet-1")
    assert first.pk == second.pk
    world.run_until_final(first)
    assert world.balance() == 0
    assert ChainTx.objects.filter(kind="retire").count() == 1
    with world.inside():
        assert Retirement.objects.count() == 1


def test_retirement__confirmed_by_threads_at_once__never_more_than_there_is(world: Any, at_once: Any) -> None:
    from tokens.models import Lot
    from tokens.services import retirement_confirm, retirement_prepare

    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    with world.inside():
        made = [
            retirement_prepare(actor=world.owner, ug=400, beneficiary_name="A", client_token=f"t{number}", **PERIOD).pk
            for number in range(4)
        ]

    def confirm(pk: Any) -> str:
        try:
            with world.inside():
                retirement_confirm(actor=world.owner, retirement_id=pk)
        except ServiceError as error:
            return error.code
        return "ok"

    codes = at_once(confirm, made)
    assert sorted(codes) == ["ok", "ok", "retirement.not_enough", "retirement.not_enough"]
    with world.inside():
        assert Lot.objects.get().allocated_ug == 800


def test_retirement__two_members__preparer_cannot_approve(world: Any) -> None:
    from tokens.services import retirement_approve, retirement_confirm, retirement_prepare

    lead = _member(world, "lead", "lead@aravali.example")
    analyst = _member(world, "analyst", "analyst@aravali.example")
    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    with world.inside():
        from tokens.selectors import retirable, retirements_awaiting_approval
        from tokens.selectors.figures import Period

        assert retirable(Period("", **PERIOD)).approval == "two-person"
        made = retirement_prepare(actor=lead, beneficiary_name="A", **PERIOD)
        assert [row.id for row in retirements_awaiting_approval()] == [made.id]
        for refused, code in ((lead, "retirement.same_person"), (analyst, "permission.refused")):
            with pytest.raises(ServiceError) as caught:
                retirement_approve(actor=refused, retirement_id=made.id)
            assert caught.value.code == code
        with pytest.raises(ServiceError) as caught:
            retirement_confirm(actor=lead, retirement_id=made.id)
        assert caught.value.code == "retirement.not_approved"
        assert retirement_approve(actor=world.owner, retirement_id=made.id).approval == "two-person"
        retirement_confirm(actor=world.owner, retirement_id=made.id)
    world.run_until_final(made)


def test_retirement__two_organisations__each_sees_its_own(world: Any) -> None:
    from tokens.selectors import Period, kilogram_states, lots, retirement, retirements, tie_out

    world.report(world.node(), {0: 900})
    world.report(world.node("birch"), {0: 77}, slug="birch")
    world.run_until_paid(900)
    world.run_until_paid(77, "birch")
    retired = world.retire(300)
    world.run_until_final(retired)
    with world.inside("birch"):
        assert [lot.ug for lot in lots()] == [77]
        assert retirements() == []
        assert kilogram_states(Period("", **PERIOD)).retired_ug == 0
        assert tie_out().ties_out
        with pytest.raises(ServiceError) as caught:
            retirement(retired.pk)
        assert caught.value.code == "retirement.unknown"
    own = world.retire(slug="birch")
    world.run_until_final(own, "birch")
    assert own.certificate_id != retired.certificate_id
    assert (world.balance(), world.balance("birch")) == (600, 0)


def test_retirement__stranger_burns_under_our_claim_hash__changes_nothing(world: Any) -> None:
    from accounts.keys import open_key
    from tokens.models import Retirement

    world.report(world.node(), {0: 900})
    world.report(world.node("birch"), {0: 77}, slug="birch")
    world.run_until_paid(900)
    world.run_until_paid(77, "birch")
    retired = world.retire(300)
    with world.inside():
        claim_hash = Retirement.objects.get().claim_hash
    key = open_key(world.organizations["birch"].uuid, "wallet")
    from emissions.poce.keys import address_of

    world.network.client.call_rpc("anvil_setBalance", [address_of(key), hex(10**18)])
    world.network.send(world.network.contracts.retire(5, world.network.wallet, 1, 2, claim_hash), key)
    world.run_until_final(retired)
    with world.inside():
        final = Retirement.objects.get()
    assert final.ug == 300
    assert final.chain_retirement_id == 2
    assert world.balance() == 600


def test_retirement__cancelled_before_confirmation__holds_nothing(world: Any) -> None:
    from tokens.selectors import Period, retirable
    from tokens.services import retirement_cancel, retirement_confirm, retirement_prepare

    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    with world.inside():
        made = retirement_prepare(actor=world.owner, beneficiary_name="A", **PERIOD)
        retirement_cancel(actor=world.owner, retirement_id=made.id)
        with pytest.raises(ServiceError) as caught:
            retirement_confirm(actor=world.owner, retirement_id=made.id)
        assert caught.value.code == "retirement.state"
        assert retirable(Period("", **PERIOD)).ug == 900
        with pytest.raises(ServiceError) as caught:
            retirement_prepare(actor=world.owner, beneficiary_name="A", ug=901, **PERIOD)
        assert caught.value.code == "retirement.not_enough"


def test_retirement__restated_but_not_attested__waits(world: Any) -> None:
    """Between a confirmed bill and the validators' word, the ledger and the attested hours differ: no claim is made."""
    node = world.node()
    world.report(node, {0: 500, 1: 400})
    world.run_until_paid(900)
    world.report(node, {0: 450, 1: 450})
    with pytest.raises(ServiceError) as caught:
        world.retire()
    assert caught.value.code == "retirement.restating"
    with world.inside():
        from tokens.models import Lot

        assert Lot.objects.get().allocated_ug == 0


def test_retirement__wallet_emptied_before_the_burn__fails_and_gives_the_lots_back(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts.keys import open_key
    from emissions.poce.keys import address_of
    from tokens.models import Lot
    from tokens.network import signing
    from tokens.selectors import retirement, tie_out

    monkeypatch.setattr(signing, "MAX_TRIES", {"retire": 1})
    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    key = open_key(world.organizations["aravali"].uuid, "wallet")
    world.network.client.call_rpc("anvil_setBalance", [address_of(key), hex(10**18)])
    world.network.send(world.network.contracts.ct02_transfer(world.network.wallet, 300 * 10**9), key)
    retired = world.retire(900)
    world.run(lambda: world.state(retired) == "failed")
    with world.inside():
        assert retirement(retired.pk).error_code.startswith("chain.revert.")
        assert Lot.objects.get().allocated_ug == 0
    world.network.mine(2)
    world.tick()
    with world.inside():
        assert (tie_out().moved_ug, tie_out().wallet_ug, tie_out().ties_out) == (300, 600, True)
    again = world.retire(600)
    world.run_until_final(again)
    assert world.balance() == 0


def test_retirement__given_up_but_mined_after_all__counts(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anyone who saw the signed retirement may relay it: the event decides, not our opinion."""
    from tokens.models import Lot
    from tokens.network import building, outbox
    from tokens.network.models import ChainTx

    world.report(world.node(), {0: 900})
    world.run_until_paid(900)
    retired = world.retire(400)
    row = ChainTx.objects.get(kind="retire")
    call = building.build(row).call
    outbox.fail(row, code="test.given_up", error="given up")
    world.tick()
    assert world.state(retired) == "failed"
    world.network.send(call, world.network.guardian_key)
    world.run_until_final(retired)
    with world.inside():
        assert Lot.objects.get().allocated_ug == 400
    assert world.balance() == 500
