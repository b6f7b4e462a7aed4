// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What PoCE needs of the NodeRegistry.
interface INodeRegistry {
    /// @notice The rules for an epoch's header: the first hour the factor set answers for, and how much the ceiling
    /// may rise in one epoch, in micrograms.
    /// @dev Reverts with NodeRegistryUnknownFactorSet for a set that was never published.
    function epochRules(bytes32 factorSet) external view returns (uint64 fromHour, uint128 capUg);
}
