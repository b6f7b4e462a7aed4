"""Prices as pools keep them: roots, ticks, liquidity."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tokens.market.prices import (
    MAX_TICK,
    Q96,
    full_range,
    liquidity_for,
    price_at,
    sorted_pair,
    sqrt_at_tick,
    sqrt_price_x96,
)

# What Uniswap's own tick arithmetic gives at its ends and at one, from its published constants.
MIN_SQRT, MAX_SQRT = 4295128739, 1461446703485210103287273052203988822378723970342


def test_sqrt_at_tick__the_ends__are_the_pools_own():
    assert abs(sqrt_at_tick(-MAX_TICK) - MIN_SQRT) <= 1
    assert abs(sqrt_at_tick(MAX_TICK) / MAX_SQRT - 1) < 1e-12
    assert sqrt_at_tick(1) > Q96 > sqrt_at_tick(-1)


@given(st.integers(1, 10**30), st.integers(1, 10**30))
def test_sqrt_price__of_amounts__gives_them_back(amount0, amount1):
    root = sqrt_price_x96(amount0, amount1)
    worth = price_at(root, amount0, of_token0=True)
    assert worth <= amount1
    assert amount1 - worth <= 1 + amount1 * 2**40 // root + amount0 * root * 2 // 2**192


@given(st.integers(10**6, 10**27), st.integers(10**6, 10**27))
def test_liquidity__full_range__never_costs_more_than_was_given(amount0, amount1):
    lower, upper = full_range(60)
    root = sqrt_price_x96(amount0, amount1)
    liquidity = liquidity_for(root, lower, upper, amount0, amount1)
    low, high = sqrt_at_tick(lower), sqrt_at_tick(upper)
    assert liquidity * Q96 * (high - root) // (high * root) + 1 <= amount0
    assert liquidity * (root - low) // Q96 + 1 <= amount1


def test_full_range__each_spacing__is_a_multiple_of_it():
    for spacing in (1, 10, 60, 200):
        lower, upper = full_range(spacing)
        assert upper % spacing == 0
        assert -lower == upper <= MAX_TICK < upper + spacing


def test_sorted_pair__any_case__puts_the_lower_first():
    assert sorted_pair("0xB0", "0xa1") == ("0xa1", "0xB0")
