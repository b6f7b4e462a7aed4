// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC5805} from "@openzeppelin/contracts/interfaces/IERC5805.sol";

/// @title What other contracts need of the ValidatorSet.
/// @notice IERC5805 is IVotes with a clock (ERC-6372, timestamps): TUNER that is staked, or on its way out and still
/// slashable, votes here, for the staker itself unless it delegates. The Governor adds these votes to TUNER's own; the
/// same token never counts twice, since TUNER that this contract holds has no delegate.
interface IValidatorSet is IERC5805 {
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
}
