"""Curve's two-coin pools for volatile pairs (twocrypto): created and traded by the published factory's interface.

Curve's code is all rights reserved, so there is none of it here; where its factory is, these calls reach it.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudtuner.errors import ConfigurationError
from emissions.poce.hexes import normal_address
from tokens.chain.abi import decode_values, encode_call, topic
from tokens.chain.client import Call, Receipt, RpcClient

DEPLOY = "deploy_pool(string,string,address[2],uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256)"
FEE_UNIT = 10**10
"""Curve's fees are in ten-thousand-millionths: 30,000,000 is 0.3 %."""

_PRICE_UNIT = 10**18
_DEPLOYED = topic(
    "TwocryptoPoolDeployed(address,string,string,address[2],address,bytes32,uint256[2],uint256,uint256,uint256,uint256,address)"
)


@dataclass(frozen=True)
class TwocryptoPool:
    """What a pool is made with. `initial_price` is coin 1 in coin 0, 18 decimals. Limits as the factory holds them."""

    name: str
    symbol: str
    coins: tuple[str, str]
    initial_price: int
    a: int = 400_000
    gamma: int = 145 * 10**12
    mid_fee: int = 26 * 10**6
    out_fee: int = 45 * 10**6
    fee_gamma: int = 230 * 10**12
    allowed_extra_profit: int = 2 * 10**12
    adjustment_step: int = 146 * 10**12
    ma_exp_time: int = 866
    implementation: int = 0

    def __post_init__(self) -> None:
        limits = (
            (len(self.name) <= 64 and len(self.symbol) <= 32, "name or symbol is too long"),
            (self.coins[0].lower() != self.coins[1].lower(), "both coins are the same"),
            (self.mid_fee <= self.out_fee < FEE_UNIT, "fees have to satisfy mid_fee <= out_fee < 10^10"),
            (0 < self.fee_gamma <= 10**18, "fee_gamma has to be above 0 and at most 10^18"),
            (self.allowed_extra_profit <= 10**18, "allowed_extra_profit has to be at most 10^18"),
            (0 < self.adjustment_step <= 10**18, "adjustment_step has to be above 0 and at most 10^18"),
            (86 < self.ma_exp_time < 872_542, "ma_exp_time has to be between 87 and 872,541 s"),
            (10**6 < self.initial_price < 10**30, "initial_price has to be between 10^6 and 10^30"),
        )
        for holds, fault in limits:
            if not holds:
                raise ConfigurationError(f"the factory would refuse this pool: {fault}.", code="market.curve_parameters")


def price_of(coin1_dollars_e8: int) -> int:
    """A coin's price in dollars with 8 decimals as an initial price, when coin 0 is the dollar token.

    >>> price_of(564_000)
    5640000000000000
    """
    return coin1_dollars_e8 * _PRICE_UNIT // 10**8


@dataclass(frozen=True)
class CurveMarket:
    """Curve's factory on one chain, and the pools it made. Reads ask the chain, the rest gives the call that does it."""

    client: RpcClient
    factory: str

    def deploy(self, pool: TwocryptoPool) -> Call:
        """Creates a pool."""
        values = (
            pool.name, pool.symbol, list(pool.coins), pool.implementation, pool.a, pool.gamma, pool.mid_fee, pool.out_fee,
            pool.fee_gamma, pool.allowed_extra_profit, pool.adjustment_step, pool.ma_exp_time, pool.initial_price,
        )  # fmt: skip
        return Call(self.factory, encode_call(DEPLOY, values))

    def deployed(self, receipt: Receipt) -> str | None:
        """The pool that a transaction created, or None."""
        for log in receipt.logs:
            if log["topics"][0] == _DEPLOYED and log["address"].lower() == self.factory.lower():
                return normal_address("0x" + log["data"].removeprefix("0x")[24:64])
        return None

    def quote(self, pool: str, coin_in: int, amount_in: int) -> int:
        """What `amount_in` of coin 0 or 1 would bring of the other now."""
        return self._number(pool, "get_dy(uint256,uint256,uint256)", coin_in, 1 - coin_in, amount_in)

    def fee(self, pool: str) -> int:
        """The fee at present, in parts of FEE_UNIT."""
        return self._number(pool, "fee()")

    def swap(self, pool: str, coin_in: int, amount_in: int, *, min_out: int) -> Call:
        """Swaps exactly `amount_in` (approved to the pool before) for at least `min_out`."""
        return Call(pool, encode_call("exchange(uint256,uint256,uint256,uint256)", (coin_in, 1 - coin_in, amount_in, min_out)))

    def add_liquidity(self, pool: str, amounts: tuple[int, int], *, least_shares: int) -> Call:
        """Gives both coins (approved before) for at least `least_shares` of the pool."""
        return Call(pool, encode_call("add_liquidity(uint256[2],uint256)", (list(amounts), least_shares)))

    def _number(self, to: str, signature: str, *values: object) -> int:
        data = self.client.call(Call(to, encode_call(signature, values)))
        return int(decode_values(("uint256",), data)[0])
