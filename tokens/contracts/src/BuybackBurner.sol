// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {TunerToken} from "./TunerToken.sol";
import {IUniswapV3Pool} from "./interfaces/IUniswapV3Pool.sol";
import {Twap} from "./libraries/Twap.sol";

/// @title BuybackBurner: turns the network's share of trading fees into TUNER and burns it.
/// @notice Fees arrive in dollars or in CT02. Anyone may have CT02 sold for dollars and dollars spent on TUNER, in two
/// Uniswap V3 pools, one step an hour and up to a limit. A step is refused when it gives noticeably less than the mean
/// price of the last half hour, so moving the price around the step earns nothing. All TUNER that arrives is burned.
contract BuybackBurner is Ownable2Step {
    using SafeERC20 for IERC20;

    /// @notice What bounds a step. `cooldown` and `window` in seconds, `slipBps` below the mean price in basis points,
    /// the limits of one step in base units.
    struct Limits {
        uint32 cooldown;
        uint32 window;
        uint16 slipBps;
        uint128 maxDollar;
        uint128 maxCarbon;
    }

    uint256 private constant BASIS_POINTS = 10_000;

    /// @notice A step may give at most this much less than the mean price, pool fee included, in basis points.
    uint16 public constant MAX_SLIP_BPS = 1000;

    /// @notice The token that is bought and burned.
    TunerToken public immutable tuner;

    /// @notice The token that is sold for dollars.
    IERC20 public immutable ct02;

    /// @notice The token that is spent.
    IERC20 public immutable dollar;

    /// @notice The mean price is over at least this many seconds, and steps of a kind are at least as far apart: ten
    /// minutes where money is at stake, seconds on a local chain.
    uint32 public immutable minSeconds;

    /// @notice The pool of TUNER and the dollar token, or zero.
    IUniswapV3Pool public tunerPool;

    /// @notice The pool of CT02 and the dollar token, or zero.
    IUniswapV3Pool public carbonPool;

    /// @notice What bounds a step.
    Limits public limits;

    /// @notice Dollars can be spent again then (unix seconds).
    uint64 public nextBuybackAt;

    /// @notice CT02 can be sold again then (unix seconds).
    uint64 public nextSaleAt;

    /// @notice TUNER burned here in all, base units.
    uint256 public burned;

    /// @notice `spent` dollars bought `bought` TUNER, worth `fair` at the mean price.
    event BoughtBack(address indexed caller, uint256 spent, uint256 bought, uint256 fair);

    /// @notice `sold` CT02 gave `received` dollars, worth `fair` at the mean price.
    event CarbonSold(address indexed caller, uint256 sold, uint256 received, uint256 fair);

    /// @notice TUNER was burned.
    event TunerBurned(uint256 amount, uint256 burnedInAll);

    /// @notice Other pools are used.
    event PoolsChanged(address indexed tunerPool, address indexed carbonPool);

    /// @notice Other bounds.
    event LimitsChanged(Limits limits);

    /// @notice A constructor argument that must not be zero is zero.
    error BuybackBurnerZero();

    /// @notice The pool is not one of these tokens, or none is named.
    error BuybackBurnerWrongPool(address pool);

    /// @notice The bounds are outside what a vote may set.
    error BuybackBurnerBadLimits();

    /// @notice The next step of this kind is possible at `nextAt`.
    error BuybackBurnerTooSoon(uint64 nextAt);

    /// @notice There is nothing to trade.
    error BuybackBurnerNothing();

    /// @notice The pool gave `received`; at least `minimum` is asked for.
    error BuybackBurnerSlippage(uint256 received, uint256 minimum);

    /// @notice Only the pool of a running step may ask to be paid.
    error BuybackBurnerNotPool(address caller);

    constructor(
        address owner_,
        address tuner_,
        address ct02_,
        address dollar_,
        uint32 minSeconds_,
        Limits memory limits_
    ) Ownable(owner_) {
        if (tuner_ == address(0) || ct02_ == address(0) || dollar_ == address(0) || minSeconds_ == 0) {
            revert BuybackBurnerZero();
        }
        minSeconds = minSeconds_;
        tuner = TunerToken(tuner_);
        ct02 = IERC20(ct02_);
        dollar = IERC20(dollar_);
        _setLimits(limits_);
    }

    // --- steps ---

    /// @notice Spends dollars on TUNER and burns it, for at least `minBought`. Anyone may.
    function buyback(uint256 minBought) external returns (uint256 bought) {
        if (block.timestamp < nextBuybackAt) revert BuybackBurnerTooSoon(nextBuybackAt);
        nextBuybackAt = uint64(block.timestamp) + limits.cooldown;
        uint256 spent;
        uint256 fair;
        (spent, bought, fair) = _trade(tunerPool, dollar, limits.maxDollar, minBought);
        emit BoughtBack(msg.sender, spent, bought, fair);
        burnHeld();
    }

    /// @notice Sells CT02 for dollars, for at least `minReceived`. Anyone may.
    function sellCarbon(uint256 minReceived) external returns (uint256 received) {
        if (block.timestamp < nextSaleAt) revert BuybackBurnerTooSoon(nextSaleAt);
        nextSaleAt = uint64(block.timestamp) + limits.cooldown;
        uint256 sold;
        uint256 fair;
        (sold, received, fair) = _trade(carbonPool, ct02, limits.maxCarbon, minReceived);
        emit CarbonSold(msg.sender, sold, received, fair);
    }

    /// @notice Burns all TUNER that is here. Anyone may.
    function burnHeld() public returns (uint256 amount) {
        amount = tuner.balanceOf(address(this));
        burned += amount;
        tuner.burn(amount);
        emit TunerBurned(amount, burned);
    }

    /// @notice Pays the pool of the running step what it asks for. Only our pools.
    /// @dev A Uniswap V3 pool calls back whoever called its swap, so ours ask only within our own steps.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata) external {
        IERC20 token;
        if (msg.sender == address(tunerPool)) token = dollar;
        else if (msg.sender == address(carbonPool)) token = ct02;
        else revert BuybackBurnerNotPool(msg.sender);
        token.safeTransfer(msg.sender, uint256(amount0Delta > 0 ? amount0Delta : amount1Delta));
    }

    // --- rules ---

    /// @notice Names the pools; the zero address for none.
    function setPools(address tunerPool_, address carbonPool_) external onlyOwner {
        _checkPool(tunerPool_, address(tuner));
        _checkPool(carbonPool_, address(ct02));
        tunerPool = IUniswapV3Pool(tunerPool_);
        carbonPool = IUniswapV3Pool(carbonPool_);
        emit PoolsChanged(tunerPool_, carbonPool_);
    }

    /// @notice Sets the bounds of a step.
    function setLimits(Limits calldata limits_) external onlyOwner {
        _setLimits(limits_);
    }

    // --- within ---

    function _trade(IUniswapV3Pool pool, IERC20 token, uint256 most, uint256 minimum)
        private
        returns (uint256 spent, uint256 received, uint256 fair)
    {
        if (address(pool) == address(0)) revert BuybackBurnerWrongPool(address(0));
        spent = token.balanceOf(address(this));
        if (spent > most) spent = most;
        if (spent == 0) revert BuybackBurnerNothing();
        fair = Twap.quote(pool, limits.window, address(token), spent);
        uint256 least = fair * (BASIS_POINTS - limits.slipBps) / BASIS_POINTS;
        if (minimum > least) least = minimum;
        received = _swap(pool, token, spent);
        // A pool that runs out of liquidity takes only a part; what it gave then falls short of this too.
        if (received < least || received == 0) revert BuybackBurnerSlippage(received, least);
    }

    function _swap(IUniswapV3Pool pool, IERC20 token, uint256 amount) private returns (uint256 received) {
        bool zeroForOne = address(token) == pool.token0();
        uint160 limit = zeroForOne ? TickMath.MIN_SQRT_PRICE + 1 : TickMath.MAX_SQRT_PRICE - 1;
        (int256 amount0, int256 amount1) = pool.swap(address(this), zeroForOne, int256(amount), limit, "");
        return uint256(-(zeroForOne ? amount1 : amount0));
    }

    function _checkPool(address pool, address token) private view {
        if (pool == address(0)) return;
        (address low, address high) = token < address(dollar) ? (token, address(dollar)) : (address(dollar), token);
        if (IUniswapV3Pool(pool).token0() != low || IUniswapV3Pool(pool).token1() != high) {
            revert BuybackBurnerWrongPool(pool);
        }
    }

    function _setLimits(Limits memory limits_) private {
        if (
            limits_.window < minSeconds || limits_.cooldown < minSeconds || limits_.slipBps == 0
                || limits_.slipBps > MAX_SLIP_BPS || limits_.maxDollar == 0 || limits_.maxCarbon == 0
                || limits_.maxDollar > uint128(type(int128).max) || limits_.maxCarbon > uint128(type(int128).max)
        ) revert BuybackBurnerBadLimits();
        limits = limits_;
        emit LimitsChanged(limits_);
    }
}
