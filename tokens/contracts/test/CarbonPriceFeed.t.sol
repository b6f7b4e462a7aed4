// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {CarbonPriceFeed} from "../src/CarbonPriceFeed.sol";
import {MarketBase} from "./MarketBase.sol";

/// @dev A layer-2 sequencer's uptime feed.
contract TestSequencer {
    int256 public answer;
    uint256 public since;

    function set(int256 answer_, uint256 since_) external {
        (answer, since) = (answer_, since_);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        require(answer >= 0, "no answer");
        return (1, answer, since, since, 1);
    }
}

contract CarbonPriceFeedTest is MarketBase {
    uint128 private constant LIQUIDITY = 7e15;

    function setUp() public override {
        super.setUp();
        _fund(keccak256("market"), address(this), 1e15);
    }

    /// @dev CT02 at a price in dollars with 6 decimals, for long enough to be known.
    function _listed(uint256 dollars) private {
        carbonPool = _pool(address(ct02), 1e18, dollars, LIQUIDITY);
        feed.setPool(address(carbonPool), LIQUIDITY / 2);
        vm.warp(block.timestamp + TWAP_WINDOW);
        _postReference();
    }

    function _refusedFor(uint8 flags) private {
        (, uint8 found) = feed.peek();
        assertEq(found, flags);
        vm.expectRevert(abi.encodeWithSelector(CarbonPriceFeed.CarbonPriceFeedStale.selector, flags));
        feed.latestAnswer();
        vm.expectRevert(abi.encodeWithSelector(CarbonPriceFeed.CarbonPriceFeedStale.selector, flags));
        feed.latestRoundData();
    }

    function _near(uint256 found, uint256 expected) private pure {
        uint256 apart = found > expected ? found - expected : expected - found;
        // A tick is a hundredth of a percent.
        assertTrue(apart * 5000 <= expected, "the price is off by more than two ticks");
    }

    function test_latestAnswer__pool_below_the_bound__is_the_pools_mean() public {
        _listed(5000);
        _near(uint256(feed.latestAnswer()), 500_000);
        (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) = feed.latestRoundData();
        assertEq(id, 1);
        assertEq(answeredIn, 1);
        assertEq(uint256(answer), uint256(feed.latestAnswer()));
        assertEq(startedAt, block.timestamp);
        assertEq(updatedAt, block.timestamp);
        assertEq(feed.decimals(), 8);
    }

    function test_latestAnswer__pool_above_the_bound__is_the_bound() public {
        _listed(20_000);
        assertEq(uint256(feed.latestAnswer()), REFERENCE_E8 * 11_000 / 10_000);
    }

    function test_latestAnswer__price_moved_in_this_block__does_not_follow() public {
        _listed(5000);
        int256 before = feed.latestAnswer();
        _swap(carbonPool, address(dollar), 400e6);
        assertTrue(feed.latestAnswer() == before, "one block moved the price");
        vm.warp(block.timestamp + 60);
        (uint256 after_,) = feed.peek();
        assertTrue(after_ < uint256(before) * 110 / 100, "a minute moved the price by a tenth");
    }

    function test_latestAnswer__what_it_rests_on_is_missing__refuses() public {
        _refusedFor(feed.FLAG_NO_REFERENCE() | feed.FLAG_NO_POOL());
        _postReference();
        _refusedFor(feed.FLAG_NO_POOL());
        carbonPool = _pool(address(ct02), 1e18, 5000, LIQUIDITY);
        feed.setPool(address(carbonPool), LIQUIDITY / 2);
        _refusedFor(feed.FLAG_SHORT_HISTORY());
        vm.warp(block.timestamp + TWAP_WINDOW);
        feed.latestAnswer();
        feed.setPool(address(carbonPool), LIQUIDITY * 2);
        _refusedFor(feed.FLAG_THIN_POOL());
        feed.setPool(address(carbonPool), LIQUIDITY / 2);
        vm.warp(block.timestamp + 30 days);
        _refusedFor(feed.FLAG_STALE_REFERENCE());
    }

    function test_latestAnswer__sequencer_down_or_just_back__refuses() public {
        TestSequencer sequencer = new TestSequencer();
        feed = new CarbonPriceFeed(
            address(this), RELAYER, address(ct02), address(dollar), 6, TWAP_WINDOW, address(sequencer)
        );
        _listed(5000);
        sequencer.set(1, block.timestamp);
        _refusedFor(feed.FLAG_SEQUENCER());
        sequencer.set(0, block.timestamp);
        _refusedFor(feed.FLAG_SEQUENCER());
        sequencer.set(-1, block.timestamp);
        _refusedFor(feed.FLAG_SEQUENCER());
        sequencer.set(0, block.timestamp - 1 hours);
        feed.latestAnswer();
    }

    function test_getRoundData__past_round__is_refused() public {
        _listed(5000);
        (, int256 answer,,,) = feed.getRoundData(1);
        assertTrue(answer == feed.latestAnswer(), "the present round differs");
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedNoRound.selector);
        feed.getRoundData(2);
    }

    function test_postReference__poster__once_a_day_within_a_quarter() public {
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedNotPoster.selector);
        _postAs(RELAYER, INR_PER_TONNE_E2);
        _postReference();
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedTooSoon.selector);
        _postAs(RELAYER, INR_PER_TONNE_E2);
        vm.warp(block.timestamp + 1 days);
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedStepTooLarge.selector);
        _postAs(RELAYER, INR_PER_TONNE_E2 * 126 / 100);
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedStepTooLarge.selector);
        _postAs(RELAYER, INR_PER_TONNE_E2 * 74 / 100);
        _postAs(RELAYER, INR_PER_TONNE_E2 * 124 / 100);
        assertEq(feed.latestReference().inrPerTonneE2, INR_PER_TONNE_E2 * 124 / 100);
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedNotPoster.selector);
        _postAs(GUARDIAN, INR_PER_TONNE_E2);
    }

    function _postAs(address sender, uint64 inrPerTonneE2) private {
        vm.prank(sender);
        feed.postReference(
            inrPerTonneE2, INR_PER_USD_E8, uint40(block.timestamp), uint40(block.timestamp + 30 days), "test"
        );
    }

    function test_postReference__bad_times_or_zero__is_refused() public {
        uint40 now_ = uint40(block.timestamp);
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedBadTimes.selector);
        feed.postReference(INR_PER_TONNE_E2, INR_PER_USD_E8, now_ + 1, now_ + 2, "");
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedBadTimes.selector);
        feed.postReference(INR_PER_TONNE_E2, INR_PER_USD_E8, now_, now_, "");
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedBadTimes.selector);
        feed.postReference(INR_PER_TONNE_E2, INR_PER_USD_E8, now_, now_ + 93 days, "");
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedZero.selector);
        feed.postReference(INR_PER_TONNE_E2, 0, now_, now_ + 1, "");
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedZero.selector);
        feed.postReference(0, INR_PER_USD_E8, now_, now_ + 1, "");
    }

    function test_rules__others_than_the_owner__are_refused() public {
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        vm.prank(RELAYER);
        feed.setPool(address(0), 1);
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        vm.prank(RELAYER);
        feed.setPoster(RELAYER);
        feed.setPoster(address(0));
        assertEq(feed.poster(), address(0));
    }

    function test_setPool__other_tokens_or_no_depth__is_refused() public {
        tunerPool = _pool(address(tuner), 1e18, 20_000, 1e17);
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedWrongPool.selector);
        feed.setPool(address(tunerPool), 1);
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedZero.selector);
        feed.setPool(address(tunerPool), 0);
    }

    function test_constructor__a_zero__is_refused() public {
        address here = address(this);
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedZero.selector);
        new CarbonPriceFeed(here, here, address(0), here, 6, 1, address(0));
        vm.expectPartialRevert(CarbonPriceFeed.CarbonPriceFeedZero.selector);
        new CarbonPriceFeed(here, here, here, here, 6, 0, address(0));
    }

    /// @dev The answer never exceeds the bound, whatever the pool says.
    function test_latestAnswer__any_pool_price__stays_below_the_bound(uint256 dollars) public {
        _listed(100 + dollars % 1e9);
        (uint256 price, uint8 flags) = feed.peek();
        assertTrue(price <= REFERENCE_E8 * 11_000 / 10_000, "above the bound");
        assertTrue(flags == 0 || flags == feed.FLAG_THIN_POOL(), "another flag");
    }
}
