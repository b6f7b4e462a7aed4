"""Prices as pools keep them: ticks, and square roots with 96 binary places. Integers in, integers out."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import isqrt

Q96 = 2**96
MAX_TICK = 887_272
_BASE = Decimal("1.0001")
_PRECISION = 80


def sqrt_price_x96(amount0: int, amount1: int) -> int:
    """The root at which `amount0` of the lower token is worth `amount1` of the higher, rounded down.

    >>> sqrt_price_x96(1, 1) == Q96
    True
    """
    return isqrt((amount1 << 192) // amount0)


def sqrt_at_tick(tick: int) -> int:
    """1.0001^(tick/2) with 96 binary places, rounded down.

    >>> sqrt_at_tick(0) == Q96
    True
    """
    with localcontext() as context:
        context.prec = _PRECISION
        return int(_BASE ** (Decimal(tick) / 2) * Q96)


def price_at(sqrt_price: int, amount: int, *, of_token0: bool) -> int:
    """What `amount` of one token is worth in the other at a root, rounded down.

    >>> price_at(2 * Q96, 10, of_token0=True), price_at(2 * Q96, 40, of_token0=False)
    (40, 10)
    """
    if of_token0:
        return amount * sqrt_price * sqrt_price >> 192
    return (amount << 192) // (sqrt_price * sqrt_price)


def full_range(spacing: int) -> tuple[int, int]:
    """The widest ticks that a pool of this spacing allows.

    >>> full_range(60)
    (-887220, 887220)
    """
    edge = MAX_TICK // spacing * spacing
    return -edge, edge


def liquidity_for(sqrt_price: int, tick_lower: int, tick_upper: int, amount0: int, amount1: int) -> int:
    """The most liquidity between two ticks that these amounts pay for at a price between them, rounded down."""
    low, high = sqrt_at_tick(tick_lower), sqrt_at_tick(tick_upper)
    by_amount0 = amount0 * sqrt_price * high // (high - sqrt_price) // Q96
    by_amount1 = amount1 * Q96 // (sqrt_price - low)
    # The pool rounds what it asks for up; a part in 2^32 less stays within the amounts.
    best = min(by_amount0, by_amount1)
    return best - (best >> 32) - 1


def sorted_pair(token_a: str, token_b: str) -> tuple[str, str]:
    """The lower address first, as pools want them."""
    return (token_a, token_b) if int(token_a, 16) < int(token_b, 16) else (token_b, token_a)
