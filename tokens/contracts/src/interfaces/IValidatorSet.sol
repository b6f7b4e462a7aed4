// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What PoCE needs of the ValidatorSet.
interface IValidatorSet {
    /// @notice What these signers weigh in one version of the set.
    /// @dev Reverts with ValidatorSetStale for a version that no longer counts and with ValidatorSetNotMember for a
    /// signer that is not in it. The caller makes sure that no signer is given twice.
    function weigh(uint32 setId, address[] calldata signers)
        external
        view
        returns (uint96 agreed, uint96 totalStake, uint16 count);

    /// @notice Takes everything at stake behind `signer`: a tenth to `reporter`, the rest is burned. Only PoCE.
    function slash(address signer, address reporter) external returns (uint96 amount);

    /// @notice Makes every earlier version of the set worthless, so that votes on a vetoed header cannot come back.
    /// Only PoCE.
    function renew() external;
}
