// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The price feed interface that lenders read (AggregatorV3Interface), with the older `latestAnswer`.
interface IAggregatorV3 {
    /// @notice Decimals of the answer.
    function decimals() external view returns (uint8);

    /// @notice What the answer is the price of.
    function description() external view returns (string memory);

    /// @notice The feed's version.
    function version() external view returns (uint256);

    /// @notice The answer of a past round.
    function getRoundData(uint80 roundId)
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The present answer.
    function latestRoundData()
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The present answer alone.
    function latestAnswer() external view returns (int256);
}
