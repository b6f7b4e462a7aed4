// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What the other contracts need of CT02.
/// @notice Minters are named at deployment (PoCE and CarbonAirdrop); each can be replaced by the owner with seven days'
/// notice. 1 microgram is 10^9 base units.
interface ICT02 is IERC20 {
    /// @notice Creates `amount` base units for `to`. Only a minter.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` base units of `from`. Only the Retirement contract, which asks the holder.
    function burnForRetirement(address from, uint256 amount) external;

    /// @notice Whether a contract may mint now.
    function isMinter(address account) external view returns (bool);

    /// @notice The minter that took over from this one; zero while it has none.
    function successorOf(address minter) external view returns (address);
}
