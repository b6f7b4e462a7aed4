"""A market from nothing: pools created at the reference price, liquidity that the network owns, feed and burner wired.

For whoever owns feed and burner; on main networks that is the timelock, and each call goes through a vote instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cloudtuner.errors import ChainError
from tokens.chain.client import Call

from .account import Account, approve
from .buyback import Burner
from .feed import PriceFeed
from .prices import sqrt_price_x96
from .v3 import V3Market
from .v4 import PoolKey, V4Pool
from .venues import Venues

CARBON_FEE = 3000
TUNER_FEE = 3000
"""Fees of the V3 pools, pips: 0.30 %."""

OBSERVATIONS = 64
DEADLINE_S = 600
_CARBON_UNIT = 10**18
_LEAST_DEPTH = 2
"""The feed counts the pool while it has at least half of the liquidity that it was opened with."""


@dataclass(frozen=True)
class Deposit:
    """What the network puts in, base units: CT02 goes half to V3 and half to V4, with dollars at the opening price."""

    carbon: int
    tuner: int
    price_e8: int
    tuner_price_e8: int

    def __post_init__(self) -> None:
        if min(self.carbon, self.tuner, self.price_e8, self.tuner_price_e8) <= 0:
            raise ChainError("a market opens with something of each, at prices above 0.", code="market.deposit")


@dataclass(frozen=True)
class OpenMarket:
    """What was opened: V3 pools and positions, and the currencies of the V4 pool with its hook."""

    carbon_pool: str
    tuner_pool: str
    carbon_position: int
    tuner_position: int
    hook: str


def open_market(
    account: Account, venues: Venues, contracts: Mapping[str, str], *, ct02: str, tuner: str, deposit: Deposit
) -> OpenMarket:
    """Opens all pools from what the account holds; `contracts` are those of a market plan.

    The account needs `deposit.carbon`, `deposit.tuner` and the dollars that both are worth. A part of each may stay over:
    a pool takes them in the proportion of its price.
    """
    opener = _Opener(account, venues, ct02, tuner)
    carbon_pool, carbon_position = opener.open_v3(ct02, CARBON_FEE, deposit.carbon // 2, deposit.price_e8)
    tuner_pool, tuner_position = opener.open_v3(tuner, TUNER_FEE, deposit.tuner, deposit.tuner_price_e8)
    opener.open_v4(contracts, deposit.carbon - deposit.carbon // 2, deposit.price_e8)
    depth = opener.v3.state(carbon_pool).liquidity
    account.send(PriceFeed(account.client, contracts["price_feed"]).set_pool(carbon_pool, depth // _LEAST_DEPTH))
    account.send(Burner(account.client, contracts["burner"]).set_pools(tuner_pool, carbon_pool))
    return OpenMarket(carbon_pool, tuner_pool, carbon_position, tuner_position, contracts["fee_hook"])


class _Opener:
    def __init__(self, account: Account, venues: Venues, ct02: str, tuner: str) -> None:
        self.account, self.venues, self.ct02, self.tuner = account, venues, ct02, tuner
        self.v3 = V3Market(account.client, venues.needs_v3())

    def open_v3(self, token: str, fee: int, amount: int, price_e8: int) -> tuple[str, int]:
        """The pool of a token with 18 decimals and the dollar token, and the position in it."""
        dollar, positions = self.venues.dollar, self.venues.needs_v3().positions
        amounts = {token: amount, dollar.address: self._worth(amount, price_e8)}
        self._send(self.v3.create_pool(token, dollar.address, fee, self._root(token, amounts)))
        pool = self.v3.pool(token, dollar.address, fee)
        if pool is None:
            raise ChainError("the pool that was created is not there.", code="market.no_pool")
        self._send(self.v3.keep_history(pool, OBSERVATIONS))
        for each, most in amounts.items():
            self._send(approve(each, positions, most))
        call = self.v3.add_position(token, dollar.address, fee, amounts, owner=self.account.address, deadline=self._deadline())
        return pool, self.v3.position_of(self.account.send(call)).token_id

    def open_v4(self, contracts: Mapping[str, str], amount: int, price_e8: int) -> None:
        dollar, desk = self.venues.dollar, contracts["pool_desk"]
        key = PoolKey.of(self.ct02, dollar.address, contracts["fee_hook"])
        pool = V4Pool(self.account.client, self.venues.needs_v4(), desk, key)
        amounts = {self.ct02: amount, dollar.address: self._worth(amount, price_e8)}
        self._send(pool.initialize(self._root(self.ct02, amounts)))
        for each, most in amounts.items():
            self._send(approve(each, desk, most))
        self._send(pool.add_liquidity(amounts[key.currency0], amounts[key.currency1], deadline=self._deadline()))

    def _worth(self, amount: int, price_e8: int) -> int:
        return amount * price_e8 * self.venues.dollar.unit // (_CARBON_UNIT * 10**8)

    def _root(self, token: str, amounts: Mapping[str, int]) -> int:
        dollar = self.venues.dollar.address
        low, high = (token, dollar) if int(token, 16) < int(dollar, 16) else (dollar, token)
        return sqrt_price_x96(amounts[low], amounts[high])

    def _deadline(self) -> int:
        return self.account.client.block().timestamp + DEADLINE_S

    def _send(self, call: Call) -> None:
        self.account.send(call)
