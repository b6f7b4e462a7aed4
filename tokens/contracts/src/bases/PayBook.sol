// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICT02} from "../interfaces/ICT02.sol";
import {IPoCE} from "../interfaces/IPoCE.sol";
import {MintingGuard} from "./MintingGuard.sol";

/// @title PayBook: what was paid to each node, what may still be minted, and what the pool of TUNER may pay now.
/// @notice Kilograms are minted up to the ceiling of the newest final epoch. TUNER comes from this contract's balance:
/// each period of 30 days may spend a part of what the pool has at its begin, so the pool decays and never ends; what a
/// period cannot pay stays owed.
abstract contract PayBook is IPoCE, MintingGuard {
    using SafeERC20 for IERC20;

    /// @dev One slot: what was paid for a node, and until when its claims wait.
    struct Paid {
        uint96 ug;
        uint96 tuner;
        uint40 heldUntil;
    }

    uint256 private constant UNITS_PER_UG = 1e9;
    uint256 private constant FULL_BP = 10_000;

    /// @notice Seconds of a period of the reward budget.
    uint256 public constant PERIOD = 30 days;

    /// @notice No vote can spend more than this part of the pool in a period, in parts of 10,000.
    uint16 public constant MAX_BUDGET_BP = 500;

    /// @notice No vote can pay an epoch's signers, or who posts it, more than this; nor ever more than a tenth of what is
    /// left of the period's budget.
    uint96 public constant MAX_EPOCH_FEE = 10_000e18;

    /// @notice A node's claims are held for no longer than this at a time.
    uint64 public constant MAX_HOLD = 30 days;

    /// @notice The token that is minted: one microgram is 10^9 base units.
    ICT02 public immutable ct02;

    /// @notice The token that is paid from this contract's balance.
    IERC20 public immutable tuner;

    /// @notice The most TUNER base units a leaf may earn per microgram, whatever validators sign.
    uint128 public immutable maxTunerPerUg;

    // In one slot with the guard's pausedUntil: a claim reads and writes it once.
    uint88 private _mintedUg;
    uint24 private _period;
    uint96 internal _left;

    /// @notice The part of the pool that a period may spend, in parts of 10,000. 141 halve the pool in four years.
    uint16 public budgetBp = 141;

    /// @notice TUNER for an epoch's signers together, base units.
    uint96 public epochFee = 100e18;

    /// @notice TUNER for whoever posted an epoch, towards its gas, base units.
    uint96 public submitterRefund = 5e18;

    mapping(bytes32 node => Paid) private _paid;

    constructor(address ct02_, address tuner_, uint128 maxTunerPerUg_) {
        if (ct02_ == address(0) || tuner_ == address(0)) revert PoCEZeroAddress();
        ct02 = ICT02(ct02_);
        tuner = IERC20(tuner_);
        maxTunerPerUg = maxTunerPerUg_;
    }

    // --- guardian and owner ---

    /// @notice Makes claims of one node wait, until it was looked into or the owner decides an appeal. What it is owed
    /// stays owed. The guardian can hold a node again only as long after the last hold as one may last.
    /// @param reason Hash of the text that says why.
    function holdNode(bytes32 node, uint64 duration, bytes32 reason) external onlyGuardian {
        Paid storage paid = _paid[node];
        bool tooSoon = msg.sender != owner() && paid.heldUntil != 0 && block.timestamp < paid.heldUntil + MAX_HOLD;
        if (duration == 0 || duration > MAX_HOLD || tooSoon) revert PoCEBadHold(node, duration);
        paid.heldUntil = uint40(block.timestamp + duration);
        emit NodeHeld(node, paid.heldUntil, reason);
    }

    /// @notice Ends a hold early.
    function releaseNode(bytes32 node) external onlyGuardian {
        if (block.timestamp < _paid[node].heldUntil) _paid[node].heldUntil = uint40(block.timestamp);
        emit NodeReleased(node);
    }

    /// @notice Sets the part of the pool for a period, and fees and refunds for an epoch, within fixed bounds.
    function setRewardParameters(uint16 budgetBp_, uint96 epochFee_, uint96 submitterRefund_) external onlyOwner {
        if (budgetBp_ > MAX_BUDGET_BP || epochFee_ > MAX_EPOCH_FEE || submitterRefund_ > MAX_EPOCH_FEE) {
            revert PoCEParametersTooHigh(budgetBp_, epochFee_, submitterRefund_);
        }
        (budgetBp, epochFee, submitterRefund) = (budgetBp_, epochFee_, submitterRefund_);
        emit RewardParametersChanged(budgetBp_, epochFee_, submitterRefund_);
    }

    /// @notice Once CT02 has a minter in this one's place, gives it what is left of the pool.
    function movePool() external onlyOwner {
        address next = ct02.successorOf(address(this));
        if (next == address(0)) revert PoCEStillMinter();
        _left = 0;
        uint256 amount = tuner.balanceOf(address(this));
        emit PoolMoved(next, amount);
        tuner.safeTransfer(next, amount);
    }

    // --- reads ---

    /// @notice What was paid for a node so far.
    function claimedOf(bytes32 node) external view returns (uint128 ug, uint128 tuner_) {
        Paid storage paid = _paid[node];
        return (paid.ug, paid.tuner);
    }

    /// @notice Until when a node's claims wait (unix seconds); in the past or 0 when they do not.
    function heldUntilOf(bytes32 node) external view returns (uint64) {
        return _paid[node].heldUntil;
    }

    /// @notice All micrograms minted here.
    function mintedUg() external view returns (uint256) {
        return _mintedUg;
    }

    /// @notice TUNER that claims and fees may still take in the present period.
    function budgetLeft() external view returns (uint96) {
        return _period == _periodNow() ? _left : _budgetOf(tuner.balanceOf(address(this)));
    }

    // --- within ---

    function _requireFree(bytes32 node) internal view {
        uint40 heldUntil = _paid[node].heldUntil;
        if (block.timestamp < heldUntil) revert PoCENodeHeld(node, heldUntil);
    }

    /// @dev What a proved leaf has above what was paid, at most `left` of TUNER; notes it as paid. Nothing when it has
    /// nothing or is on hold: a leaf that fell by a correction is netted by later kilograms.
    function _settle(uint64 epoch, Leaf calldata leaf, uint96 left) internal returns (uint128 ug, uint96 owed) {
        Paid memory paid = _paid[leaf.node];
        if (block.timestamp < paid.heldUntil) return (0, 0);
        if (leaf.cumUg > paid.ug) ug = leaf.cumUg - paid.ug;
        uint256 earned = uint256(leaf.cumUg) * maxTunerPerUg;
        if (leaf.cumTuner < earned) earned = leaf.cumTuner;
        if (earned > paid.tuner) {
            uint256 rest = earned - paid.tuner;
            owed = rest < left ? uint96(rest) : left;
        }
        if (ug == 0 && owed == 0) return (0, 0);
        paid.ug = SafeCast.toUint96(uint256(paid.ug) + ug);
        // What the pool held fits: the supply of TUNER is 10^27.
        paid.tuner += owed;
        _paid[leaf.node] = paid;
        emit Claimed(epoch, leaf.node, leaf.wallet, ug, owed, paid.ug, paid.tuner, leaf.throughHour);
    }

    /// @dev What is left of the period's budget; opens the period with a part of what the pool has.
    function _budget() internal returns (uint96 left) {
        uint24 period = _periodNow();
        if (period == _period) return _left;
        left = _budgetOf(tuner.balanceOf(address(this)));
        (_period, _left) = (period, left);
        emit BudgetOpened(period, left);
    }

    function _budgetOf(uint256 pool) private view returns (uint96) {
        return uint96((pool * budgetBp) / FULL_BP);
    }

    function _periodNow() private view returns (uint24) {
        return uint24(block.timestamp / PERIOD);
    }

    /// @dev Adds to what was minted, holds it to the epoch's ceiling, and takes from the budget.
    function _count(uint88 ceilingUg, uint128 ug, uint96 owed) internal {
        uint88 available = ceilingUg - _mintedUg;
        if (ug > available) revert PoCENoHeadroom(ug, available);
        // At most `available`, so it fits.
        _mintedUg += uint88(ug);
        _left -= owed;
    }

    function _pay(address wallet, uint128 ug, uint96 owed) internal {
        if (ug != 0) ct02.mint(wallet, uint256(ug) * UNITS_PER_UG);
        if (owed != 0) tuner.safeTransfer(wallet, owed);
    }
}
