// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";

/// @title TUNER: the network's token for staking, rewards and votes.
/// @notice One billion are created here, once; the supply can only fall. Holders may burn their own, which is how
/// slashed stake and bought-back tokens leave. Transfers can also be signed (ERC-2612 permits, ERC-3009
/// authorizations).
/// @dev The votes' clock is the timestamp (ERC-6372): block numbers mean different things on different chains.
contract TunerToken is ERC20, ERC20Burnable, ERC20Permit, ERC3009, ERC20Votes {
    /// @notice All there will ever be, in base units.
    uint256 public constant GENESIS_SUPPLY = 1e27;

    constructor(address holder) ERC20("CloudTuner", "TUNER") ERC20Permit("CloudTuner") {
        _mint(holder, GENESIS_SUPPLY);
    }

    /// @notice The votes' clock: unix seconds.
    function clock() public view override returns (uint48) {
        return uint48(block.timestamp);
    }

    /// @notice The clock's name by ERC-6372.
    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    /// @notice The next permit and delegation nonce of an owner.
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}
