// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What PoCE speaks of: what is signed and proved, what it tells, and why it refuses.
interface IPoCE {
    /// @notice What validators sign; fields as in docs/protocol.md §6.
    struct EpochHeader {
        uint64 epoch;
        bytes32 root;
        uint64 throughHour;
        uint128 totalUg;
        uint128 ceilingUg;
        uint256 totalTuner;
        uint32 leafCount;
        bytes32 dataHash;
        bytes32 factorSet;
        uint32 setId;
    }

    /// @notice A node's leaf; fields as in docs/protocol.md §5.
    struct Leaf {
        bytes32 node;
        address wallet;
        uint64 throughHour;
        uint128 cumUg;
        uint256 cumTuner;
        uint8 level;
        bytes32 historyRoot;
    }

    /// @notice Where an epoch stands.
    enum Status {
        None,
        Reported,
        Final
    }

    /// @notice A header with a quorum was posted; final one window later unless vetoed.
    event EpochReported(
        uint64 indexed epoch,
        bytes32 indexed root,
        uint64 throughHour,
        uint128 totalUg,
        uint128 ceilingUg,
        uint256 totalTuner,
        uint32 leafCount,
        bytes32 dataHash,
        bytes32 factorSet,
        uint32 setId,
        address[] signers
    );

    /// @notice A header was vetoed inside its window.
    event EpochRejected(uint64 indexed epoch, bytes32 indexed root);

    /// @notice `ug` micrograms and `tuner` base units were paid to `wallet`; `cumUg`, `cumTuner` were paid in all.
    event Claimed(
        uint64 indexed epoch,
        bytes32 indexed node,
        address indexed wallet,
        uint128 ug,
        uint256 tuner,
        uint128 cumUg,
        uint256 cumTuner,
        uint64 throughHour
    );

    /// @notice Claims wait until `until`.
    event MintingPaused(uint64 until);

    /// @notice Claims pay again.
    event MintingResumed();

    /// @notice `signer` signed two headers of one epoch and one set.
    event EquivocationProved(uint64 indexed epoch, address indexed signer, bytes32 digestA, bytes32 digestB);

    /// @notice Another guardian.
    event GuardianChanged(address indexed guardian);

    /// @notice What was left of the pool went to the next minter.
    event PoolMoved(address indexed to, uint256 amount);

    /// @notice The next epoch to report is `expected`.
    error PoCEWrongEpoch(uint64 expected, uint64 given);

    /// @notice The last hour falls behind the epoch before, has not ended, or comes before the factor set's.
    error PoCEBadHour(uint64 throughHour);

    /// @notice The root is zero or there are no leaves.
    error PoCEEmptyEpoch();

    /// @notice The total exceeds the ceiling.
    error PoCETotalAboveCeiling(uint128 totalUg, uint128 ceilingUg);

    /// @notice The ceiling fell, or rose by more than one epoch may: it has to be between `from` and `to`.
    error PoCEBadCeiling(uint128 ceilingUg, uint128 from, uint256 to);

    /// @notice The signatures are not a row of 65 bytes each.
    error PoCEBadSignatures(uint256 length);

    /// @notice The signers do not ascend by address: one is given twice or out of order.
    error PoCENotAscending(address previous, address signer);

    /// @notice More than two thirds of stake and at least half of the validators have to sign.
    error PoCENoQuorum(uint96 agreed, uint96 totalStake, uint256 signers, uint16 count);

    /// @notice The epoch is not final.
    error PoCENotFinal(uint64 epoch);

    /// @notice The epoch is final or was never reported: a veto comes too late or too early.
    error PoCENotPending(uint64 epoch);

    /// @notice The leaf is not in the epoch.
    error PoCEBadProof(bytes32 node);

    /// @notice The leaf has nothing above what was paid.
    error PoCENothingToClaim(bytes32 node);

    /// @notice More would be minted than the ceiling of final epochs: `available` micrograms are left.
    error PoCENoHeadroom(uint128 wanted, uint128 available);

    /// @notice Leaves and proofs do not pair up.
    error PoCELengthMismatch(uint256 leaves, uint256 proofs);

    /// @notice Claims wait until `until`.
    error PoCEPaused(uint48 until);

    /// @notice A pause is too long, or too soon after the last one.
    error PoCEBadPause(uint64 duration, uint48 nextPauseAt);

    /// @notice The two headers are no equivocation.
    error PoCENoEquivocation();

    /// @notice The caller is neither guardian nor owner.
    error PoCENotGuardian(address caller);

    /// @notice This contract still mints, so its pool stays.
    error PoCEStillMinter();

    /// @notice An address that must not be zero is zero.
    error PoCEZeroAddress();
}
