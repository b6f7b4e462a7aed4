// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What the other contracts need of CT02.
interface ICT02 is IERC20 {
    /// @notice Creates `amount` base units for `to`. Only the minter.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` base units of `from`. Only the Retirement contract, which asks the holder.
    function burnForRetirement(address from, uint256 amount) external;

    /// @notice The contract that may mint now.
    function minter() external view returns (address);
}
