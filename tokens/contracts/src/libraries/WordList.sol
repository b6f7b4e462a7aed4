// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title WordList: words kept as the code of a contract without functions (a STOP, then the words).
/// @notice Reading a list costs one look at an account whatever its length; writing it a third of storage slots.
library WordList {
    /// @dev Creation code that returns what follows it: the usual eleven bytes of data contracts, and the STOP.
    bytes private constant DATA_PREFIX = hex"600b5981380380925939f300";

    /// @notice The list could not be stored.
    error WordListNotWritten();

    /// @notice Stores words; they never change.
    function write(uint256[] memory words) internal returns (address list) {
        bytes memory code = bytes.concat(DATA_PREFIX, abi.encodePacked(words));
        assembly ("memory-safe") {
            list := create(0, add(code, 0x20), mload(code))
        }
        if (list == address(0)) revert WordListNotWritten();
    }

    /// @notice The words of a list; none where nothing was written.
    function read(address list) internal view returns (uint256[] memory words) {
        uint256 size = list.code.length;
        if (size == 0) return words;
        words = new uint256[]((size - 1) / 32);
        assembly ("memory-safe") {
            extcodecopy(list, add(words, 0x20), 1, mul(mload(words), 0x20))
        }
    }
}
