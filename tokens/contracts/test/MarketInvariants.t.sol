// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BuybackBurner} from "../src/BuybackBurner.sol";
import {CarbonPriceFeed} from "../src/CarbonPriceFeed.sol";
import {FloorReserve} from "../src/FloorReserve.sol";
import {Retirement} from "../src/Retirement.sol";
import {TunerToken} from "../src/TunerToken.sol";
import {Twap} from "../src/libraries/Twap.sol";
import {BurnerBase} from "./BuybackBurner.t.sol";
import {Walk, Walked} from "./Walk.sol";

/// @dev Traders move prices, fees arrive, anybody has the burner step and sells to the reserve, references come and go.
contract MarketWorld is BurnerBase, Walked {
    uint256 private constant BASIS_POINTS = 10_000;

    FloorReserve private reserve;

    function everything() external returns (address[5] memory) {
        setUp();
        reserve = new FloorReserve(
            address(this), address(ct02), address(dollar), 6, address(feed), address(retirement), 1e9
        );
        feed.setPool(address(carbonPool), 1e15);
        ct02.approve(address(reserve), type(uint256).max);
        dollar.make(address(reserve), 1e9);
        return [address(burner), address(reserve), address(feed), address(tuner), address(retirement)];
    }

    function trade(bool carbon, bool sell, uint64 amount) external {
        if (carbon && sell) _swap(carbonPool, address(ct02), 1e12 + uint256(amount) * 1000);
        else if (carbon) _swap(carbonPool, address(dollar), 1 + amount % 300e6);
        else if (sell) _swap(tunerPool, address(tuner), 1e12 + uint256(amount) * 10_000);
        else _swap(tunerPool, address(dollar), 1 + amount % 10_000e6);
    }

    function earn(uint32 dollars, uint64 carbon) external {
        dollar.make(address(burner), dollars);
        ct02.transfer(address(burner), carbon);
    }

    function buyback(uint64 minimum) external {
        uint256 held = dollar.balanceOf(address(burner));
        uint256 spent = held > 1000e6 ? 1000e6 : held;
        (bool known, int24 tick,) = Twap.tryMean(tunerPool, TWAP_WINDOW);
        uint256 fair = Twap.atTick(tick, spent, address(dollar) == tunerPool.token0());
        try burner.buyback(minimum) returns (uint256 bought) {
            _did();
            if (!known) _break("bought without a mean price");
            if (bought * BASIS_POINTS < fair * 9700) _break("bought below the mean less the slip");
            if (tuner.balanceOf(address(burner)) != 0) _break("bought TUNER was kept");
            if (dollar.balanceOf(address(burner)) != held - spent) _break("other dollars than meant were spent");
        } catch {
            if (dollar.balanceOf(address(burner)) != held) _break("a refused step cost something");
        }
    }

    function sellCarbon() external {
        uint256 held = ct02.balanceOf(address(burner));
        uint256 sold = held > 100_000e18 ? 100_000e18 : held;
        (, int24 tick,) = Twap.tryMean(carbonPool, TWAP_WINDOW);
        uint256 fair = Twap.atTick(tick, sold, address(ct02) == carbonPool.token0());
        try burner.sellCarbon(0) returns (uint256 received) {
            _did();
            if (received < fair * 9700 / BASIS_POINTS) _break("sold below the mean less the slip");
        } catch {}
    }

    function sellToReserve(uint64 amountUg) external {
        uint256 held = dollar.balanceOf(address(reserve));
        (uint256 priceE8, bool valid) = feed.referencePrice();
        try reserve.sell(uint128(amountUg) * 1000, 0) returns (uint256 paid) {
            _did();
            if (!valid) _break("bought without a reference");
            if (paid * 1e17 * BASIS_POINTS > uint256(amountUg) * 1000 * 1e6 * priceE8 * 9500) _break("paid above the bid");
            if (dollar.balanceOf(address(reserve)) != held - paid) _break("paid something else");
        } catch {}
    }

    function post(uint32 change, uint8 who) external {
        uint64 next = uint64(20_000 + change % 80_000);
        if (who % 2 == 0) vm.prank(RELAYER);
        try feed.postReference(
            next, INR_PER_USD_E8, uint40(block.timestamp), uint40(block.timestamp + 2 days), "any"
        ) {
            _did();
        } catch {}
    }

    function pass(uint16 much) external {
        vm.warp(block.timestamp + 1 + much);
    }
}

/// @dev Invariant 13 of the market: steps are never worse than the mean less the slip, and what is bought is burned; what
/// the reserve buys is retired; the feed never answers above its bound nor on a reference that expired.
contract MarketInvariantsTest is Walk {
    MarketWorld private world;
    BuybackBurner private burner;
    FloorReserve private reserve;
    CarbonPriceFeed private feed;

    function setUp() public override {
        world = new MarketWorld();
        address[5] memory made = world.everything();
        (burner, reserve, feed) = (BuybackBurner(made[0]), FloorReserve(made[1]), CarbonPriceFeed(made[2]));
        (tuner, retirement) = (TunerToken(made[3]), Retirement(made[4]));
        bytes4 trade = world.trade.selector;
        _walk(
            world,
            bytes.concat(
                trade, trade, world.earn.selector, world.buyback.selector, world.sellCarbon.selector,
                world.sellToReserve.selector, world.post.selector, world.pass.selector
            )
        );
    }

    /// @dev The world is no empty one: an ordinary day buys back, burns, and retires what the reserve bought.
    function test_world__ordinary_day__burns_and_retires() public {
        world.post(30_000, 1);
        world.earn(50e6, 5e18);
        world.sellCarbon();
        world.buyback(0);
        world.sellToReserve(1e9);
        assertTrue(burner.burned() > 0 && reserve.boughtUg() == 1e12, "nothing happened");
        assertTrue(feed.latestAnswer() > 0, "no price");
        _requireUnbroken();
    }

    function invariant_market() public view {
        _requireUnbroken();
        assertEq(tuner.totalSupply(), 1e27 - burner.burned());
        assertEq(retirement.retiredUg(), reserve.boughtUg());
        (uint256 referenceE8, bool valid) = feed.referencePrice();
        try feed.latestAnswer() returns (int256 answer) {
            assertTrue(valid, "answered on a reference that expired");
            assertTrue(answer > 0 && uint256(answer) <= referenceE8 * 11_000 / 10_000, "answered above the bound");
        } catch {}
    }
}
