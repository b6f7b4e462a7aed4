"""Uniswap V3: pools, positions that the network owns, quotes and swaps."""

from __future__ import annotations

from dataclasses import dataclass

from cloudtuner.errors import ChainError
from emissions.poce.hexes import normal_address
from tokens.chain.abi import decode_values, encode_call, topic
from tokens.chain.client import Call, Receipt, RpcClient

from .prices import full_range, sorted_pair
from .venues import UniswapV3

SPACING = {100: 1, 500: 10, 3000: 60, 10_000: 200}
"""Ticks between positions by the pool's fee, pips (millionths)."""

SWAP_EVENT = topic("Swap(address,address,int256,int256,uint160,uint128,int24)")
COLLECT_EVENT = topic("Collect(address,address,int24,int24,uint128,uint128)")
_INCREASED = topic("IncreaseLiquidity(uint256,uint128,uint256,uint256)")
_POSITION_COLLECTED = topic("Collect(uint256,address,uint256,uint256)")
_MAX_128 = 2**128 - 1


@dataclass(frozen=True)
class PoolState:
    """A pool as it stands: its price's root with 96 binary places, its tick, its liquidity in range."""

    sqrt_price: int
    tick: int
    liquidity: int


@dataclass(frozen=True)
class Position:
    """A position as it was made or added to."""

    token_id: int
    liquidity: int
    amount0: int
    amount1: int


@dataclass(frozen=True)
class V3Market:
    """Uniswap V3 on one chain. Reads ask the chain; everything else gives the call that does it."""

    client: RpcClient
    at: UniswapV3

    def pool(self, token_a: str, token_b: str, fee: int) -> str | None:
        """The pool of two tokens at a fee (pips), or None."""
        data = self._read(self.at.factory, "getPool(address,address,uint24)", token_a, token_b, fee)
        found = normal_address(decode_values(("address",), data)[0])
        return None if int(found, 16) == 0 else found

    def create_pool(self, token_a: str, token_b: str, fee: int, sqrt_price: int) -> Call:
        """Creates the pool and sets its first price (see `prices.sqrt_price_x96`)."""
        token0, token1 = sorted_pair(token_a, token_b)
        signature = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"
        return Call(self.at.positions, encode_call(signature, (token0, token1, fee, sqrt_price)))

    def keep_history(self, pool: str, observations: int) -> Call:
        """Has the pool remember this many past prices, so that a mean over a window can be asked for."""
        return Call(pool, encode_call("increaseObservationCardinalityNext(uint16)", (observations,)))

    def state(self, pool: str) -> PoolState:
        kinds = ("uint160", "int24", "uint16", "uint16", "uint16", "uint8", "bool")
        sqrt_price, tick, *_ = decode_values(kinds, self._read(pool, "slot0()"))
        liquidity = decode_values(("uint128",), self._read(pool, "liquidity()"))[0]
        return PoolState(sqrt_price, tick, liquidity)

    def add_position(
        self, token_a: str, token_b: str, fee: int, amounts: dict[str, int], *, owner: str, deadline: int, least_bp: int = 9900
    ) -> Call:
        """A position over all prices for `owner`, from `amounts` by token; at least `least_bp` of them are used, or nothing."""
        token0, token1 = sorted_pair(token_a, token_b)
        lower, upper = full_range(SPACING[fee])
        amount0, amount1 = amounts[token0], amounts[token1]
        signature = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
        values = (
            token0, token1, fee, lower, upper, amount0, amount1,
            amount0 * least_bp // 10_000, amount1 * least_bp // 10_000, owner, deadline,
        )  # fmt: skip
        return Call(self.at.positions, encode_call(signature, (values,)))

    def position_of(self, receipt: Receipt) -> Position:
        """The position that a transaction made or added to."""
        for log in receipt.logs:
            if log["topics"][0] == _INCREASED:
                liquidity, amount0, amount1 = decode_values(("uint128", "uint256", "uint256"), _data(log))
                return Position(int(log["topics"][1], 16), liquidity, amount0, amount1)
        raise ChainError(f"{receipt.tx_hash} added to no position.", code="market.no_position")

    def collect(self, token_id: int, receiver: str, *, most0: int = _MAX_128, most1: int = _MAX_128) -> Call:
        """Sends what a position earned, up to these amounts, to the receiver."""
        signature = "collect((uint256,address,uint128,uint128))"
        return Call(self.at.positions, encode_call(signature, ((token_id, receiver, most0, most1),)))

    def collected_of(self, receipt: Receipt) -> tuple[int, int]:
        """What a collect sent, by token 0 and 1."""
        for log in receipt.logs:
            if log["topics"][0] == _POSITION_COLLECTED and log["address"].lower() == self.at.positions.lower():
                _, amount0, amount1 = decode_values(("address", "uint256", "uint256"), _data(log))
                return amount0, amount1
        return 0, 0

    def quote(self, token_in: str, token_out: str, fee: int, amount_in: int) -> int:
        """What `amount_in` would bring now."""
        signature = "quoteExactInputSingle((address,address,uint256,uint24,uint160))"
        data = self._read(self.at.quoter, signature, (token_in, token_out, amount_in, fee, 0))
        return int(decode_values(("uint256", "uint160", "uint32", "uint256"), data)[0])

    def swap(
        self, token_in: str, token_out: str, fee: int, amount_in: int, *, min_out: int, receiver: str, deadline: int
    ) -> Call:
        """Swaps exactly `amount_in` (approved to the router before) for at least `min_out`."""
        signature = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))"
        values = (token_in, token_out, fee, receiver, deadline, amount_in, min_out, 0)
        return Call(self.at.router, encode_call(signature, (values,)))

    def _read(self, to: str, signature: str, *values: object) -> bytes:
        return self.client.call(Call(to, encode_call(signature, values)))


def _data(log: dict[str, str]) -> bytes:
    return bytes.fromhex(log["data"].removeprefix("0x"))
