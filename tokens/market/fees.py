"""Five percent of trading fees: what each listed venue owes, what reached the burner, what is missing.

Only in a Uniswap V4 pool with our hook does the share arrive by itself with every swap. A V3 pool pays its fees to
whoever provides liquidity, so there the share is due from the position that the network owns. At Curve half of all fees
is Curve's and no part is ours to direct: its share is due from the treasury. The page says so per venue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from tokens.chain.abi import decode_values, topic
from tokens.chain.client import RpcClient
from tokens.chain.windows import read_logs

from . import v3, v4
from .buyback import BOUGHT_EVENT, SOLD_EVENT

SHARE_BP = 500
PIPS = 10**6
TRANSFER_EVENT = topic("Transfer(address,address,uint256)")

_BASIS_POINTS = 10_000


class Way(Enum):
    """How the share of a venue comes to the burner."""

    HOOK = "with every swap"
    POSITION = "from the position that the network owns"
    TREASURY = "from the treasury"


@dataclass(frozen=True)
class Amounts:
    """Base units of CT02 and of the dollar token."""

    carbon: int = 0
    dollars: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(self.carbon + other.carbon, self.dollars + other.dollars)

    def __sub__(self, other: Amounts) -> Amounts:
        return Amounts(self.carbon - other.carbon, self.dollars - other.dollars)

    def share(self) -> Amounts:
        """Five percent of them, rounded down."""
        return Amounts(self.carbon * SHARE_BP // _BASIS_POINTS, self.dollars * SHARE_BP // _BASIS_POINTS)

    def in_dollars(self, price_e8: int, dollar_unit: int) -> int:
        """Both together in base units of the dollar token, CT02 at a price of dollars with 8 decimals."""
        return self.dollars + self.carbon * price_e8 * dollar_unit // (10**8 * 10**18)


@dataclass(frozen=True)
class VenueFees:
    """One venue over a range of blocks. `fees` is all that traders paid; `due` five percent of it, in the currency in
    which it has to come.
    """

    name: str
    way: Way
    swaps: int
    fees: Amounts
    due: Amounts
    delivered: Amounts

    def shortfall_dollars(self, price_e8: int, dollar_unit: int) -> int:
        """What is still missing, in dollars at one price, never below 0: a share may arrive in the other currency."""
        missing = self.due.in_dollars(price_e8, dollar_unit) - self.delivered.in_dollars(price_e8, dollar_unit)
        return max(0, missing)


@dataclass(frozen=True)
class Burned:
    """What the burner did over a range of blocks: CT02 sold, dollars that gave, dollars spent, TUNER burned for them."""

    carbon_sold: int
    dollars_received: int
    dollars_spent: int
    tuner: int


@dataclass(frozen=True)
class VenueShare:
    """A line of the page, in base units of the dollar token but `tuner`, which this venue's part of the burn amounts to."""

    venue: VenueFees
    due: int
    delivered: int
    burned: int
    waiting: int
    shortfall: int
    tuner: int


def v4_fees(client: RpcClient, pool: v4.V4Pool, *, hook: str, carbon: str, blocks: tuple[int, int], name: str) -> VenueFees:
    """Fees of a V4 pool with our hook: the pool's own and the hook's on top, which together are what traders paid."""
    carbon_is_0 = pool.key.currency0.lower() == carbon.lower()
    swaps: list[_Swap] = []
    topics = [[v4.SWAP_EVENT, v4.SHARED_EVENT], ["0x" + pool.key.pool_id.hex()]]
    # The manager is every pool's: only this one's logs are asked for.
    for log in read_logs(client, [pool.manager, hook], first=blocks[0], last=blocks[1], topics=topics):
        if log["topics"][0] == v4.SWAP_EVENT:
            amount0, amount1, *_, fee = decode_values(("int128", "int128", "uint160", "uint128", "int24", "uint24"), _data(log))
            # Seen from the trader: negative is what went into the pool.
            into_0 = amount0 < 0
            given, got = (-amount0, amount1) if into_0 else (-amount1, amount0)
            swaps.append(_Swap(given, got, fee, input_is_carbon=into_0 == carbon_is_0))
        elif log["topics"][0] == v4.SHARED_EVENT and log["address"].lower() == hook.lower() and swaps:
            (amount,) = decode_values(("uint256",), _data(log))
            # The hook speaks within the swap that it follows.
            swaps[-1] = replace(swaps[-1], share=amount, share_is_carbon=int(log["topics"][2], 16) == int(carbon, 16))
    paid, due, delivered = Amounts(), Amounts(), Amounts()
    for swap in swaps:
        paid, due, delivered = paid + swap.paid, due + swap.due, delivered + swap.shared
    return VenueFees(name, Way.HOOK, len(swaps), paid, due, delivered)


