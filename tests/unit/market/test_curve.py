"""Curve by its interface: the calls it takes, the pools it would refuse, the factories that are published."""

from __future__ import annotations

import pytest

from cloudtuner.errors import ConfigurationError
from tokens.chain.abi import decode_values, selector
from tokens.chain.client import Receipt, RpcClient
from tokens.market import curve, venues

CT02, DOLLAR = "0x" + "c2" * 20, "0x" + "d0" * 20
NOWHERE = RpcClient("http://127.0.0.1:1")


def _pool(**changes):
    return curve.TwocryptoPool("CT02 / USDC", "CT02USDC", (DOLLAR, CT02), curve.price_of(564_000), **changes)


def test_deploy__call__is_what_the_factory_takes():
    market = curve.CurveMarket(NOWHERE, venues.published(137).needs_curve())
    call = market.deploy(_pool())
    assert call.to == "0x98EE851a00abeE0d95D08cF4CA2BdCE32aeaAF7F"
    # The selector that the deployed factory's own transactions carry.
    assert call.data[:4] == selector(curve.DEPLOY)
    kinds = ("string", "string", "address[2]", *("uint256",) * 10)
    name, symbol, coins, implementation, a, gamma, mid, out, *_, price = decode_values(kinds, call.data[4:])
    assert (name, symbol, [int(coin, 16) for coin in coins]) == ("CT02 / USDC", "CT02USDC", [int(DOLLAR, 16), int(CT02, 16)])
    assert (implementation, mid, out, price) == (0, 26 * 10**6, 45 * 10**6, 5_640_000_000_000_000)
    assert a > 0 < gamma


@pytest.mark.parametrize(
    "changes",
    [
        {"mid_fee": 46 * 10**6},
        {"out_fee": curve.FEE_UNIT},
        {"fee_gamma": 0},
        {"adjustment_step": 0},
        {"ma_exp_time": 86},
        {"allowed_extra_profit": 10**18 + 1},
    ],
)
def test_pool__outside_the_factorys_limits__is_refused_before_it_costs_gas(changes):
    with pytest.raises(ConfigurationError) as refused:
        _pool(**changes)
    assert refused.value.code == "market.curve_parameters"


def test_pool__one_coin_twice_or_no_price__is_refused():
    for coins, price in (((CT02, CT02), 10**15), ((DOLLAR, CT02), 10**6)):
        with pytest.raises(ConfigurationError):
            curve.TwocryptoPool("n", "s", coins, price)


def test_deployed__receipt__names_the_pool():
    market = curve.CurveMarket(NOWHERE, "0x" + "fa" * 20)
    pool = "0x" + "ab" * 20
    log = {"address": market.factory, "topics": [curve._DEPLOYED], "data": "0x" + "00" * 12 + pool[2:] + "00" * 64}
    receipt = Receipt("0x1", 1, "0x2", 0, True, 1, 1, None, ({"address": CT02, "topics": ["0x"], "data": "0x"}, log))
    assert int(market.deployed(receipt), 16) == int(pool, 16)
    assert market.deployed(Receipt("0x1", 1, "0x2", 0, True, 1, 1, None, ())) is None


def test_swap__calls__name_both_coins():
    market = curve.CurveMarket(NOWHERE, CT02)
    data = market.swap(CT02, 1, 500, min_out=3).data
    assert decode_values(("uint256",) * 4, data[4:]) == (1, 0, 500, 3)
    assert decode_values(("uint256[2]", "uint256"), market.add_liquidity(CT02, (1, 2), least_shares=9).data[4:]) == ((1, 2), 9)
