// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What PoCE needs of the NodeRegistry.
interface INodeRegistry {
    /// @notice The rules for an epoch's header: the first hour the factor set answers for, and how much the ceiling
    /// may rise in one epoch, in micrograms.
    /// @dev Reverts with NodeRegistryUnknownFactorSet for a set that was never published.
    function epochRules(bytes32 factorSet) external view returns (uint64 fromHour, uint128 capUg);

    /// @notice The most that a node may ever have been attested with at an hour, micrograms, as seen at `time` (unix
    /// seconds): the caps of its hours since the first added up. A cap that was lowered leaves earlier hours theirs. Zero
    /// for a stranger and before its first hour.
    function nodeCeilingUg(bytes32 node, uint64 throughHour, uint64 time) external view returns (uint256);

    /// @notice Whether `wallet` was the node's wallet at some moment from `since` (unix seconds) until now.
    function paidSince(bytes32 node, address wallet, uint64 since) external view returns (bool);

    /// @notice Seconds between asking for another wallet and being paid there.
    function walletDelay() external view returns (uint64);

    /// @notice The rules for the hours that the airdrop pays of a node: those before `firstHour`, the first that PoCE
    /// counts (zero for a stranger; it never changes), each with at most `capUg` micrograms by the cap that held at `time`
    /// (unix seconds).
    function retroRules(bytes32 node, uint64 time) external view returns (uint64 firstHour, uint128 capUg);
}
