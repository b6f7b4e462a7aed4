// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Votes} from "@openzeppelin/contracts/governance/utils/Votes.sol";

/// @title StakeVotes: tokens at stake keep their vote.
/// @notice As TUNER's votes, but an account that named nobody votes itself, so that whoever stakes loses no vote.
/// @dev The clock is the timestamp (ERC-6372), as TUNER's is: the Governor adds both at one moment.
abstract contract StakeVotes is Votes {
    /// @notice The votes' clock: unix seconds.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice The clock's name by ERC-6372.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice Who votes with an account's stake: itself unless it named another.
    function delegates(address account) public view override returns (address) {
        address delegatee = super.delegates(account);
        return delegatee == address(0) ? account : delegatee;
    }

    /// @dev Naming nobody means voting oneself again.
    function _delegate(address account, address delegatee) internal override {
        super._delegate(account, delegatee == address(0) ? account : delegatee);
    }
}
