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
    values = {"name": "CT02 / USDC", "symbol": "CT02USDC", "coins": (DOLLAR, CT02), "initial_price": curve.price_of(564_000)}
    return curve.TwocryptoPool(**{**values, **changes})


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
    ("name", "inside", "outside"),
    [
        ("name", "n" * 64, "n" * 65),
        ("symbol", "s" * 32, "s" * 33),
        ("coins", (DOLLAR, CT02), (CT02, CT02.upper().replace("0X", "0x"))),
        ("mid_fee", 45 * 10**6, 45 * 10**6 + 1),
        ("out_fee", curve.FEE_UNIT - 1, curve.FEE_UNIT),
        ("fee_gamma", 1, 0),
        ("fee_gamma", 10**18, 10**18 + 1),
        ("allowed_extra_profit", 10**18, 10**18 + 1),
        ("adjustment_step", 1, 0),
        ("adjustment_step", 10**18, 10**18 + 1),
        ("ma_exp_time", 87, 86),
        ("ma_exp_time", 872_541, 872_542),
        ("initial_price", 10**6 + 1, 10**6),
        ("initial_price", 10**30 - 1, 10**30),
    ],
)
def test_pool__outside_the_factorys_limits__is_refused_before_it_costs_gas(name, inside, outside):
    assert getattr(_pool(**{name: inside}), name) == inside
    with pytest.raises(ConfigurationError) as refused:
        _pool(**{name: outside})
    assert refused.value.code == "market.curve_parameters"


def test_deployed__receipt__names_the_pool_that_this_factory_made():
    market = curve.CurveMarket(NOWHERE, "0x" + "fa" * 20)
    pool = "0x" + "ab" * 20

    def deployed(*logs):
        return market.deployed(Receipt("0x1", 1, "0x2", 0, True, 1, 1, None, logs))

    made = {"address": market.factory, "topics": [curve._DEPLOYED], "data": "0x" + "00" * 12 + pool[2:] + "00" * 64}
    assert int(deployed({**made, "topics": ["0x"]}, made), 16) == int(pool, 16)
    assert deployed() is None
    assert deployed({**made, "address": CT02}) is None
    assert deployed({**made, "topics": ["0x"]}) is None


def test_quote_and_fee__of_a_pool__are_read_from_the_chain(serve_chain):
    def answer(method, parameters):
        assert (method, parameters[0]["to"].lower()) == ("eth_call", CT02)
        asked = bytes.fromhex(parameters[0]["data"][2:])
        if asked[:4] == selector("fee()"):
            return f"0x{30 * 10**6:064x}"
        assert asked[:4] == selector("get_dy(uint256,uint256,uint256)")
        coin_in, coin_out, amount = decode_values(("uint256",) * 3, asked[4:])
        return f"0x{amount * {(0, 1): 2, (1, 0): 3}[coin_in, coin_out]:064x}"

    market = curve.CurveMarket(RpcClient(serve_chain(answer)), CT02)
    assert market.fee(CT02) == 30 * 10**6
    assert (market.quote(CT02, 0, 500), market.quote(CT02, 1, 500)) == (1_000, 1_500)


def test_swap__calls__name_both_coins():
    market = curve.CurveMarket(NOWHERE, CT02)
    data = market.swap(CT02, 1, 500, min_out=3).data
    assert decode_values(("uint256",) * 4, data[4:]) == (1, 0, 500, 3)
    assert decode_values(("uint256[2]", "uint256"), market.add_liquidity(CT02, (1, 2), least_shares=9).data[4:]) == ((1, 2), 9)