@dataclass(frozen=True)
class _Swap:
    """A swap in a pool with the hook: what went in and came out, the pool's fee in pips, the hook's share."""

    given: int
    got: int
    fee: int
    input_is_carbon: bool
    share: int = 0
    share_is_carbon: bool | None = None

    @property
    def shared(self) -> Amounts:
        return _amount(self.share, carbon=bool(self.share_is_carbon))

    @property
    def paid(self) -> Amounts:
        """The pool's own fee, which is a part of what went in, and the hook's."""
        return _amount(self.given * self.fee // PIPS, carbon=self.input_is_carbon) + self.shared

    @property
    def due(self) -> Amounts:
        """A twentieth of both together, in the currency of the share. Where that is what came out, the pool's fee is worth
        fee / (1 - fee) of it at the swap's own price.
        """
        of_input = self.share_is_carbon is not None and self.share_is_carbon == self.input_is_carbon
        own = self.given * self.fee // PIPS if of_input else self.got * self.fee // (PIPS - self.fee)
        due = (own + self.share) * SHARE_BP // _BASIS_POINTS
        return _amount(due, carbon=self.input_is_carbon == of_input)


def v3_fees(
    client: RpcClient, pool: str, fee: int, *, burner: str, carbon_is_0: bool, blocks: tuple[int, int], name: str
) -> VenueFees:
    """Fees of a V3 pool by its swaps; delivered is what positions sent from it straight to the burner."""
    total, delivered, swaps = Amounts(), Amounts(), 0
    topics = [[v3.SWAP_EVENT, v3.COLLECT_EVENT]]
    for log in read_logs(client, [pool], first=blocks[0], last=blocks[1], topics=topics):
        if log["topics"][0] == v3.SWAP_EVENT:
            amount0, amount1, *_ = decode_values(("int256", "int256", "uint160", "uint128", "int24"), _data(log))
            total += _fee_of(amount0, amount1, fee, carbon_is_0=carbon_is_0)
            swaps += 1
        else:
            receiver, amount0, amount1 = decode_values(("address", "uint128", "uint128"), _data(log))
            if int(receiver, 16) == int(burner, 16):
                delivered += Amounts(amount0, amount1) if carbon_is_0 else Amounts(amount1, amount0)
    return VenueFees(name, Way.POSITION, swaps, total, total.share(), delivered)


def received_from(
    client: RpcClient, *, payers: Iterable[str], burner: str, carbon: str, dollar: str, blocks: tuple[int, int]
) -> Amounts:
    """What the burner received straight from these accounts: the treasury, where a venue pays nothing by itself."""
    senders, total = [_word(payer) for payer in payers], Amounts()
    if not senders:  # an endpoint would take none for any
        return total
    topics = [[TRANSFER_EVENT], senders, [_word(burner)]]
    for log in read_logs(client, [carbon, dollar], first=blocks[0], last=blocks[1], topics=topics):
        total += _amount(int(log["data"], 16), carbon=log["address"].lower() == carbon.lower())
    return total


def burned_in(client: RpcClient, burner: str, *, blocks: tuple[int, int]) -> Burned:
    """What the burner's steps did."""
    sold = received = spent = tuner = 0
    for log in read_logs(client, [burner], first=blocks[0], last=blocks[1], topics=[[BOUGHT_EVENT, SOLD_EVENT]]):
        given, got, _ = decode_values(("uint256", "uint256", "uint256"), _data(log))
        if log["topics"][0] == BOUGHT_EVENT:
            spent, tuner = spent + given, tuner + got
        else:
            sold, received = sold + given, received + got
    return Burned(sold, received, spent, tuner)


def settle(venues: Sequence[VenueFees], burned: Burned, *, price_e8: int, dollar_unit: int) -> list[VenueShare]:
    """What each venue owes and what of it was burned, in dollars at one price.

    The burner cannot tell its dollars apart, so what was spent counts for the venues in proportion to what each
    delivered; parts add up to the whole but for the rounding down of each.
    """
    delivered = [venue.delivered.in_dollars(price_e8, dollar_unit) for venue in venues]
    total = sum(delivered)
    lines = []
    for venue, part in zip(venues, delivered, strict=True):
        burned_part = min(part, burned.dollars_spent * part // total) if total else 0
        lines.append(
            VenueShare(
                venue=venue,
                due=venue.due.in_dollars(price_e8, dollar_unit),
                delivered=part,
                burned=burned_part,
                waiting=part - burned_part,
                shortfall=venue.shortfall_dollars(price_e8, dollar_unit),
                tuner=burned.tuner * part // total if total else 0,
            )
        )
    return lines


def _fee_of(in0: int, in1: int, fee: int, *, carbon_is_0: bool) -> Amounts:
    """The fee of one swap: a part of what went in. Exactly one of the two went in."""
    fee0, fee1 = (max(0, amount) * fee // PIPS for amount in (in0, in1))
    return Amounts(fee0, fee1) if carbon_is_0 else Amounts(fee1, fee0)


def _amount(amount: int, *, carbon: bool) -> Amounts:
    return Amounts(carbon=amount) if carbon else Amounts(dollars=amount)


def _word(address: str) -> str:
    return "0x" + "00" * 12 + address.lower().removeprefix("0x")


def _data(log: dict[str, Any]) -> bytes:
    return bytes.fromhex(log["data"].removeprefix("0x"))
