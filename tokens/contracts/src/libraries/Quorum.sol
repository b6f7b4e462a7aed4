// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IValidatorSet} from "../interfaces/IValidatorSet.sol";

/// @title Quorum: whether enough validators signed one digest.
/// @notice More than two thirds of stake, and at least half of the validators, so that a large staker alone is none.
library Quorum {
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @notice The signatures are not a row of 65 bytes each.
    error QuorumBadSignatures(uint256 length);

    /// @notice The signers do not ascend by address: one is given twice or out of order.
    error QuorumNotAscending(address previous, address signer);

    /// @notice More than two thirds of stake and at least half of the validators have to sign.
    error QuorumMissing(uint96 agreed, uint96 totalStake, uint256 signers, uint16 count);

    /// @notice Who signed `digest`, if they are a quorum of version `setId`; reverts otherwise.
    /// @param signatures 65 bytes each (r, s, v), signers ascending by address.
    /// @return signers In the order given.
    /// @return mask Their places in that version of the set, one bit each.
    function signersOf(IValidatorSet validatorSet, uint32 setId, bytes32 digest, bytes calldata signatures)
        internal
        view
        returns (address[] memory signers, uint32 mask)
    {
        signers = recoverAscending(digest, signatures);
        uint96 agreed;
        uint96 totalStake;
        uint16 count;
        (agreed, totalStake, count, mask) = validatorSet.weigh(setId, signers);
        if (!reached(agreed, totalStake, signers.length, count)) {
            revert QuorumMissing(agreed, totalStake, signers.length, count);
        }
    }

    /// @notice Whether `agreed` of `totalStake` held by `signers` of `count` validators is enough.
    function reached(uint96 agreed, uint96 totalStake, uint256 signers, uint16 count) internal pure returns (bool) {
        return uint256(agreed) * 3 > uint256(totalStake) * 2 && signers * 2 >= count;
    }

    /// @notice The signers of `digest`, strictly ascending, so that none counts twice. Malleable signatures revert.
    function recoverAscending(bytes32 digest, bytes calldata signatures) internal pure returns (address[] memory signers) {
        uint256 length = signatures.length / SIGNATURE_LENGTH;
        if (length == 0 || signatures.length % SIGNATURE_LENGTH != 0) revert QuorumBadSignatures(signatures.length);
        signers = new address[](length);
        address previous;
        for (uint256 i; i < length; ++i) {
            uint256 start = i * SIGNATURE_LENGTH;
            address signer = ECDSA.recoverCalldata(digest, signatures[start:start + SIGNATURE_LENGTH]);
            if (signer <= previous) revert QuorumNotAscending(previous, signer);
            signers[i] = signer;
            previous = signer;
        }
    }
}
