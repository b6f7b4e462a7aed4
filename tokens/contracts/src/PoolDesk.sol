// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPoolManager} from "@uniswap/v4-core/src/interfaces/IPoolManager.sol";
import {BalanceDelta} from "@uniswap/v4-core/src/types/BalanceDelta.sol";
import {Currency} from "@uniswap/v4-core/src/types/Currency.sol";
import {PoolKey} from "@uniswap/v4-core/src/types/PoolKey.sol";
import {ModifyLiquidityParams, SwapParams} from "@uniswap/v4-core/src/types/PoolOperation.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";

/// @title PoolDesk: swaps and liquidity in Uniswap V4 pools of ordinary tokens, for whoever calls.
/// @notice The pools' manager speaks to contracts only; this is the smallest one that lets an account or the timelock
/// trade with a limit and a deadline, and hold a position that nobody else can touch. It keeps nothing between calls.
/// @dev A position belongs to its caller by the salt it is stored under. Native coins are not served.
contract PoolDesk {
    using SafeERC20 for IERC20;

    /// @dev What runs inside the manager's lock.
    enum Deed {
        Swap,
        Quote,
        Modify
    }

    /// @notice The pools' manager.
    IPoolManager public immutable poolManager;

    /// @notice The address that must not be zero is zero.
    error PoolDeskZero();

    /// @notice Only the pools' manager calls this.
    error PoolDeskNotManager(address caller);

    /// @notice It was valid until `deadline`.
    error PoolDeskExpired(uint256 deadline);

    /// @notice The swap or the change of liquidity gave `given` where at least `asked` was asked for.
    error PoolDeskTooLittle(uint256 given, uint256 asked);

    /// @notice It cost `cost` where at most `limit` was allowed.
    error PoolDeskTooMuch(uint256 cost, uint256 limit);

    /// @notice What a quote found; never leaves this contract as an error.
    error PoolDeskQuoted(uint256 amountOut);

    /// @notice The manager answered a quote with something else than a quote.
    error PoolDeskNoQuote();

    constructor(address poolManager_) {
        if (poolManager_ == address(0)) revert PoolDeskZero();
        poolManager = IPoolManager(poolManager_);
    }

    /// @notice Swaps exactly `amountIn` of one currency (approved before) for at least `minOut` of the other.
    /// @return amountOut What the caller got.
    function swapExactIn(PoolKey calldata key, bool zeroForOne, uint128 amountIn, uint256 minOut, uint256 deadline)
        external
        returns (uint256 amountOut)
    {
        _requireBefore(deadline);
        (int128 delta0, int128 delta1) = _unlock(Deed.Swap, key, abi.encode(zeroForOne, amountIn));
        // A pool whose hook takes more than comes out would have the caller pay both ways: the cast refuses that.
        amountOut = SafeCast.toUint256(zeroForOne ? delta1 : delta0);
        if (amountOut < minOut) revert PoolDeskTooLittle(amountOut, minOut);
        uint256 cost = uint256(-int256(zeroForOne ? delta0 : delta1));
        // A pool that ran out of liquidity takes a part only; nobody asked for that.
        if (cost != amountIn) revert PoolDeskTooLittle(cost, amountIn);
    }

    /// @notice What `swapExactIn` would give now. Not a view, since the pool computes it by doing it; call it statically.
    function quoteExactIn(PoolKey calldata key, bool zeroForOne, uint128 amountIn) external returns (uint256 amountOut) {
        bytes memory data = abi.encode(Deed.Quote, msg.sender, key, abi.encode(zeroForOne, amountIn));
        try poolManager.unlock(data) {
            revert PoolDeskNoQuote();
        } catch (bytes memory reason) {
            if (reason.length != 36 || bytes4(reason) != PoolDeskQuoted.selector) {
                assembly ("memory-safe") {
                    revert(add(reason, 0x20), mload(reason))
                }
            }
            assembly ("memory-safe") {
                amountOut := mload(add(reason, 0x24))
            }
        }
    }

    /// @notice Adds to, takes from (negative) or only collects (zero) the caller's position between two ticks.
    /// @param most What it may cost of each currency, fees that are collected with it taken off.
    /// @param least What it has to give of each currency, fees included.
    /// @return delta0 What the caller got (positive) or paid of currency 0, `delta1` of currency 1.
    function modifyLiquidity(
        PoolKey calldata key,
        int24 tickLower,
        int24 tickUpper,
        int256 liquidityDelta,
        uint256[2] calldata most,
        uint256[2] calldata least,
        uint256 deadline
    ) external returns (int128 delta0, int128 delta1) {
        _requireBefore(deadline);
        (delta0, delta1) = _unlock(Deed.Modify, key, abi.encode(tickLower, tickUpper, liquidityDelta));
        _requireBetween(delta0, most[0], least[0]);
        _requireBetween(delta1, most[1], least[1]);
    }

    /// @notice The salt of an account's positions.
    function saltOf(address account) public pure returns (bytes32) {
        return bytes32(uint256(uint160(account)));
    }

    /// @notice What runs inside the manager's lock. Only the manager, and it only because this contract asked.
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        if (msg.sender != address(poolManager)) revert PoolDeskNotManager(msg.sender);
        (Deed deed, address account, PoolKey memory key, bytes memory arguments) =
            abi.decode(data, (Deed, address, PoolKey, bytes));
        BalanceDelta delta =
            deed == Deed.Modify ? _modify(account, key, arguments) : _swap(key, arguments, deed == Deed.Quote);
        _settle(key.currency0, account, delta.amount0());
        _settle(key.currency1, account, delta.amount1());
        return abi.encode(delta.amount0(), delta.amount1());
    }

    // --- within ---

    function _unlock(Deed deed, PoolKey calldata key, bytes memory arguments) private returns (int128, int128) {
        return abi.decode(poolManager.unlock(abi.encode(deed, msg.sender, key, arguments)), (int128, int128));
    }

    function _swap(PoolKey memory key, bytes memory arguments, bool quoteOnly) private returns (BalanceDelta delta) {
        (bool zeroForOne, uint128 amountIn) = abi.decode(arguments, (bool, uint128));
        uint160 limit = zeroForOne ? TickMath.MIN_SQRT_PRICE + 1 : TickMath.MAX_SQRT_PRICE - 1;
        delta = poolManager.swap(key, SwapParams(zeroForOne, -int256(uint256(amountIn)), limit), "");
        if (quoteOnly) revert PoolDeskQuoted(SafeCast.toUint256(zeroForOne ? delta.amount1() : delta.amount0()));
    }

    function _modify(address account, PoolKey memory key, bytes memory arguments) private returns (BalanceDelta delta) {
        (int24 tickLower, int24 tickUpper, int256 liquidityDelta) = abi.decode(arguments, (int24, int24, int256));
        (delta,) = poolManager.modifyLiquidity(
            key, ModifyLiquidityParams(tickLower, tickUpper, liquidityDelta, saltOf(account)), ""
        );
    }

    /// @dev Pays the manager what the account owes, by its allowance, or has the manager pay the account.
    function _settle(Currency currency, address account, int128 delta) private {
        if (delta > 0) {
            poolManager.take(currency, account, uint256(int256(delta)));
        } else if (delta < 0) {
            poolManager.sync(currency);
            IERC20(Currency.unwrap(currency)).safeTransferFrom(account, address(poolManager), uint256(-int256(delta)));
            poolManager.settle();
        }
    }

    function _requireBefore(uint256 deadline) private view {
        if (block.timestamp > deadline) revert PoolDeskExpired(deadline);
    }

    function _requireBetween(int128 delta, uint256 most, uint256 least) private pure {
        uint256 amount = uint256(delta < 0 ? -int256(delta) : int256(delta));
        if (delta < 0 && amount > most) revert PoolDeskTooMuch(amount, most);
        if (delta >= 0 && amount < least) revert PoolDeskTooLittle(amount, least);
    }
}
