// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IHooks} from "@uniswap/v4-core/src/interfaces/IHooks.sol";
import {IPoolManager} from "@uniswap/v4-core/src/interfaces/IPoolManager.sol";
import {BalanceDelta} from "@uniswap/v4-core/src/types/BalanceDelta.sol";
import {Currency} from "@uniswap/v4-core/src/types/Currency.sol";
import {PoolId} from "@uniswap/v4-core/src/types/PoolId.sol";
import {PoolKey} from "@uniswap/v4-core/src/types/PoolKey.sol";
import {SwapParams} from "@uniswap/v4-core/src/types/PoolOperation.sol";

/// @title FeeShareHook: five percent of every trading fee of a Uniswap V4 pool goes to buy back and burn TUNER.
/// @notice A swap pays the pool's own fee to those who provide liquidity, and here as much on top as makes this share a
/// twentieth of both together: a pool fee of 0.285 % gives 0.015 % to the burner, 0.30 % in all. It is taken in the
/// currency whose amount the trader did not fix.
/// @dev Holds nothing, has no owner and no switch. Its address says which calls the pool makes (AFTER_SWAP and
/// AFTER_SWAP_RETURNS_DELTA), so it is created with a salt that gives one. Any pool may use it.
contract FeeShareHook {
    uint256 private constant PIPS = 1e6;

    /// @notice The share in basis points of the whole fee.
    uint256 public constant SHARE_BPS = 500;

    /// @notice The share goes on top of the rest of the fee: 500 to 9500.
    uint256 public constant REST_BPS = 9500;

    /// @notice The lowest fourteen bits of the address: after a swap, returning a delta.
    uint160 public constant ADDRESS_FLAGS = 0x0044;

    /// @notice A pool's fee with this bit changes at will; such a pool is refused, since its fee at a swap is not known
    /// here.
    uint24 public constant DYNAMIC_FEE_FLAG = 0x800000;

    /// @notice The pools' manager.
    IPoolManager public immutable poolManager;

    /// @notice Where the share goes.
    address public immutable burner;

    /// @notice `amount` of `currency` went to the burner.
    event FeeShared(PoolId indexed pool, Currency indexed currency, uint256 amount);

    /// @notice An address that must not be zero is zero.
    error FeeShareHookZero();

    /// @notice The address does not carry the flags.
    error FeeShareHookWrongAddress(address here);

    /// @notice Only the pools' manager calls this.
    error FeeShareHookNotManager(address caller);

    /// @notice A pool whose fee changes cannot be served.
    error FeeShareHookDynamicFee();

    constructor(address poolManager_, address burner_) {
        if (poolManager_ == address(0) || burner_ == address(0)) revert FeeShareHookZero();
        if (uint160(address(this)) & 0x3FFF != ADDRESS_FLAGS) revert FeeShareHookWrongAddress(address(this));
        poolManager = IPoolManager(poolManager_);
        burner = burner_;
    }

    /// @notice After each swap: sends the share to the burner and charges it to the trader.
    function afterSwap(address, PoolKey calldata key, SwapParams calldata params, BalanceDelta delta, bytes calldata)
        external
        returns (bytes4, int128)
    {
        if (msg.sender != address(poolManager)) revert FeeShareHookNotManager(msg.sender);
        if (key.fee == DYNAMIC_FEE_FLAG) revert FeeShareHookDynamicFee();
        bool exactInput = params.amountSpecified < 0;
        // The currency that was not fixed: what comes out of an exact input, what goes into an exact output.
        bool isCurrency0 = params.zeroForOne != exactInput;
        int128 moved = isCurrency0 ? delta.amount0() : delta.amount1();
        uint256 amount = shareOf(moved < 0 ? uint256(-int256(moved)) : uint256(int256(moved)), key.fee, exactInput);
        if (amount == 0) return (IHooks.afterSwap.selector, 0);
        Currency currency = isCurrency0 ? key.currency0 : key.currency1;
        poolManager.take(currency, burner, amount);
        emit FeeShared(key.toId(), currency, amount);
        // It is a part of an int128.
        return (IHooks.afterSwap.selector, int128(uint128(amount)));
    }

    /// @notice The share of a swap that moved `moved` of the currency that was not fixed, in that currency, rounded down.
    /// @dev A pool takes its fee of what goes in. Of an exact output that is `moved` itself. Of an exact input, what came
    /// out stands for the part after the fee, so the fee is worth fee / (1 - fee) of it at the price of the swap.
    function shareOf(uint256 moved, uint24 feePips, bool exactInput) public pure returns (uint256) {
        uint256 base = exactInput ? PIPS - feePips : PIPS;
        // A fee of all that goes in leaves nothing that came out.
        if (base == 0) return 0;
        return Math.mulDiv(moved, feePips * SHARE_BPS, base * REST_BPS);
    }
}
