"""Prices as pools keep them: roots, ticks, liquidity."""

from __future__ import annotations

from fractions import Fraction
from math import floor

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


@given(st.integers(1, 10**30), st.integers(1, 10**30), st.integers(1, 10**30))
def test_price_at__of_either_token__is_the_other_way_round(amount0, amount1, amount):
    root = sqrt_price_x96(amount0, amount1)
    assert price_at(root, amount, of_token0=True) == floor(amount * Fraction(root, Q96) ** 2)
    assert price_at(root, amount, of_token0=False) == floor(amount / Fraction(root, Q96) ** 2)


@given(st.integers(10**6, 10**27), st.integers(10**6, 10**27))
def test_liquidity__full_range__costs_what_was_given_of_one_and_never_more(amount0, amount1):
    lower, upper = full_range(60)
    root = sqrt_price_x96(amount0, amount1)
    liquidity = liquidity_for(root, lower, upper, amount0, amount1)
    low, high = sqrt_at_tick(lower), sqrt_at_tick(upper)
    cost0, cost1 = liquidity * Q96 * (high - root) // (high * root) + 1, liquidity * (root - low) // Q96 + 1
    assert cost0 <= amount0
    assert cost1 <= amount1
    # Less than it could be by a part in 2^32, and by what rounding takes of small amounts.
    assert amount0 - cost0 <= 2 + (amount0 >> 31) + Q96 // root or amount1 - cost1 <= 2 + (amount1 >> 31) + root // Q96


def test_full_range__each_spacing__is_a_multiple_of_it():
    for spacing in (1, 10, 60, 200):
        lower, upper = full_range(spacing)
        assert upper % spacing == 0
        assert -lower == upper <= MAX_TICK < upper + spacing


def test_sorted_pair__any_case__puts_the_lower_first():
    assert sorted_pair("0xB0", "0xa1") == sorted_pair("0xa1", "0xB0") == ("0xa1", "0xB0")
