// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {FloorReserve} from "../src/FloorReserve.sol";
import {MarketBase} from "./MarketBase.sol";

contract FloorReserveTest is MarketBase {
    uint128 private constant DAILY = 100e6;
    address private constant SELLER = address(0x5E11);

    FloorReserve private reserve;

    function setUp() public override {
        super.setUp();
        reserve = new FloorReserve(
            address(this), address(ct02), address(dollar), 6, address(feed), address(retirement), DAILY
        );
        _fund(keccak256("seller"), SELLER, 1e15);
        vm.prank(SELLER);
        ct02.approve(address(reserve), type(uint256).max);
        dollar.make(address(reserve), 1000e6);
        _postReference();
    }

    function test_sell__funded__pays_95_percent_and_retires() public {
        vm.prank(SELLER);
        uint256 paid = reserve.sell(1000 * KG, 0);
        // 1,000 kg at 0.00568181 dollars, of which 95 %.
        assertEq(paid, 5_397_719);
        assertEq(dollar.balanceOf(SELLER), paid);
        assertEq(ct02.balanceOf(address(reserve)), 0);
        assertEq(retirement.retiredUg(), 1000 * KG);
        assertEq(reserve.boughtUg(), 1000 * KG);
        (uint256 quoted, uint256 priceE8) = reserve.quote(1000 * KG);
        assertEq(quoted, paid);
        assertEq(priceE8, REFERENCE_E8);
    }

    function test_coverage__funded__says_for_how_much_it_is_enough() public {
        (uint256 held, uint256 coveredUg) = reserve.coverage();
        assertEq(held, 1000e6);
        (uint256 paid,) = reserve.quote(uint128(coveredUg));
        assertTrue(paid <= held && held - paid <= 1, "coverage and bid differ");
        vm.warp(block.timestamp + 31 days);
        (held, coveredUg) = reserve.coverage();
        assertEq(coveredUg, 0);
    }

    function test_sell__reference_expired__has_no_bid() public {
        vm.warp(block.timestamp + 31 days);
        vm.expectPartialRevert(FloorReserve.FloorReserveNoReference.selector);
        vm.prank(SELLER);
        reserve.sell(KG, 0);
    }

    function test_sell__less_than_asked_or_nothing__is_refused() public {
        vm.expectPartialRevert(FloorReserve.FloorReservePaysLess.selector);
        vm.prank(SELLER);
        reserve.sell(1000 * KG, 5_397_720);
        vm.expectPartialRevert(FloorReserve.FloorReserveZero.selector);
        vm.prank(SELLER);
        reserve.sell(1, 0);
    }

    function test_sell__day_is_spent__goes_on_tomorrow() public {
        uint128 amount = 18_000 * KG;
        vm.prank(SELLER);
        reserve.sell(amount, 0);
        vm.expectPartialRevert(FloorReserve.FloorReserveDayIsSpent.selector);
        vm.prank(SELLER);
        reserve.sell(amount, 0);
        vm.warp(block.timestamp + 1 days);
        assertEq(reserve.leftToday(), DAILY);
        vm.prank(SELLER);
        reserve.sell(amount, 0);
    }

    function test_sell__money_is_gone__is_refused() public {
        reserve.withdraw(address(this), 999e6);
        vm.expectPartialRevert(FloorReserve.FloorReserveUnderfunded.selector);
        vm.prank(SELLER);
        reserve.sell(1000 * KG, 0);
    }

    function test_rules__others_than_the_owner__are_refused() public {
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        vm.prank(SELLER);
        reserve.withdraw(SELLER, 1);
        vm.expectPartialRevert(Ownable.OwnableUnauthorizedAccount.selector);
        vm.prank(SELLER);
        reserve.setDailyLimit(0);
        reserve.setDailyLimit(0);
        assertEq(reserve.leftToday(), 0);
        vm.expectPartialRevert(FloorReserve.FloorReserveZero.selector);
        new FloorReserve(address(this), address(0), address(this), 6, address(this), address(this), 1);
    }

    /// @dev What is paid never exceeds the bid, and what is bought never stays.
    function test_sell__any_amount__is_retired_and_bounded(uint128 amountUg) public {
        amountUg = amountUg % 1e14;
        vm.prank(SELLER);
        try reserve.sell(amountUg, 0) returns (uint256 paid) {
            assertTrue(paid * 1e17 * 10_000 <= uint256(amountUg) * 1e6 * REFERENCE_E8 * 9500, "paid too much");
            assertEq(retirement.retiredUg(), amountUg);
        } catch {}
        assertEq(ct02.balanceOf(address(reserve)), 0);
    }
}
