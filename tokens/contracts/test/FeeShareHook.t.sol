// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IHooks} from "@uniswap/v4-core/src/interfaces/IHooks.sol";
import {IPoolManager} from "@uniswap/v4-core/src/interfaces/IPoolManager.sol";
import {BalanceDelta} from "@uniswap/v4-core/src/types/BalanceDelta.sol";
import {Currency} from "@uniswap/v4-core/src/types/Currency.sol";
import {PoolKey} from "@uniswap/v4-core/src/types/PoolKey.sol";
import {SwapParams} from "@uniswap/v4-core/src/types/PoolOperation.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";
import {FeeShareHook} from "../src/FeeShareHook.sol";
import {PoolDesk} from "../src/PoolDesk.sol";
import {MarketBase} from "./MarketBase.sol";

/// @dev A hook that takes twice what comes out of a swap.
contract GreedyHook {
    IPoolManager private immutable manager;

    constructor(IPoolManager manager_) {
        manager = manager_;
    }

    function afterSwap(address, PoolKey calldata key, SwapParams calldata params, BalanceDelta delta, bytes calldata)
        external
        returns (bytes4, int128)
    {
        int128 out = params.zeroForOne ? delta.amount1() : delta.amount0();
        manager.take(params.zeroForOne ? key.currency1 : key.currency0, address(this), uint128(2 * out));
        return (IHooks.afterSwap.selector, 2 * out);
    }
}

