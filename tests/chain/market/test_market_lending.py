"""Borrowing against CT02 on real Aave V3 bytecode, priced by our feed: loan, repayment, liquidation, stale feed."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ChainError
from tokens.market.account import approve
from tokens.market.feed import Why
from tokens.market.lending import ALL, LendingMarket
from tokens.market.local_aave import Listing, create_aave, create_fixed_feed, list_on_aave
from tokens.market.venues import AaveV3

pytestmark = pytest.mark.chain

CT02 = 10**18
DOLLAR = 10**6
DOLLAR_E8 = 10**8
COLLATERAL = 100_000 * CT02


@pytest.fixture(scope="module")
def listed(module_market):
    """CT02 as collateral at half its worth, the dollar token to borrow, and somebody who lends dollars."""
    market, owner = module_market, module_market.owner
    administrator = type(owner)(owner.client, owner.chain_id, market.network.anvil.keys[2])
    aave = AaveV3(create_aave(administrator))
    fixed = create_fixed_feed(administrator, DOLLAR_E8)
    list_on_aave(administrator, aave.pool, Listing(market.dollar, "USDL", 6, fixed, 8000, 8500, 10_500, borrowable=True))
    list_on_aave(administrator, aave.pool, Listing(market.ct02, "CT02", 18, market.feed.address, 5000, 6500, 11_000))
    lending = LendingMarket(market.client, aave)
    for account, token in ((owner, market.dollar), (market.trader, market.ct02), (market.trader, market.dollar)):
        account.send(approve(token, aave.pool))
    owner.send(lending.supply(market.dollar, 100_000 * DOLLAR, user=owner.address))
    market.trader.send(lending.supply(market.ct02, COLLATERAL, user=market.trader.address))
    market.trader.send(lending.use_as_collateral(market.ct02))
    return lending


@pytest.fixture
def lending(listed, market):
    """The file's lending market; each test starts from the same state."""
    return listed


def _fall(market):
    """The price of CT02 falls by more than a third, in the pool, for longer than the mean reaches back."""
    market.swap_v3(market.ct02, market.dollar, 80_000 * CT02)
    market.pass_time(60)


def test_borrow__against_ct02__lends_dollars_by_our_price_and_takes_them_back(market, lending):
    trader = market.trader
    account = lending.account(trader.address)
    assert account.collateral_e8 == pytest.approx(100_000 * market.feed.answer(), rel=1e-6)
    assert account.health is None
    assert account.borrowable_e8 == account.collateral_e8 // 2
    before = market.held(market.dollar, trader.address)
    trader.send(lending.borrow(market.dollar, 250 * DOLLAR, user=trader.address))
    assert market.held(market.dollar, trader.address) - before == 250 * DOLLAR
    account = lending.account(trader.address)
    assert account.debt_e8 == pytest.approx(250 * DOLLAR_E8, rel=1e-6)
    assert account.health > 1
    trader.send(lending.repay(market.dollar, ALL, user=trader.address))
    assert lending.account(trader.address).health is None
    trader.send(lending.withdraw(market.ct02, ALL, receiver=trader.address))
    assert lending.account(trader.address).collateral_e8 == 0


def test_borrow__above_half_the_worth__is_refused(market, lending):
    with pytest.raises(ChainError, match="36"):  # Aave's number for: the collateral does not cover the new borrow
        market.trader.send(lending.borrow(market.dollar, 300 * DOLLAR, user=market.trader.address))


def test_liquidate__price_fell__pays_back_half_and_takes_collateral_with_a_bonus(market, lending):
    trader, liquidator = market.trader, market.owner
    trader.send(lending.borrow(market.dollar, 270 * DOLLAR, user=trader.address))
    call = lending.liquidate(market.ct02, market.dollar, user=trader.address, amount=100 * DOLLAR)
    with pytest.raises(ChainError, match="45"):  # Aave's number for: the loan is not failing
        liquidator.send(call)
    before = market.feed.answer()
    _fall(market)
    price = market.feed.answer()
    assert price < before * 2 // 3
    account = lending.account(trader.address)
    assert account.can_be_liquidated
    carbon = market.held(market.ct02, liquidator.address)
    dollars = market.held(market.dollar, liquidator.address)
    liquidator.send(call)
    seized = market.held(market.ct02, liquidator.address) - carbon
    assert dollars - market.held(market.dollar, liquidator.address) == 100 * DOLLAR
    assert seized * price == pytest.approx(110 * DOLLAR_E8 * CT02, rel=1e-3)
    assert lending.account(trader.address).debt_e8 < account.debt_e8


def test_borrow__feed_is_stale__is_refused_and_repayment_still_works(market, lending):
    trader = market.trader
    trader.send(lending.borrow(market.dollar, 100 * DOLLAR, user=trader.address))
    market.pass_time(86_400)
    assert Why.STALE_REFERENCE in market.feed.price().why
    with pytest.raises(ChainError) as refused:
        trader.send(lending.borrow(market.dollar, 1 * DOLLAR, user=trader.address))
    assert refused.value.code == "chain.revert.carbon_price_feed_stale"
    with pytest.raises(ChainError):
        lending.account(trader.address)
    trader.send(lending.repay(market.dollar, 50 * DOLLAR, user=trader.address))


def test_borrow__price_pushed_up_in_this_block__lends_no_more(market, lending):
    trader = market.trader
    before = lending.account(trader.address).borrowable_e8
    market.swap_v3(market.dollar, market.ct02, 5_000 * DOLLAR)
    # The bound on the reference holds even once the mean has followed.
    market.pass_time(60)
    bound = 50_000 * 10**11 // (88 * 10**8) * 11 // 10
    assert market.feed.answer() == bound
    assert lending.account(trader.address).borrowable_e8 <= before * 113 // 100
