// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

/// @title TunerTimelock: what was decided waits here, in everybody's sight, and then anyone may carry it out.
/// @notice Owns the registry's rules, the caps, the feed, the burner and the reserve. Only the governor proposes. The
/// guardian can cancel what waits; a vote takes that away from it. Nobody administers it but itself.
contract TunerTimelock is TimelockController {
    /// @notice An address that must not be zero is zero.
    error TunerTimelockZero();

    constructor(uint256 minDelay, address governor, address guardian)
        TimelockController(minDelay, _only(governor), _only(address(0)), address(0))
    {
        if (governor == address(0)) revert TunerTimelockZero();
        if (guardian != address(0)) _grantRole(CANCELLER_ROLE, guardian);
    }

    function _only(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }
}
