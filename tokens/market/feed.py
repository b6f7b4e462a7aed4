"""The price of CT02 for lenders, the reference behind it, and the floor reserve that bids below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntFlag

from tokens.chain.abi import decode_values, encode_call
from tokens.chain.client import BlockId, Call, RpcClient


class Why(IntFlag):
    """Why the feed does not answer; the contract's FLAG_* constants."""

    NO_REFERENCE = 1
    STALE_REFERENCE = 2
    NO_POOL = 4
    SHORT_HISTORY = 8
    THIN_POOL = 16
    SEQUENCER = 32


@dataclass(frozen=True)
class Reference:
    """Rupees per tonne and per dollar as posted: hundredths of a rupee, and 8 decimals. Times in chain time, UTC."""

    inr_per_tonne_e2: int
    inr_per_usd_e8: int
    observed_at: datetime
    posted_at: datetime
    valid_until: datetime


@dataclass(frozen=True)
class Price:
    """Dollars per CT02 with 8 decimals as far as it can be told; usable when `why` is empty."""

    price_e8: int
    why: Why

    @property
    def usable(self) -> bool:
        return not self.why


@dataclass(frozen=True)
class Coverage:
    """What the reserve holds, base units of the dollar token, and for how many micrograms that is enough today."""

    held: int
    covered_ug: int


@dataclass(frozen=True)
class PriceFeed:
    """CarbonPriceFeed. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    address: str

    def price(self, *, block: BlockId = "latest") -> Price:
        price, flags = self._read("peek()", ("uint256", "uint8"), block)
        return Price(price, Why(flags))

    def reference(self, *, block: BlockId = "latest") -> Reference | None:
        """The reference as posted, or None before the first."""
        kinds = ("uint64", "uint64", "uint40", "uint40", "uint40")
        tonne, usd, observed, posted, until = self._read("latestReference()", kinds, block)
        if posted == 0:
            return None
        return Reference(tonne, usd, _moment(observed), _moment(posted), _moment(until))

    def reference_price_e8(self, *, block: BlockId = "latest") -> tuple[int, bool]:
        """The reference in dollars per CT02 with 8 decimals, and whether it counts now."""
        price, valid = self._read("referencePrice()", ("uint256", "bool"), block)
        return int(price), bool(valid)

    def answer(self, *, block: BlockId = "latest") -> int:
        """What a lender gets; raises `chain.revert.carbon_price_feed_stale` with the flags when there is no answer."""
        return int(self._read("latestAnswer()", ("int256",), block)[0])

    def post_reference(
        self, *, inr_per_tonne_e2: int, inr_per_usd_e8: int, observed_at: int, valid_until: int, source: str
    ) -> Call:
        """Posts a reference with its date and source. Times in unix seconds."""
        signature = "postReference(uint64,uint64,uint40,uint40,string)"
        values = (inr_per_tonne_e2, inr_per_usd_e8, observed_at, valid_until, source)
        return Call(self.address, encode_call(signature, values))

    def set_pool(self, pool: str, min_liquidity: int) -> Call:
        """By the owner: the pool that is read, and the liquidity from which it counts."""
        return Call(self.address, encode_call("setPool(address,uint128)", (pool, min_liquidity)))

    def _read(self, signature: str, kinds: tuple[str, ...], block: BlockId) -> tuple[int, ...]:
        return decode_values(kinds, self.client.call(Call(self.address, encode_call(signature)), block=block))


@dataclass(frozen=True)
class Floor:
    """FloorReserve. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    address: str

    def coverage(self, *, block: BlockId = "latest") -> Coverage:
        return Coverage(*self._numbers("coverage()", 2, block=block))

    def quote(self, amount_ug: int, *, block: BlockId = "latest") -> int:
        """What the reserve bids now, base units of the dollar token; raises its refusal without a reference."""
        return self._numbers("quote(uint128)", 2, amount_ug, block=block)[0]

    def left_today(self, *, block: BlockId = "latest") -> int:
        return self._numbers("leftToday()", 1, block=block)[0]

    def bought_ug(self, *, block: BlockId = "latest") -> int:
        """Micrograms bought and retired in all."""
        return self._numbers("boughtUg()", 1, block=block)[0]

    def sell(self, amount_ug: int, *, min_paid: int) -> Call:
        """Sells the sender's CT02 (approved before) to the reserve."""
        return Call(self.address, encode_call("sell(uint128,uint256)", (amount_ug, min_paid)))

    def _numbers(self, signature: str, count: int, *values: int, block: BlockId) -> tuple[int, ...]:
        data = self.client.call(Call(self.address, encode_call(signature, values)), block=block)
        return decode_values(("uint256",) * count, data)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
