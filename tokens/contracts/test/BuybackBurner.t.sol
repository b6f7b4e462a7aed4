// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {BuybackBurner} from "../src/BuybackBurner.sol";
import {Twap} from "../src/libraries/Twap.sol";
import {MarketBase} from "./MarketBase.sol";

/// @dev A burner with both pools, listed long enough for their means to be known.
abstract contract BurnerBase is MarketBase {
    BuybackBurner internal burner;

    function _limits() internal pure returns (BuybackBurner.Limits memory) {
        return BuybackBurner.Limits(1 hours, TWAP_WINDOW, 300, 1000e6, 100_000e18);
    }

    function setUp() public virtual override {
        super.setUp();
        _fund(keccak256("market"), address(this), 1e15);
        carbonPool = _pool(address(ct02), 1e18, 5000, 7e15);
        tunerPool = _pool(address(tuner), 1e18, 20_000, 1e18);
        burner = new BuybackBurner(
            address(this), address(tuner), address(ct02), address(dollar), 10 minutes, _limits()
        );
        burner.setPools(address(tunerPool), address(carbonPool));
        vm.warp(block.timestamp + TWAP_WINDOW);
    }
}

contract BuybackBurnerTest is BurnerBase {
    function test_buyback__dollars_here__buys_and_burns() public {
        dollar.make(address(burner), 100e6);
        uint256 supply = tuner.totalSupply();
        vm.prank(RELAYER);
        uint256 bought = burner.buyback(0);
        assertEq(dollar.balanceOf(address(burner)), 0);
        assertEq(tuner.balanceOf(address(burner)), 0);
        assertEq(tuner.totalSupply(), supply - bought);
        assertEq(burner.burned(), bought);
        // 100 dollars at two cents are 5,000, less the pool's 0.3 % and what the trade itself moved.
        assertTrue(bought > 4900e18 && bought < 5000e18, "another price");
    }

    function test_buyback__again_within_the_hour__waits() public {
        dollar.make(address(burner), 2000e6);
        burner.buyback(0);
        assertEq(dollar.balanceOf(address(burner)), 1000e6);
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerTooSoon.selector);
        burner.buyback(0);
        vm.warp(block.timestamp + 1 hours);
        burner.buyback(0);
        assertEq(dollar.balanceOf(address(burner)), 0);
    }

    function test_buyback__sandwiched__is_refused_and_the_sandwich_loses() public {
        dollar.make(address(burner), 1000e6);
        dollar.make(address(this), 20_000e6);
        uint256 before = dollar.balanceOf(address(this));
        uint256 tunerBefore = tuner.balanceOf(address(this));
        _swap(tunerPool, address(dollar), 20_000e6);
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerSlippage.selector);
        burner.buyback(0);
        _swap(tunerPool, address(tuner), tuner.balanceOf(address(this)) - tunerBefore);
        assertTrue(dollar.balanceOf(address(this)) < before, "the sandwich earned");
        burner.buyback(0);
    }

    function test_buyback__callers_own_minimum__counts() public {
        dollar.make(address(burner), 100e6);
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerSlippage.selector);
        burner.buyback(5000e18);
    }

    function test_buyback__nothing_no_pool_or_no_history__is_refused() public {
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerNothing.selector);
        burner.buyback(0);
        dollar.make(address(burner), 1e6);
        burner.setPools(address(0), address(carbonPool));
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerWrongPool.selector);
        burner.buyback(0);
        burner.setPools(address(tunerPool), address(carbonPool));
        BuybackBurner.Limits memory limits = _limits();
        limits.window = 2 * TWAP_WINDOW;
        burner.setLimits(limits);
        vm.expectPartialRevert(Twap.TwapHistoryTooShort.selector);
        burner.buyback(0);
    }

    function test_sellCarbon__fees_in_ct02__become_dollars_then_burned_tuner() public {
        ct02.transfer(address(burner), 1000e18);
        uint256 received = burner.sellCarbon(0);
        assertTrue(received > 4_850_000 && received < 5_000_000, "another price");
        assertEq(dollar.balanceOf(address(burner)), received);
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerTooSoon.selector);
        burner.sellCarbon(0);
        burner.buyback(0);
        assertTrue(burner.burned() > 0, "nothing was burned");
    }

    function test_burnHeld__tuner_sent_here__is_burned() public {
        tuner.transfer(address(burner), 7e18);
        vm.prank(RELAYER);
        assertEq(burner.burnHeld(), 7e18);
        assertEq(burner.burned(), 7e18);
    }

    function test_callback__stranger__is_refused() public {
        dollar.make(address(burner), 1e6);
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerNotPool.selector);
        vm.prank(RELAYER);
        burner.uniswapV3SwapCallback(1e6, 0, "");
    }

    function test_rules__others_or_out_of_bounds__are_refused() public {
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        vm.prank(RELAYER);
        burner.setPools(address(0), address(0));
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        vm.prank(RELAYER);
        burner.setLimits(_limits());
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerWrongPool.selector);
        burner.setPools(address(carbonPool), address(carbonPool));
        for (uint256 i; i < 5; ++i) {
            BuybackBurner.Limits memory limits = _limits();
            if (i == 0) limits.window = 9 minutes;
            if (i == 1) limits.cooldown = 9 minutes;
            if (i == 2) limits.slipBps = 1001;
            if (i == 3) limits.maxDollar = 0;
            if (i == 4) limits.maxCarbon = type(uint128).max;
            vm.expectPartialRevert(BuybackBurner.BuybackBurnerBadLimits.selector);
            burner.setLimits(limits);
        }
        vm.expectPartialRevert(BuybackBurner.BuybackBurnerZero.selector);
        new BuybackBurner(address(this), address(0), address(ct02), address(dollar), 1, _limits());
    }

    /// @dev Whatever was traded before in the same block: at least the mean less the slip arrives, or nothing happens.
    function test_buyback__after_any_trade__gives_the_mean_less_the_slip(uint256 spend, uint256 trade, bool buys) public {
        spend = 1e4 + spend % 1000e6;
        dollar.make(address(burner), spend);
        uint256 fair = _fair(spend);
        if (buys) _swap(tunerPool, address(dollar), 1 + trade % 10_000e6);
        else _swap(tunerPool, address(tuner), 1e12 + trade % 500_000e18);
        try burner.buyback(0) returns (uint256 bought) {
            assertTrue(bought * 10_000 >= fair * 9700, "less than the mean allows");
            assertEq(tuner.balanceOf(address(burner)), 0);
        } catch {
            assertEq(dollar.balanceOf(address(burner)), spend);
        }
    }

    function _fair(uint256 spend) private view returns (uint256) {
        return Twap.quote(tunerPool, TWAP_WINDOW, address(dollar), spend);
    }
}