contract FeeShareHookTest is MarketBase {
    string private constant POOL_MANAGER = "node_modules/@uniswap/v4-core/out/PoolManager.sol/PoolManager.json";
    address private constant BURNER = address(0xB0B);
    address private constant TRADER = address(0x7DE);
    uint24 private constant LP_FEE = 2850;
    int256 private constant LIQUIDITY = 7e15;

    IPoolManager private manager;
    FeeShareHook private hook;
    PoolDesk private desk;
    PoolKey private key;

    function setUp() public override {
        super.setUp();
        _fund(keccak256("market"), address(this), 1e15);
        manager = IPoolManager(vm.deployCode(POOL_MANAGER, abi.encode(address(this))));
        desk = new PoolDesk(address(manager));
        bytes memory code = abi.encodePacked(type(FeeShareHook).creationCode, abi.encode(manager, BURNER));
        hook = new FeeShareHook{salt: _salt(code)}(address(manager), BURNER);
        key = _key(LP_FEE);
        _initialize(key);
        ct02.approve(address(desk), type(uint256).max);
        dollar.approve(address(desk), type(uint256).max);
        uint256[2] memory most = [type(uint256).max, type(uint256).max];
        desk.modifyLiquidity(key, -EDGE, EDGE, LIQUIDITY, most, [uint256(0), 0], block.timestamp);
        ct02.transfer(TRADER, 100_000e18);
        dollar.make(TRADER, 1_000_000e6);
        vm.prank(TRADER);
        ct02.approve(address(desk), type(uint256).max);
        vm.prank(TRADER);
        dollar.approve(address(desk), type(uint256).max);
    }

    function _salt(bytes memory code) private view returns (bytes32 salt) {
        bytes32 codeHash = keccak256(code);
        bytes memory packed = abi.encodePacked(hex"ff", address(this), uint256(0), codeHash);
        uint256 hash;
        for (uint256 number; hash & 0x3FFF != 0x44; ++number) {
            salt = bytes32(number);
            assembly ("memory-safe") {
                mstore(add(packed, 0x35), salt)
                hash := keccak256(add(packed, 0x20), 85)
            }
        }
    }

    function _key(uint24 fee) private view returns (PoolKey memory) {
        (address low, address high) =
            address(ct02) < address(dollar) ? (address(ct02), address(dollar)) : (address(dollar), address(ct02));
        return PoolKey(Currency.wrap(low), Currency.wrap(high), fee, 60, IHooks(address(hook)));
    }

    function _initialize(PoolKey memory which) private {
        (uint256 amount0, uint256 amount1) = _isCarbon0() ? (uint256(1e18), uint256(5000)) : (uint256(5000), uint256(1e18));
        manager.initialize(which, _root(amount0, amount1));
    }

    function _isCarbon0() private view returns (bool) {
        return address(ct02) < address(dollar);
    }

    function _trade(IERC20 token, uint128 amount) private returns (uint256 out) {
        vm.prank(TRADER);
        return desk.swapExactIn(key, (address(token) == address(ct02)) == _isCarbon0(), amount, 0, block.timestamp);
    }

    /// @dev What the position earned, by token.
    function _collect() private returns (uint256 carbon, uint256 dollars) {
        (int128 delta0, int128 delta1) = desk.modifyLiquidity(
            key, -EDGE, EDGE, 0, [uint256(0), 0], [uint256(0), 0], block.timestamp
        );
        (uint256 got0, uint256 got1) = (uint256(int256(delta0)), uint256(int256(delta1)));
        return _isCarbon0() ? (got0, got1) : (got1, got0);
    }

    /// @dev 5 % of the whole fee of an exact input, valued at the swap's own price.
    function test_swap__exact_input__five_percent_of_the_fee_reach_the_burner() public {
        _checkShare(IERC20(address(ct02)), IERC20(address(dollar)), 10_000e18);
        _checkShare(IERC20(address(dollar)), IERC20(address(ct02)), 50e6);
    }

    function _checkShare(IERC20 tokenIn, IERC20 tokenOut, uint128 amountIn) private {
        _collect();
        uint256 before = tokenOut.balanceOf(BURNER);
        uint256 out = _trade(tokenIn, amountIn);
        uint256 share = tokenOut.balanceOf(BURNER) - before;
        (uint256 carbon, uint256 dollars) = _collect();
        uint256 providersFee = address(tokenIn) == address(ct02) ? carbon : dollars;
        // The fee of those who provide liquidity is 0.285 % of the input.
        _close(providersFee, uint256(amountIn) * LP_FEE / 1e6, 2);
        uint256 traded = amountIn - providersFee;
        // share is out; in the input's currency, at the price of this swap, it is share * traded / (out + share).
        uint256 shareIn = share * traded / (out + share);
        uint256 unit = traded / (out + share) + 2;
        _close(shareIn * 95, providersFee * 5, 100 * unit);
    }

    function _close(uint256 a, uint256 b, uint256 within) private pure {
        assertTrue((a > b ? a - b : b - a) <= within, "not the share that was promised");
    }

    function test_swap__exact_output__five_percent_of_the_fee_reach_the_burner() public {
        _collect();
        uint256 before = dollar.balanceOf(address(this));
        bool zeroForOne = !_isCarbon0();
        manager.unlock(abi.encode(zeroForOne, int256(1000e18)));
        uint256 share = dollar.balanceOf(BURNER);
        uint256 paid = before - dollar.balanceOf(address(this));
        (, uint256 providersFee) = _collect();
        _close(share * 95, providersFee * 5, 200);
        _close((paid - share) * LP_FEE / 1e6, providersFee, 2);
    }

    /// @dev This test as a trader that speaks to the manager itself.
    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        (bool zeroForOne, int256 amount) = abi.decode(data, (bool, int256));
        uint160 limit = zeroForOne ? TickMath.MIN_SQRT_PRICE + 1 : TickMath.MAX_SQRT_PRICE - 1;
        BalanceDelta delta = manager.swap(key, SwapParams(zeroForOne, amount, limit), "");
        _settle(key.currency0, delta.amount0());
        _settle(key.currency1, delta.amount1());
        return "";
    }

    function _settle(Currency currency, int128 delta) private {
        if (delta > 0) {
            manager.take(currency, address(this), uint256(int256(delta)));
        } else {
            manager.sync(currency);
            IERC20(Currency.unwrap(currency)).transfer(address(manager), uint256(-int256(delta)));
            manager.settle();
        }
    }

    function test_shareOf__any_swap__is_a_twentieth_of_both_fees(uint96 moved, uint24 fee) public view {
        fee = fee % 100_000;
        uint256 share = hook.shareOf(moved, fee, false);
        // share / (share + fee of the pool) = 5 %, rounded down.
        assertTrue(share * 95e6 <= uint256(moved) * fee * 5, "more than a twentieth");
        assertTrue((share + 1) * 95e6 > uint256(moved) * fee * 5, "less than a twentieth");
        assertEq(hook.shareOf(moved, 1_000_000, true), 0);
    }

    function test_swap__dust__shares_nothing() public {
        _trade(IERC20(address(ct02)), 1e13);
        assertEq(dollar.balanceOf(BURNER), 0);
    }

    function test_hook__strangers_wrong_address_or_moving_fee__are_refused() public {
        SwapParams memory params = SwapParams(true, -1, 0);
        vm.expectPartialRevert(FeeShareHook.FeeShareHookNotManager.selector);
        hook.afterSwap(address(this), key, params, BalanceDelta.wrap(0), "");
        vm.expectPartialRevert(FeeShareHook.FeeShareHookDynamicFee.selector);
        PoolKey memory moving = _key(0x800000);
        vm.prank(address(manager));
        hook.afterSwap(address(this), moving, params, BalanceDelta.wrap(0), "");
        vm.expectPartialRevert(FeeShareHook.FeeShareHookWrongAddress.selector);
        new FeeShareHook(address(manager), BURNER);
        vm.expectPartialRevert(FeeShareHook.FeeShareHookZero.selector);
        new FeeShareHook(address(manager), address(0));
    }

    // --- the desk ---

    function test_quote__then_swap__gives_the_same() public {
        bool zeroForOne = _isCarbon0();
        uint256 quoted = desk.quoteExactIn(key, zeroForOne, 500e18);
        assertEq(_trade(IERC20(address(ct02)), 500e18), quoted);
    }

    function test_quote__no_such_pool__passes_the_managers_words_on() public {
        PoolKey memory missing = _key(3000);
        (bool done, bytes memory reason) =
            address(desk).call(abi.encodeCall(desk.quoteExactIn, (missing, true, 1)));
        assertTrue(!done && bytes4(reason) == bytes4(keccak256("PoolNotInitialized()")), "other words");
    }

    function test_desk__too_late_too_little_too_much_or_strangers__are_refused() public {
        bool zeroForOne = _isCarbon0();
        vm.expectPartialRevert(PoolDesk.PoolDeskExpired.selector);
        desk.swapExactIn(key, zeroForOne, 1e18, 0, block.timestamp - 1);
        vm.expectPartialRevert(PoolDesk.PoolDeskTooLittle.selector);
        desk.swapExactIn(key, zeroForOne, 1e18, 5000, block.timestamp);
        vm.expectPartialRevert(PoolDesk.PoolDeskTooMuch.selector);
        desk.modifyLiquidity(key, -EDGE, EDGE, 1e15, [uint256(1), 1], [uint256(0), 0], block.timestamp);
        vm.expectPartialRevert(PoolDesk.PoolDeskTooLittle.selector);
        desk.modifyLiquidity(key, -EDGE, EDGE, -1e15, [uint256(0), 0], [uint256(1e30), 1e30], block.timestamp);
        vm.expectPartialRevert(PoolDesk.PoolDeskNotManager.selector);
        desk.unlockCallback("");
        vm.expectPartialRevert(PoolDesk.PoolDeskZero.selector);
        new PoolDesk(address(0));
    }

    function test_desk__position_of_another__cannot_be_taken() public {
        bytes memory theft = abi.encodeCall(
            desk.modifyLiquidity, (key, -EDGE, EDGE, -1e15, [uint256(0), 0], [uint256(0), 0], block.timestamp)
        );
        vm.prank(TRADER);
        (bool done,) = address(desk).call(theft);
        assertTrue(!done, "another's position was taken");
        (int128 delta0, int128 delta1) = desk.modifyLiquidity(
            key, -EDGE, EDGE, -LIQUIDITY, [uint256(0), 0], [uint256(0), 0], block.timestamp
        );
        assertTrue(delta0 > 0 && delta1 > 0, "the owner got nothing");
    }

    function test_desk__hook_takes_more_than_comes_out__is_refused() public {
        bytes memory code = abi.encodePacked(type(GreedyHook).creationCode, abi.encode(manager));
        GreedyHook greedy = new GreedyHook{salt: _salt(code)}(manager);
        PoolKey memory trap = _key(LP_FEE);
        trap.hooks = IHooks(address(greedy));
        _initialize(trap);
        desk.modifyLiquidity(
            trap, -EDGE, EDGE, LIQUIDITY, [type(uint256).max, type(uint256).max], [uint256(0), 0], block.timestamp
        );
        vm.expectPartialRevert(SafeCast.SafeCastOverflowedIntToUint.selector);
        vm.prank(TRADER);
        desk.swapExactIn(trap, _isCarbon0(), 1e18, 0, block.timestamp);
        vm.expectPartialRevert(SafeCast.SafeCastOverflowedIntToUint.selector);
        desk.quoteExactIn(trap, _isCarbon0(), 1e18);
    }

    function test_desk__pool_runs_out__is_refused() public {
        desk.modifyLiquidity(key, -EDGE, EDGE, -LIQUIDITY, [uint256(0), 0], [uint256(0), 0], block.timestamp);
        vm.expectPartialRevert(PoolDesk.PoolDeskTooLittle.selector);
        desk.swapExactIn(key, _isCarbon0(), 1e18, 0, block.timestamp);
    }
}
