"""The market walked through once, on a local chain: pools, a swap with its share, buyback, floor, a loan.

What `cloudtuner demo --all` shows of the market; each row says what was done, with figures, and whether they are right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cloudtuner.units import decimal_text, group
from tokens.chain.client import Call, Receipt

from .account import Account, approve, balance_of, transfer
from .book import MarketBook
from .buyback import Burner
from .feed import Floor, PriceFeed
from .fees import VenueFees, v4_fees
from .lending import ALL, LendingMarket
from .local_aave import Listing, create_fixed_feed, list_on_aave
from .v4 import PoolKey, V4Pool
from .venues import Dollar

_UG_UNITS = 10**9
_DEADLINE_S = 600
_DOLLAR_E8 = 10**8
COLLATERAL_BP, THRESHOLD_BP, BONUS_BP = 5000, 6500, 11_000
"""How CT02 is listed on the local lending market: half its worth can be borrowed."""


@dataclass(frozen=True)
class Row:
    """One thing that was shown. `tx_hash` names the transaction that did it, where one did."""

    name: str
    text: str
    passed: bool
    tx_hash: str | None = None


@dataclass(frozen=True)
class Showing:
    """A walk by `holder`, who has CT02 and dollars; `owner` owns feed and reserve; `lender` administers the local Aave.

    `wait` lets seconds of chain time pass.
    """

    book: MarketBook
    ct02: str
    owner: Account
    holder: Account
    lender: Account
    wait: Callable[[int], None]

    def rows(self, *, carbon: int) -> Iterator[Row]:
        """Every row in order, trading up to `carbon` base units of CT02."""
        yield self._price()
        yield self._swap(carbon)
        yield self._buyback()
        yield self._floor(carbon)
        if self.book.venues.aave is not None:
            yield from self._loan(carbon)

    def _price(self) -> Row:
        price = PriceFeed(self.owner.client, self.book.contracts["price_feed"]).price()
        return Row("price feed", f"{decimal_text(price.price_e8, scale=8, places=8)} dollars per CT02", price.usable)

    def _swap(self, carbon: int) -> Row:
        dollar, desk = self.book.venues.dollar, self.book.contracts["pool_desk"]
        hook, start = self.book.contracts["fee_hook"], self.holder.client.block_number() + 1
        pool = V4Pool(self.holder.client, self.book.venues.needs_v4(), desk, PoolKey.of(self.ct02, dollar.address, hook))
        self.holder.send(approve(self.ct02, desk, carbon))
        quoted = pool.quote(self.ct02, carbon)
        receipt = self.holder.send(pool.swap(self.ct02, carbon, min_out=quoted, deadline=self._deadline()))
        blocks = (start, receipt.block_number)
        fees = v4_fees(self.holder.client, pool, hook=hook, carbon=self.ct02, blocks=blocks, name="Uniswap V4")
        part = _share_of(fees, carbon, quoted)
        text = f"{_ct02(carbon)} for {_dollars(quoted, dollar)}; {part:.4%} of the fee went to the burner"
        return Row("swap, 5 % of the fee", text, abs(part - 0.05) < 0.0005, receipt.tx_hash)

    def _buyback(self) -> Row:
        burner = Burner(self.owner.client, self.book.contracts["burner"])
        before, receipt = burner.burned(), None
        for call in burner.due_steps(now=self._now()):
            receipt = self.owner.send(call)
        burned = burner.burned() - before
        text = f"{_text(burned, 18, 6)} TUNER bought back and burned"
        return Row("buyback and burn", text, burned > 0, receipt.tx_hash if receipt else None)

    def _floor(self, carbon: int) -> Row:
        dollar = self.book.venues.dollar
        floor = Floor(self.owner.client, self.book.contracts["floor_reserve"])
        amount_ug = carbon // _UG_UNITS
        bid = floor.quote(amount_ug)
        self.owner.send(transfer(dollar.address, floor.address, 2 * bid))
        coverage = floor.coverage()
        self.holder.send(approve(self.ct02, floor.address, carbon))
        receipt = self.holder.send(floor.sell(amount_ug, min_paid=bid))
        text = (
            f"the reserve held {_dollars(coverage.held, dollar)}, enough for {_text(coverage.covered_ug, 9, 3)} kg; "
            f"bought {_text(amount_ug, 9, 3)} kg for {_dollars(bid, dollar)} and retired them"
        )
        kept = balance_of(self.owner.client, self.ct02, floor.address)
        return Row("floor reserve", text, kept == 0 and coverage.covered_ug >= amount_ug, receipt.tx_hash)

    def _loan(self, carbon: int) -> Iterator[Row]:
        dollar, aave = self.book.venues.dollar, self.book.venues.needs_aave()
        lending, holder = LendingMarket(self.holder.client, aave), self.holder
        self._list_tokens(aave.pool)
        self.holder.send(approve(self.ct02, aave.pool, carbon))
        holder.send(lending.supply(self.ct02, carbon, user=holder.address))
        holder.send(lending.use_as_collateral(self.ct02))
        worth = lending.account(holder.address).collateral_e8
        amount = worth * dollar.unit * 4 // 10 // _DOLLAR_E8
        receipt = holder.send(lending.borrow(dollar.address, amount, user=holder.address))
        account = lending.account(holder.address)
        text = (
            f"{_dollars(amount, dollar)} borrowed against {_ct02(carbon)} worth {_text(worth, 8, 6)}; health {account.health:.3f}"
        )
        yield Row("borrow", text, account.health is not None and account.health > 1, receipt.tx_hash)
        holder.send(approve(dollar.address, aave.pool))
        receipt = self._settled(holder, lending.repay(dollar.address, ALL, user=holder.address))
        holder.send(lending.withdraw(self.ct02, ALL, receiver=holder.address))
        yield Row("repay", "paid back, collateral returned", lending.account(holder.address).debt_e8 == 0, receipt.tx_hash)

    def _list_tokens(self, pool: str) -> None:
        dollar = self.book.venues.dollar
        fixed = create_fixed_feed(self.lender, _DOLLAR_E8)
        dollars = Listing(dollar.address, dollar.symbol, dollar.decimals, fixed, 8000, 8500, 10_500, borrowable=True)
        feed = self.book.contracts["price_feed"]
        list_on_aave(self.lender, pool, dollars)
        list_on_aave(self.lender, pool, Listing(self.ct02, "CT02", 18, feed, COLLATERAL_BP, THRESHOLD_BP, BONUS_BP))
        held = balance_of(self.owner.client, dollar.address, self.owner.address)
        self.owner.send(approve(dollar.address, pool, held // 2))
        self.owner.send(LendingMarket(self.owner.client, self.book.venues.needs_aave()).supply(
            dollar.address, held // 2, user=self.owner.address
        ))  # fmt: skip

    def _settled(self, account: Account, call: Call) -> Receipt:
        """After a second of interest, so that a loan is paid back as one that has run."""
        self.wait(1)
        return account.send(call)

    def _now(self) -> int:
        return self.owner.client.block().timestamp

    def _deadline(self) -> int:
        return self._now() + _DEADLINE_S


def _text(amount: int, scale: int, places: int) -> str:
    return group(decimal_text(amount, scale=scale, places=places), indian=False)


def _ct02(units: int) -> str:
    return f"{_text(units, 18, 3)} CT02"


def _dollars(amount: int, dollar: Dollar) -> str:
    return f"{_text(amount, dollar.decimals, 6)} dollars"


def _share_of(fees: VenueFees, given: int, received: int) -> float:
    """The part of the whole fee that was delivered, both in dollars at the swap's own price."""
    price = (received + fees.delivered.dollars) / (given - fees.fees.carbon)
    provided = fees.fees.carbon * price
    return fees.delivered.dollars / (provided + fees.delivered.dollars)
