// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ERC-5192: minimal soulbound tokens (interface id 0xb45a3c0e).
interface IERC5192 {
    /// @notice The token is bound to its holder.
    event Locked(uint256 tokenId);

    /// @notice The token is free to move. Never emitted here; part of the standard.
    event Unlocked(uint256 tokenId);

    /// @notice Whether the token is bound. Reverts for a token that does not exist.
    function locked(uint256 tokenId) external view returns (bool);
}
