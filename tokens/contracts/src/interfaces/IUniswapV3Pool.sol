// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What we ask of a Uniswap V3 pool.
interface IUniswapV3Pool {
    /// @notice The token with the lower address.
    function token0() external view returns (address);

    /// @notice The token with the higher address.
    function token1() external view returns (address);

    /// @notice Sums of ticks and of seconds per liquidity (Q128) up to each of these many seconds ago.
    /// @dev Reverts when the pool's history is shorter.
    function observe(uint32[] calldata secondsAgos)
        external
        view
        returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);

    /// @notice Swaps; a positive amount is exact input. Deltas are what the pool receives (positive) and pays.
    function swap(address recipient, bool zeroForOne, int256 amountSpecified, uint160 sqrtPriceLimitX96, bytes calldata data)
        external
        returns (int256 amount0, int256 amount1);
}
