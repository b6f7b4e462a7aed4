"""Aave V3: CT02 as collateral, a dollar token borrowed, paid back, and what happens when the price falls.

Whether CT02 is listed on a public market is that market's decision, not ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tokens.chain.abi import decode_values, encode_call
from tokens.chain.client import Call, RpcClient

from .venues import AaveV3

VARIABLE_RATE = 2
ALL = 2**256 - 1
"""Pay back, or take out, everything."""

_WAD = 10**18


@dataclass(frozen=True)
class LendingAccount:
    """How an account stands; money in dollars with 8 decimals, thresholds in basis points.

    `health` below 1 means that anyone may pay back a part of the debt and take collateral for it; None without debt.
    """

    collateral_e8: int
    debt_e8: int
    borrowable_e8: int
    threshold_bp: int
    loan_to_value_bp: int
    health: Decimal | None

    @property
    def can_be_liquidated(self) -> bool:
        return self.health is not None and self.health < 1


@dataclass(frozen=True)
class LendingMarket:
    """One Aave V3 pool. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    at: AaveV3

    def account(self, user: str) -> LendingAccount:
        """How a user stands; raises the feed's refusal when a price it depends on cannot be told."""
        data = self.client.call(Call(self.at.pool, encode_call("getUserAccountData(address)", (user,))))
        collateral, debt, borrowable, threshold, ltv, health = decode_values(("uint256",) * 6, data)
        return LendingAccount(collateral, debt, borrowable, threshold, ltv, Decimal(health) / _WAD if debt else None)

    def supply(self, token: str, amount: int, *, user: str) -> Call:
        """Gives a token (approved to the pool before) to the market for `user`."""
        return self._call("supply(address,uint256,address,uint16)", token, amount, user, 0)

    def use_as_collateral(self, token: str, *, use: bool = True) -> Call:
        """Whether what the sender supplied of a token stands for its debts."""
        return self._call("setUserUseReserveAsCollateral(address,bool)", token, use)

    def borrow(self, token: str, amount: int, *, user: str) -> Call:
        """Takes a loan at the variable rate; `user` is the sender."""
        return self._call("borrow(address,uint256,uint256,uint16,address)", token, amount, VARIABLE_RATE, 0, user)

    def repay(self, token: str, amount: int, *, user: str) -> Call:
        """Pays back a loan of `user`; ALL for the whole of the sender's own."""
        return self._call("repay(address,uint256,uint256,address)", token, amount, VARIABLE_RATE, user)

    def withdraw(self, token: str, amount: int, *, receiver: str) -> Call:
        """Takes what the sender supplied out again."""
        return self._call("withdraw(address,uint256,address)", token, amount, receiver)

    def liquidate(self, collateral: str, debt: str, *, user: str, amount: int) -> Call:
        """Pays back a part of a failing loan and takes its collateral with a bonus."""
        return self._call("liquidationCall(address,address,address,uint256,bool)", collateral, debt, user, amount, False)

    def _call(self, signature: str, *values: object) -> Call:
        return Call(self.at.pool, encode_call(signature, values))
