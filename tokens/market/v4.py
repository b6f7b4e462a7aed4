"""Uniswap V4: pools that share their fees, by the desk that trades for an account or the timelock."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtuner.errors import ChainError
from emissions.poce.keccak import keccak
from tokens.chain.abi import decode_values, encode_call, encode_values, topic
from tokens.chain.client import Call, RpcClient

from .prices import full_range, liquidity_for, sorted_pair

KEY = "(address,address,uint24,int24,address)"
KEY_TYPES = ("address", "address", "uint24", "int24", "address")

POOL_FEE_PIPS = 2850
"""What those who provide liquidity get of a swap, millionths. With the hook's share on top traders pay 0.30 %."""

SPACING = 60
SWAP_EVENT = topic("Swap(bytes32,address,int128,int128,uint160,uint128,int24,uint24)")
SHARED_EVENT = topic("FeeShared(bytes32,address,uint256)")
_POOLS_SLOT = 6
_LIQUIDITY_OFFSET = 3


@dataclass(frozen=True)
class PoolKey:
    """What names a V4 pool: currencies in order, fee in pips, spacing of ticks, hook."""

    currency0: str
    currency1: str
    fee: int
    spacing: int
    hook: str

    @classmethod
    def of(cls, token_a: str, token_b: str, hook: str, *, fee: int = POOL_FEE_PIPS, spacing: int = SPACING) -> PoolKey:
        return cls(*sorted_pair(token_a, token_b), fee, spacing, hook)

    def values(self) -> tuple[str, str, int, int, str]:
        return (self.currency0, self.currency1, self.fee, self.spacing, self.hook)

    @property
    def pool_id(self) -> bytes:
        return keccak(encode_values(KEY_TYPES, self.values()))


@dataclass(frozen=True)
class V4Pool:
    """One pool, traded through a desk. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    manager: str
    desk: str
    key: PoolKey

    def initialize(self, sqrt_price: int) -> Call:
        """Creates the pool at its first price."""
        return Call(self.manager, encode_call(f"initialize({KEY},uint160)", (self.key.values(), sqrt_price)))

    def sqrt_price(self) -> int:
        """The price's root with 96 binary places; 0 before the pool is there."""
        return int.from_bytes(self._stored(0), "big") & (2**160 - 1)

    def liquidity(self) -> int:
        """Liquidity in range."""
        return int.from_bytes(self._stored(_LIQUIDITY_OFFSET), "big") & (2**128 - 1)

    def fee_growth(self) -> tuple[int, int]:
        """Fees per unit of liquidity so far, by currency, with 128 binary places."""
        return (int.from_bytes(self._stored(1), "big"), int.from_bytes(self._stored(2), "big"))

    def add_liquidity(self, amount0: int, amount1: int, *, deadline: int) -> Call:
        """A position over all prices for the sender, from at most these amounts (approved to the desk before)."""
        lower, upper = full_range(self.key.spacing)
        sqrt_price = self.sqrt_price()
        if sqrt_price == 0:
            raise ChainError("the pool is not there yet.", code="market.no_pool")
        liquidity = liquidity_for(sqrt_price, lower, upper, amount0, amount1)
        return self._modify(liquidity, (amount0, amount1), (0, 0), deadline)

    def remove_liquidity(self, liquidity: int, *, least0: int, least1: int, deadline: int) -> Call:
        """Takes liquidity out of the sender's position, with what it earned; with 0, what it earned alone."""
        return self._modify(-liquidity, (0, 0), (least0, least1), deadline)

    def quote(self, currency_in: str, amount_in: int) -> int:
        """What `amount_in` would bring now, the hook's share taken off."""
        signature = f"quoteExactIn({KEY},bool,uint128)"
        call = Call(self.desk, encode_call(signature, (self.key.values(), self._is_0(currency_in), amount_in)))
        return int(decode_values(("uint256",), self.client.call(call))[0])

    def swap(self, currency_in: str, amount_in: int, *, min_out: int, deadline: int) -> Call:
        """Swaps exactly `amount_in` (approved to the desk before) for at least `min_out`."""
        signature = f"swapExactIn({KEY},bool,uint128,uint256,uint256)"
        values = (self.key.values(), self._is_0(currency_in), amount_in, min_out, deadline)
        return Call(self.desk, encode_call(signature, values))

    def _modify(self, liquidity: int, most: tuple[int, int], least: tuple[int, int], deadline: int) -> Call:
        signature = f"modifyLiquidity({KEY},int24,int24,int256,uint256[2],uint256[2],uint256)"
        lower, upper = full_range(self.key.spacing)
        return Call(self.desk, encode_call(signature, (self.key.values(), lower, upper, liquidity, most, least, deadline)))

    def _is_0(self, currency: str) -> bool:
        return currency.lower() == self.key.currency0.lower()

    def _stored(self, offset: int) -> bytes:
        """A word of the pool's state: the manager keeps pools in a mapping at its slot 6 and lets anyone read words."""
        base = int.from_bytes(keccak(self.key.pool_id + _POOLS_SLOT.to_bytes(32, "big")), "big")
        slot = ((base + offset) % 2**256).to_bytes(32, "big")
        return self.client.call(Call(self.manager, encode_call("extsload(bytes32)", (slot,))))
