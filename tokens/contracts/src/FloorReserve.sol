// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {CarbonPriceFeed} from "./CarbonPriceFeed.sol";
import {IRetirement} from "./interfaces/IRetirement.sol";

/// @title FloorReserve: a standing bid for CT02 below the reference price, while it has money.
/// @notice Buys at 95 % of the posted reference, as long as the reference counts, the day's limit lasts and the reserve
/// is funded; whatever it buys is retired at once. Nobody has a right to be bought from: the owner may take the money
/// out, and an expired reference stops the bid.
contract FloorReserve is Ownable2Step {
    using SafeERC20 for IERC20;

    uint256 private constant BASIS_POINTS = 10_000;
    uint256 private constant UNITS_PER_UG = 1e9;
    uint256 private constant UG_PER_KG = 1e9;
    uint256 private constant PRICE_UNIT = 1e8;

    /// @notice The bid is this part of the reference, in basis points.
    uint256 public constant BID_BPS = 9500;

    /// @notice Seconds over which `dailyLimit` can be spent.
    uint256 public constant DAY = 1 days;

    /// @notice The token that is bought and retired.
    IERC20 public immutable ct02;

    /// @notice The token that is paid.
    IERC20 public immutable dollar;

    /// @notice One dollar of it in base units.
    uint256 public immutable dollarUnit;

    /// @notice Where the reference stands.
    CarbonPriceFeed public immutable feed;

    /// @notice Where what was bought ends.
    IRetirement public immutable retirement;

    /// @notice The most that is paid in one day of chain time, base units of the dollar token.
    uint128 public dailyLimit;

    /// @notice The day (unix seconds / 86400) that `spentToday` is of.
    uint64 public spentDay;

    /// @notice What was paid on that day.
    uint128 public spentToday;

    /// @notice Micrograms bought and retired in all.
    uint128 public boughtUg;

    /// @notice `amountUg` micrograms were bought for `paid` and retired.
    event FloorBought(address indexed seller, uint128 amountUg, uint256 paid, uint256 referenceE8);

    /// @notice Another limit a day.
    event DailyLimitChanged(uint128 dailyLimit);

    /// @notice The owner took money out.
    event FundsWithdrawn(address indexed to, uint256 amount);

    /// @notice A value that must not be zero is zero.
    error FloorReserveZero();

    /// @notice There is no reference that counts, so there is no bid.
    error FloorReserveNoReference();

    /// @notice The bid pays `offered`, less than `wanted`.
    error FloorReservePaysLess(uint256 offered, uint256 wanted);

    /// @notice The day's limit leaves `left`.
    error FloorReserveDayIsSpent(uint256 wanted, uint256 left);

    /// @notice The reserve holds `held`.
    error FloorReserveUnderfunded(uint256 wanted, uint256 held);

    constructor(
        address owner_,
        address ct02_,
        address dollar_,
        uint8 dollarDecimals,
        address feed_,
        address retirement_,
        uint128 dailyLimit_
    ) Ownable(owner_) {
        if (ct02_ == address(0) || dollar_ == address(0) || feed_ == address(0) || retirement_ == address(0)) {
            revert FloorReserveZero();
        }
        ct02 = IERC20(ct02_);
        dollar = IERC20(dollar_);
        dollarUnit = 10 ** dollarDecimals;
        feed = CarbonPriceFeed(feed_);
        retirement = IRetirement(retirement_);
        dailyLimit = dailyLimit_;
        emit DailyLimitChanged(dailyLimit_);
    }

    /// @notice Sells `amountUg` micrograms of the caller's CT02 (approved before) to the reserve, for at least `minPaid`.
    /// @return paid Base units of the dollar token.
    function sell(uint128 amountUg, uint256 minPaid) external returns (uint256 paid) {
        uint256 referenceE8;
        (paid, referenceE8) = _bid(amountUg);
        if (paid == 0) revert FloorReserveZero();
        if (paid < minPaid) revert FloorReservePaysLess(paid, minPaid);
        _spend(paid);
        boughtUg += amountUg;
        ct02.safeTransferFrom(msg.sender, address(this), uint256(amountUg) * UNITS_PER_UG);
        uint64 hour = uint64(block.timestamp / 1 hours);
        retirement.retireWithoutCertificate(amountUg, address(this), hour, hour, 0);
        dollar.safeTransfer(msg.sender, paid);
        emit FloorBought(msg.sender, amountUg, paid, referenceE8);
    }

    /// @notice What the reserve bids for `amountUg` now, and the reference behind it; reverts without one.
    function quote(uint128 amountUg) external view returns (uint256 paid, uint256 referenceE8) {
        return _bid(amountUg);
    }

    /// @notice How much the reserve holds, and for how many micrograms that is enough at today's bid; zero micrograms
    /// without a reference.
    function coverage() external view returns (uint256 held, uint256 coveredUg) {
        held = dollar.balanceOf(address(this));
        (uint256 referenceE8, bool valid) = feed.referencePrice();
        if (valid) {
            coveredUg = Math.mulDiv(held, PRICE_UNIT * UG_PER_KG * BASIS_POINTS, dollarUnit * referenceE8 * BID_BPS);
        }
    }

    /// @notice What can still be paid today.
    function leftToday() public view returns (uint256) {
        uint256 spent = spentDay == block.timestamp / DAY ? spentToday : 0;
        return spent >= dailyLimit ? 0 : dailyLimit - spent;
    }

    /// @notice Sets the most that is paid in a day; zero stops the bid.
    function setDailyLimit(uint128 dailyLimit_) external onlyOwner {
        dailyLimit = dailyLimit_;
        emit DailyLimitChanged(dailyLimit_);
    }

    /// @notice Takes money out. The bid was never a promise.
    function withdraw(address to, uint256 amount) external onlyOwner {
        emit FundsWithdrawn(to, amount);
        dollar.safeTransfer(to, amount);
    }

    function _bid(uint128 amountUg) private view returns (uint256 paid, uint256 referenceE8) {
        bool valid;
        (referenceE8, valid) = feed.referencePrice();
        if (!valid) revert FloorReserveNoReference();
        paid = Math.mulDiv(amountUg, dollarUnit * referenceE8 * BID_BPS, PRICE_UNIT * UG_PER_KG * BASIS_POINTS);
    }

    function _spend(uint256 paid) private {
        uint256 left = leftToday();
        if (paid > left) revert FloorReserveDayIsSpent(paid, left);
        uint256 held = dollar.balanceOf(address(this));
        if (paid > held) revert FloorReserveUnderfunded(paid, held);
        uint64 today = uint64(block.timestamp / DAY);
        spentToday = (spentDay == today ? spentToday : 0) + uint128(paid);
        spentDay = today;
    }
}
