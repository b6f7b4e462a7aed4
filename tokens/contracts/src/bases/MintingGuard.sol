// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title MintingGuard: an owner in two steps, and a guardian that can make minting wait for a while.
/// @notice The owner is given at deployment (a timelock on main networks) and changes in two steps. The guardian can
/// pause minting for at most 14 days, and not again before as long after that; it can neither mint nor move anything.
/// @dev `pausedUntil` stands last and alone in its slot, so that a contract which derives from this one can keep its own
/// counters beside it and read both at once.
abstract contract MintingGuard is Ownable2Step {
    /// @notice Minting pauses for no longer than this, and no sooner again than this after it ended.
    uint64 public constant MAX_PAUSE = 14 days;

    /// @notice Who may pause minting; what else it may do stands in the contract.
    address public guardian;

    /// @notice The next pause may begin then (unix seconds).
    uint96 public nextPauseAt;

    /// @notice Minting waits until then (unix seconds).
    uint40 public pausedUntil;

    /// @notice Minting waits until `until`.
    event MintingPaused(uint64 until);

    /// @notice Minting goes on.
    event MintingResumed();

    /// @notice Another guardian.
    event GuardianChanged(address indexed guardian);

    /// @notice Minting waits until `until`.
    error MintingGuardPaused(uint40 until);

    /// @notice A pause is too long, or too soon after the last one.
    error MintingGuardBadPause(uint64 duration, uint96 nextPauseAt);

    /// @notice The caller is neither guardian nor owner.
    error MintingGuardNotGuardian(address caller);

    modifier onlyGuardian() {
        _requireGuardian();
        _;
    }

    modifier whenMinting() {
        _requireMinting();
        _;
    }

    constructor(address owner_, address guardian_) Ownable(owner_) {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @notice Makes minting wait, for at most 14 days. Transfers, retirement and withdrawals never wait.
    function pauseMinting(uint64 duration) external onlyGuardian {
        if (duration == 0 || duration > MAX_PAUSE || block.timestamp < nextPauseAt) {
            revert MintingGuardBadPause(duration, nextPauseAt);
        }
        pausedUntil = uint40(block.timestamp + duration);
        nextPauseAt = uint96(pausedUntil) + MAX_PAUSE;
        emit MintingPaused(pausedUntil);
    }

    /// @notice Ends the pause early.
    function resumeMinting() external onlyGuardian {
        pausedUntil = 0;
        emit MintingResumed();
    }

    /// @notice Names another guardian; the zero address for none.
    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    function _requireGuardian() private view {
        if (msg.sender != guardian && msg.sender != owner()) revert MintingGuardNotGuardian(msg.sender);
    }

    function _requireMinting() private view {
        if (block.timestamp < pausedUntil) revert MintingGuardPaused(pausedUntil);
    }
}
