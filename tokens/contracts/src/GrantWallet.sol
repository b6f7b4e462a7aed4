// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {VestingWalletCliff} from "@openzeppelin/contracts/finance/VestingWalletCliff.sol";

/// @title GrantWallet: TUNER that becomes its beneficiary's evenly over time, nothing of it before a cliff.
/// @notice Anyone may send what is due to the beneficiary. What is not yet due has no vote: a wallet delegates to nobody.
/// @dev OpenZeppelin's parts. The owner is the beneficiary; whoever holds its key can hand the grant on.
contract GrantWallet is VestingWallet, VestingWalletCliff {
    /// @param start Unix seconds; `duration` and `cliff` in seconds from then.
    constructor(address beneficiary, uint64 start, uint64 duration, uint64 cliff)
        VestingWallet(beneficiary, start, duration)
        VestingWalletCliff(cliff)
    {}

    function _vestingSchedule(uint256 total, uint64 timestamp)
        internal
        view
        override(VestingWallet, VestingWalletCliff)
        returns (uint256)
    {
        return super._vestingSchedule(total, timestamp);
    }
}
