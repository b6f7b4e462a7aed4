"""Five percent of fees per venue: due, delivered, burned, short; and the floor reserve below the reference."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainError
from tokens.market.account import approve, transfer
from tokens.market.fees import Amounts, Way, burned_in, received_from, settle, v3_fees, v4_fees

pytestmark = pytest.mark.chain

KG = 10**9
CT02 = 10**18
DOLLAR = 10**6
CENTS = 10**4


def _blocks(market, start: int) -> tuple[int, int]:
    return start, market.client.block_number()


def _v4(market, start: int):
    return v4_fees(
        market.client, market.v4, hook=market.contracts["fee_hook"], carbon=market.ct02, blocks=_blocks(market, start),
        name="Uniswap V4 CT02",
    )  # fmt: skip


def _v3(market, start: int):
    return v3_fees(
        market.client, market.opened.carbon_pool, 3000, burner=market.burner.address,
        carbon_is_0=int(market.ct02, 16) < int(market.dollar, 16), blocks=_blocks(market, start), name="Uniswap V3 CT02",
    )  # fmt: skip


def test_fees__both_venues_traded__say_what_is_due_burned_and_short(market):
    start = market.client.block_number() + 1
    price = market.feed.reference_price_e8()[0]
    for token, amount in ((market.ct02, 20_000 * CT02), (market.dollar, 100 * DOLLAR)):
        other = market.dollar if token == market.ct02 else market.ct02
        market.swap_v4(token, amount)
        market.swap_v3(token, other, amount)
    hooked, plain = _v4(market, start), _v3(market, start)
    assert (hooked.swaps, plain.swaps) == (2, 2)
    # 0.30 % of what went in, both ways; the hook's part came in the other currency.
    paid = 20_000 * price / 100 + 100 * DOLLAR
    assert hooked.fees.in_dollars(price, DOLLAR) == pytest.approx(0.003 * paid, rel=0.01)
    assert plain.fees == Amounts(60 * CT02, 300_000)
    # One swap each way: what is due and what came are the same in both currencies, but for what rounding drops.
    assert hooked.due.carbon == pytest.approx(hooked.delivered.carbon, rel=1e-12)
    assert abs(hooked.due.dollars - hooked.delivered.dollars) <= 1
    assert hooked.due.carbon > 0 < hooked.due.dollars
    assert plain.delivered == Amounts()
    assert plain.shortfall_dollars(price, DOLLAR) == plain.due.in_dollars(price, DOLLAR)
    assert hooked.way is Way.HOOK

    # The network's own position pays what the V3 pool owes.
    carbon_is_0 = int(market.ct02, 16) < int(market.dollar, 16)
    due = plain.due
    most0, most1 = (due.carbon, due.dollars) if carbon_is_0 else (due.dollars, due.carbon)
    collect = market.v3.collect(market.opened.carbon_position, market.burner.address, most0=most0, most1=most1)
    assert sum(market.v3.collected_of(market.owner.send(collect))) == due.carbon + due.dollars
    for step in market.burner.due_steps(now=market.now):
        market.owner.send(step)
    hooked, plain = _v4(market, start), _v3(market, start)
    assert plain.delivered == due
    assert plain.swaps == 3  # the burner's own sale of CT02 paid a fee there as well
    burned = burned_in(market.client, market.burner.address, blocks=_blocks(market, start))
    assert burned.tuner == market.burner.burned()
    lines = settle([hooked, plain], burned, price_e8=price, dollar_unit=DOLLAR)
    assert sum(line.tuner for line in lines) == pytest.approx(burned.tuner, abs=2)
    for line in lines:
        assert line.delivered == line.burned + line.waiting
        assert line.due > 0
        assert line.shortfall < line.due // 20
    # Of what was sold for more or less than the reference something may seem to wait; it is cents.
    assert sum(line.waiting for line in lines) < 5 * CENTS


def test_fees__nothing_traded__owe_nothing(market):
    start = market.client.block_number() + 1
    market.network.mine()
    burned = burned_in(market.client, market.burner.address, blocks=_blocks(market, start))
    lines = settle([_v4(market, start), _v3(market, start)], burned, price_e8=1, dollar_unit=DOLLAR)
    assert [(line.due, line.delivered, line.burned, line.shortfall, line.tuner) for line in lines] == [(0,) * 5] * 2


def test_fees__treasury_pays_for_a_venue__counts_what_it_sent(market):
    start = market.client.block_number() + 1
    market.owner.send(transfer(market.dollar, market.burner.address, 3 * DOLLAR))
    market.owner.send(transfer(market.ct02, market.burner.address, 7 * CT02))
    market.trader.send(transfer(market.dollar, market.burner.address, DOLLAR))
    got = received_from(
        market.client, payers=[market.owner.address], burner=market.burner.address, carbon=market.ct02, dollar=market.dollar,
        blocks=_blocks(market, start),
    )  # fmt: skip
    assert got == Amounts(7 * CT02, 3 * DOLLAR)


def test_floor__funded__buys_below_the_reference_retires_and_says_what_it_covers(market):
    floor, seller = market.floor, market.trader
    market.owner.send(transfer(market.dollar, floor.address, 500 * DOLLAR))
    price = market.feed.reference_price_e8()[0]
    coverage = floor.coverage()
    assert coverage.held == 500 * DOLLAR
    assert coverage.covered_ug == pytest.approx(500 * 10**8 / (price * 0.95) * KG, rel=1e-9)
    seller.send(approve(market.ct02, floor.address))
    bid = floor.quote(1000 * KG)
    assert bid == 1000 * price * 95 // 10_000
    before, supply = market.held(market.dollar, seller.address), market.network.contracts.ct02_supply()
    seller.send(floor.sell(1000 * KG, min_paid=bid))
    assert market.held(market.dollar, seller.address) - before == bid
    assert market.network.contracts.ct02_supply() == supply - 1000 * CT02
    assert floor.bought_ug() == 1000 * KG
    assert market.held(market.ct02, floor.address) == 0
    assert floor.left_today() == 1000 * DOLLAR - bid


def test_floor__reference_expired__bids_nothing(market):
    market.pass_time(86_400)
    assert market.floor.coverage().covered_ug == 0
    with pytest.raises(ChainError) as refused:
        market.floor.quote(KG)
    assert refused.value.code == "chain.revert.floor_reserve_no_reference"
