// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {IUniswapV3Pool} from "../interfaces/IUniswapV3Pool.sol";

/// @title What a Uniswap V3 pool's price was on average, which no single block can move.
library Twap {
    /// @notice The pool's history does not reach back `window` seconds.
    error TwapHistoryTooShort(address pool, uint32 window);

    /// @notice The mean tick and the harmonic mean of liquidity over the last `window` seconds.
    /// @return known Whether the pool's history reaches back that far; the rest is zero when it does not.
    function tryMean(IUniswapV3Pool pool, uint32 window) internal view returns (bool known, int24 tick, uint256 liquidity) {
        uint32[] memory ago = new uint32[](2);
        ago[0] = window;
        try pool.observe(ago) returns (int56[] memory ticks, uint160[] memory perLiquidity) {
            int56 sum = ticks[1] - ticks[0];
            tick = int24(sum / int56(uint56(window)));
            // Division truncates towards zero; a mean is rounded down, as the pool rounds its tick.
            if (sum < 0 && sum % int56(uint56(window)) != 0) --tick;
            uint160 spent;
            // The pool's sums wrap around by design.
            unchecked {
                spent = perLiquidity[1] - perLiquidity[0];
            }
            liquidity = spent == 0 ? type(uint128).max : (uint256(window) << 128) / spent;
            return (true, tick, liquidity);
        } catch {
            return (false, 0, 0);
        }
    }

    /// @notice What `amount` of `base` was worth in the pool's other token at the mean price of the last `window` seconds.
    function quote(IUniswapV3Pool pool, uint32 window, address base, uint256 amount) internal view returns (uint256) {
        (bool known, int24 tick,) = tryMean(pool, window);
        if (!known) revert TwapHistoryTooShort(address(pool), window);
        return atTick(tick, amount, base == pool.token0());
    }

    /// @notice What `amount` of one token is worth in the other at a tick, rounded down.
    function atTick(int24 tick, uint256 amount, bool isToken0) internal pure returns (uint256) {
        uint256 root = TickMath.getSqrtPriceAtTick(tick);
        // The square of the root overflows 256 bits above 2^128, so 64 of its bits are dropped first.
        uint256 ratio = Math.mulDiv(root, root, 1 << 64);
        return isToken0 ? Math.mulDiv(ratio, amount, 1 << 128) : Math.mulDiv(1 << 128, amount, ratio);
    }
}
