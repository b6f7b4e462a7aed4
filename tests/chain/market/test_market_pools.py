"""Pools on real Uniswap bytecode: created, quoted, traded, shared with the burner, bought back and burned."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainError
from tokens.market.prices import price_at

pytestmark = pytest.mark.chain

KG = 10**9
CT02 = 10**18
DOLLAR = 10**6
PIPS = 10**6


def test_market__opened__has_pools_at_the_price_and_a_feed(market):
    carbon_is_0 = int(market.ct02, 16) < int(market.dollar, 16)
    for root in (market.v3.state(market.opened.carbon_pool).sqrt_price, market.v4.sqrt_price()):
        assert abs(price_at(root, CT02, of_token0=carbon_is_0) - 5600) <= 1
    price = market.feed.price()
    assert price.usable, price
    assert abs(price.price_e8 - 560_000) < 120
    assert market.feed.answer() == price.price_e8
    reference = market.feed.reference()
    assert (reference.inr_per_tonne_e2, reference.inr_per_usd_e8) == (50_000, 88 * 10**8)


def test_v3_swap__quoted_before__gives_the_quote(market):
    quoted = market.v3.quote(market.ct02, market.dollar, 3000, 1000 * CT02)
    before = market.held(market.dollar, market.trader.address)
    market.swap_v3(market.ct02, market.dollar, 1000 * CT02)
    assert market.held(market.dollar, market.trader.address) - before == quoted
    assert 5 * DOLLAR < quoted < 5_600_000


def test_v4_swap__quoted_before__gives_the_quote_and_the_share_reaches_the_burner(market):
    pool, trader = market.v4, market.trader
    for token_in, token_out, amount in ((market.ct02, market.dollar, 10_000 * CT02), (market.dollar, market.ct02, 50 * DOLLAR)):
        growth = dict(zip((pool.key.currency0, pool.key.currency1), pool.fee_growth(), strict=True))
        liquidity = pool.liquidity()
        waiting = market.held(token_out, market.contracts["burner"])
        quoted = pool.quote(token_in, amount)
        before = market.held(token_out, trader.address)
        market.swap_v4(token_in, amount)
        received = market.held(token_out, trader.address) - before
        assert received == quoted
        share = market.held(token_out, market.contracts["burner"]) - waiting
        after = dict(zip((pool.key.currency0, pool.key.currency1), pool.fee_growth(), strict=True))
        providers = (after[token_in] - growth[token_in]) * liquidity >> 128
        assert abs(providers - amount * 2850 // PIPS) <= 2
        # The share in the input's currency, at this swap's own price; with the providers' fee it is all that was paid.
        share_in = share * (amount - providers) / (received + share)
        assert share_in / (share_in + providers) == pytest.approx(0.05, abs=1e-5)


def test_v4_swap__less_than_asked_or_too_late__is_refused(market):
    quoted = market.v4.quote(market.ct02, 100 * CT02)
    with pytest.raises(ChainError) as refused:
        market.trader.send(market.v4.swap(market.ct02, 100 * CT02, min_out=quoted + 1, deadline=market.deadline))
    assert refused.value.code == "chain.revert.pool_desk_too_little"
    with pytest.raises(ChainError) as refused:
        market.trader.send(market.v4.swap(market.ct02, 100 * CT02, min_out=0, deadline=market.now - 1))
    assert refused.value.code == "chain.revert.pool_desk_expired"


def test_v4_liquidity__collected_and_taken_out__comes_back_with_fees(market):
    market.swap_v4(market.ct02, 10_000 * CT02)
    owner = market.owner.address
    before = market.held(market.ct02, owner)
    market.owner.send(market.v4.remove_liquidity(0, least0=0, least1=0, deadline=market.deadline))
    assert market.held(market.ct02, owner) - before == pytest.approx(28.5 * CT02, rel=1e-9)
    half = market.v4.liquidity() // 2
    market.owner.send(market.v4.remove_liquidity(half, least0=1, least1=1, deadline=market.deadline))
    assert market.held(market.ct02, owner) - before > 100_000 * CT02
    with pytest.raises(ChainError):  # another's position cannot be touched
        market.trader.send(market.v4.remove_liquidity(half, least0=0, least1=0, deadline=market.deadline))


def test_buyback__after_swaps__sells_carbon_buys_tuner_and_burns_it(market):
    market.swap_v4(market.dollar, 500 * DOLLAR)
    market.swap_v4(market.ct02, 50_000 * CT02)
    supply = market.network.contracts.tuner_supply()
    waiting = market.burner.waiting()
    assert waiting.carbon > 0
    assert waiting.dollars > 0
    steps = market.burner.due_steps(now=market.now)
    assert len(steps) == 2
    sale, buy = (market.burner.step_of(market.trader.send(step)) for step in steps)
    assert sale.given == waiting.carbon
    assert buy.given == waiting.dollars + sale.received
    assert 0.97 * buy.fair <= buy.received <= buy.fair
    assert market.network.contracts.tuner_supply() == supply - buy.received
    assert market.burner.burned() == buy.received
    assert market.held(market.tuner, market.burner.address) == 0
    assert market.burner.due_steps(now=market.now) == ()
    with pytest.raises(ChainError) as refused:
        market.trader.send(market.burner.buyback())
    assert refused.value.code == "chain.revert.buyback_burner_too_soon"


def test_buyback__sandwiched_in_one_block__reverts_and_the_attacker_loses(market):
    client, attacker = market.client, market.trader
    market.swap_v4(market.ct02, 50_000 * CT02)
    dollars = market.held(market.dollar, attacker.address)
    tuner = market.held(market.tuner, attacker.address)
    market.swap_v3(market.dollar, market.tuner, 20_000 * DOLLAR)
    with pytest.raises(ChainError) as refused:
        market.owner.send(market.burner.buyback())
    assert refused.value.code == "chain.revert.buyback_burner_slippage"
    market.swap_v3(market.tuner, market.dollar, market.held(market.tuner, attacker.address) - tuner)
    assert market.held(market.dollar, attacker.address) < dollars
    # Once the mean is what it was, the same step goes through.
    market.pass_time(60)
    market.owner.send(market.burner.buyback())
    assert client.block().number > 0
