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

    /// @notice Why an epoch was rejected.
    enum Reason {
        Veto,
        Duplicate,
        Regression,
        OverCap,
        Wallet
    }

    /// @notice A header with a quorum was posted; final one window later unless rejected.
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

    /// @notice An epoch was rejected inside its window, itself or because an earlier one was.
    event EpochRejected(uint64 indexed epoch, bytes32 indexed root, Reason reason);

    /// @notice `challenger` proved an epoch wrong by what it says of `node`; `slashed` TUNER of its signers were taken.
    event EpochChallenged(
        uint64 indexed epoch, bytes32 indexed node, address indexed challenger, Reason reason, uint96 slashed
    );

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

    /// @notice Claims of one node wait until `until`: hold and appeal.
    event NodeHeld(bytes32 indexed node, uint64 until, bytes32 reason);

    /// @notice Claims of the node pay again.
    event NodeReleased(bytes32 indexed node);

    /// @notice An epoch's `fee` was shared among its signers and `refund` went to who posted it.
    event FeesSettled(uint64 indexed epoch, address indexed submitter, uint96 fee, uint96 refund);

    /// @notice A new period of 30 days has `amount` TUNER for rewards and fees.
    event BudgetOpened(uint24 indexed period, uint96 amount);

    /// @notice Other parts of the pool, fees or refunds from now on; the part counts from the next period.
    event RewardParametersChanged(uint16 budgetBp, uint96 epochFee, uint96 submitterRefund);

    /// @notice `signer` signed two headers of one epoch and one set.
    event EquivocationProved(uint64 indexed epoch, address indexed signer, bytes32 digestA, bytes32 digestB);

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

    /// @notice The next epoch may be reported at `earliest` (unix seconds).
    error PoCETooSoon(uint256 earliest);

    /// @notice The epoch is not final.
    error PoCENotFinal(uint64 epoch);

    /// @notice A newer epoch is final: claims pay by that one only.
    error PoCENotNewest(uint64 epoch);

    /// @notice The epoch is final or was never reported: it cannot be rejected.
    error PoCENotPending(uint64 epoch);

    /// @notice The leaf is not in the epoch.
    error PoCEBadProof(bytes32 node);

    /// @notice The leaf has nothing above what was paid.
    error PoCENothingToClaim(bytes32 node);

    /// @notice More would be minted than the ceiling of final epochs: `available` micrograms are left.
    error PoCENoHeadroom(uint128 wanted, uint128 available);

    /// @notice Leaves and proofs do not pair up.
    error PoCELengthMismatch(uint256 leaves, uint256 proofs);

    /// @notice Claims of this node wait until `until`.
    error PoCENodeHeld(bytes32 node, uint40 until);

    /// @notice A hold is too long, or too soon after the last one of this node.
    error PoCEBadHold(bytes32 node, uint64 duration);

    /// @notice The leaves are in the epoch, but prove nothing against it.
    error PoCENotProved(bytes32 node);

    /// @notice The epoch's fees were settled, or it is not final, or too old.
    error PoCENothingToSettle(uint64 epoch);

    /// @notice The parameters are above what any vote may set.
    error PoCEParametersTooHigh(uint16 budgetBp, uint96 epochFee, uint96 submitterRefund);

    /// @notice The window does not fit the gap between epochs or the time that stake stays slashable.
    error PoCEBadWindow(uint64 window, uint64 epochGap);

    /// @notice The two headers are no equivocation.
    error PoCENoEquivocation();

    /// @notice This contract still mints, so its pool stays.
    error PoCEStillMinter();

    /// @notice An address that must not be zero is zero.
    error PoCEZeroAddress();
}
