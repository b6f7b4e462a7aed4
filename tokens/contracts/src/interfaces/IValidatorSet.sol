// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// @title What other contracts need of the ValidatorSet, what it tells, and why it refuses.
/// @notice IERC5805 is IVotes with a clock (ERC-6372, timestamps): TUNER that is staked, or on its way out and still
/// slashable, votes here, for the staker itself unless it delegates. The Governor adds these votes to TUNER's own; the
/// same token never counts twice, since TUNER that this contract holds has no delegate.
interface IValidatorSet is IERC5805 {
    /// @notice `staker` put `amount` at stake, which makes it `stake`.
    event Staked(address indexed staker, address indexed signer, uint96 amount, uint96 stake);

    /// @notice `amount` no longer counts and can be withdrawn at `availableAt`: it was asked for, or lost its seat.
    event UnstakeRequested(address indexed staker, uint96 amount, uint64 availableAt);

    /// @notice `amount` went back to `staker`.
    event StakeWithdrawn(address indexed staker, uint96 amount);

    /// @notice `staker` signs with another key.
    event SignerChanged(address indexed staker, address indexed signer);

    /// @notice `amount` of what was behind `signer` was taken: `reward` for the reporter, the rest is burned.
    event Slashed(
        address indexed staker, address indexed signer, address indexed reporter, uint96 amount, uint96 reward
    );

    /// @notice A new version of the set.
    event ValidatorSetChanged(uint32 indexed setId, uint96 totalStake, uint16 count);

    /// @notice `amount` of fees waits for `staker`, beside what did before.
    event FeesCredited(address indexed staker, uint96 amount);

    /// @notice `amount` of fees went to `staker`.
    event FeesClaimed(address indexed staker, uint256 amount);

    /// @notice Another least stake; seats that are below it stay.
    event MinStakeChanged(uint96 minStake);

    /// @notice The caller is not PoCE.
    error ValidatorSetNotPoCE(address caller);

    /// @notice The caller has no stake.
    error ValidatorSetNotStaker(address caller);

    /// @notice An amount or address that must not be zero is zero.
    error ValidatorSetZero();

    /// @notice The stake would be `stake`; it has to be nothing or at least `minimum`.
    error ValidatorSetBelowMinimum(uint96 stake, uint96 minimum);

    /// @notice All seats are taken; a new one needs more than the smallest, which has `smallest`.
    error ValidatorSetFull(uint96 smallest);

    /// @notice The key belongs to another validator or was slashed.
    error ValidatorSetSignerTaken(address signer);

    /// @notice The validator signs with `signer`; only itself can change that.
    error ValidatorSetSignerMismatch(address signer);

    /// @notice Only `staker` itself can open this seat: the key is not its own address, or stake of its is on its way out.
    error ValidatorSetNotTheStaker(address caller, address staker);

    /// @notice The stake can be withdrawn at `availableAt` (0: there is nothing to withdraw).
    error ValidatorSetCooling(uint64 availableAt);

    /// @notice Votes under this version no longer count.
    error ValidatorSetStale(uint32 setId);

    /// @notice The signer is not in this version of the set.
    error ValidatorSetNotMember(address signer);

    /// @notice Nothing is at stake behind this key.
    error ValidatorSetNothingAtStake(address signer);

    /// @notice The grace must be shorter than the unstake delay.
    error ValidatorSetBadDelays();

    /// @notice The least stake has to be between `from` and `to`.
    error ValidatorSetBadMinStake(uint96 minStake, uint96 from, uint96 to);

    /// @notice No fees wait for this validator.
    error ValidatorSetNoFees(address staker);

    /// @notice What these signers weigh in one version of the set. `mask` has a bit for each one's place in it.
    /// @dev Reverts with ValidatorSetStale for a version that no longer counts and with ValidatorSetNotMember for a
    /// signer that is not in it, or not in ascending order.
    function weigh(uint32 setId, address[] calldata signers)
        external
        view
        returns (uint96 agreed, uint96 totalStake, uint16 count, uint32 mask);

    /// @notice Takes everything at stake behind `signer`: a tenth to `reporter`, the rest is burned. Only PoCE.
    function slash(address signer, address reporter) external returns (uint96 amount);

    /// @notice Takes a fifth of what is at stake behind each member of version `setId` that `mask` names: a tenth of that
    /// to `reporter`, the rest is burned. Only PoCE.
    function slashMembers(uint32 setId, uint32 mask, address reporter) external returns (uint96 amount);

    /// @notice Shares `amount`, which the caller has sent here before, among the named members of version `setId` by
    /// stake. Only PoCE.
    function creditFees(uint32 setId, uint32 mask, uint96 amount) external;

    /// @notice Makes every earlier version of the set worthless, so that votes on a rejected header cannot come back.
    /// Only PoCE.
    function renew() external;

    /// @notice Seconds from asking for stake back to getting it; until then it stays slashable.
    function unstakeDelay() external view returns (uint64);

    /// @notice Seconds that votes under a superseded version still count.
    function setGrace() external view returns (uint64);
}
