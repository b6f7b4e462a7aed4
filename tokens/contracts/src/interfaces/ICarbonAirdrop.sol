// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the airdrop speaks of: rounds, leaves, what it tells and why it refuses.
interface ICarbonAirdrop {
    /// @notice What validators sign of a round. `totalUg` is the sum over the leaves, `dataHash` the sha256 of the
    /// published list, `factorSet` the set that the list was computed with, `setId` the version of the validator set.
    struct AirdropRound {
        uint32 round;
        bytes32 root;
        uint128 totalUg;
        uint32 leafCount;
        bytes32 dataHash;
        bytes32 factorSet;
        uint32 setId;
    }

    /// @notice A node's hours before its first hour, first and last included, and their micrograms. `level` and
    /// `historyRoot` as in PoCE's leaf.
    struct RetroLeaf {
        bytes32 node;
        address wallet;
        uint64 hourFrom;
        uint64 hourThrough;
        uint128 ug;
        uint8 level;
        bytes32 historyRoot;
    }

    /// @notice Where a round stands.
    enum RoundStatus {
        None,
        Posted,
        Open,
        Closed
    }

    /// @notice A round with a quorum was posted; it can be claimed from `openAt` until `deadline` unless vetoed.
    event RoundPosted(
        uint32 indexed round,
        bytes32 indexed root,
        uint128 totalUg,
        uint32 leafCount,
        bytes32 dataHash,
        bytes32 factorSet,
        uint32 setId,
        address[] signers,
        uint64 openAt,
        uint64 deadline
    );

    /// @notice A round was vetoed before it opened; its votes are worthless.
    event RoundVetoed(uint32 indexed round, bytes32 indexed root);

    /// @notice A node's hours were minted to `wallet`.
    event AirdropPaid(
        uint32 indexed round,
        bytes32 indexed node,
        address indexed wallet,
        uint64 hourFrom,
        uint64 hourThrough,
        uint128 ug
    );

    /// @notice What nobody claimed in time was minted to the treasury.
    event RoundSwept(uint32 indexed round, address indexed to, uint256 ug);

    /// @notice A constructor argument is zero.
    error CarbonAirdropZero();

    /// @notice Rounds are posted one after another; the next one is `expected`.
    error CarbonAirdropWrongRound(uint32 expected, uint32 given);

    /// @notice The round has no root, no leaves or no micrograms.
    error CarbonAirdropEmptyRound();

    /// @notice A round may hold at most `capUg` micrograms.
    error CarbonAirdropOverCap(uint128 totalUg, uint128 capUg);

    /// @notice These votes were given for a round that was vetoed.
    error CarbonAirdropVetoed(bytes32 digest);

    /// @notice The round does not stand where this needs it to.
    error CarbonAirdropWrongStatus(uint32 round, RoundStatus status);

    /// @notice The leaves are not in the round.
    error CarbonAirdropBadProof(uint32 round);

    /// @notice The hours have to lie before the node's first hour, at most twelve months; a stranger has no first hour.
    error CarbonAirdropBadHours(bytes32 node, uint64 hourFrom, uint64 hourThrough, uint64 firstHour);

    /// @notice The leaf has more than `capUg` micrograms, what a node may have in so many hours.
    error CarbonAirdropLeafOverCap(bytes32 node, uint128 ug, uint256 capUg);

    /// @notice Between these hours and those that were paid others would be lost; only the leaf's wallet may choose that.
    error CarbonAirdropGap(bytes32 node, uint64 hourFrom, uint64 hourThrough);

    /// @notice Some of these hours were paid.
    error CarbonAirdropHoursPaid(bytes32 node, uint64 hourFrom, uint64 hourThrough);

    /// @notice The round has fewer micrograms left.
    error CarbonAirdropExhausted(uint256 wanted, uint256 left);

    /// @notice Nothing of the round is left.
    error CarbonAirdropNothingLeft(uint32 round);

    /// @notice Posts the next round with a quorum's signatures over it, 65 bytes each, signers ascending. Anyone may.
    function postRound(AirdropRound calldata attested, bytes calldata signatures) external;

    /// @notice Takes a round back before it opens, and every later one. The same votes never count again.
    function veto(uint32 round) external;

    /// @notice Pays one leaf to its wallet. Anyone may send it.
    function claim(uint32 round, RetroLeaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice Pays many leaves with one multiproof; those whose hours were paid are skipped.
    /// @return paid How many leaves were paid.
    function claimMany(uint32 round, RetroLeaf[] calldata leaves, bytes32[] calldata proof, bool[] calldata proofFlags)
        external
        returns (uint256 paid);

    /// @notice Mints what is left of a round to the treasury, after its deadline. Anyone may.
    /// @return ug How many micrograms that were.
    function sweep(uint32 round) external returns (uint256 ug);

    /// @notice A round's root, its micrograms, how many were paid, from when until when it can be claimed, and where it
    /// stands. Times in unix seconds.
    function roundOf(uint32 round)
        external
        view
        returns (bytes32 root, uint256 totalUg, uint256 paidUg, uint64 openAt, uint64 deadline, RoundStatus status);

    /// @notice The range of a node's hours within which some were paid, and the micrograms; zeros when none were.
    function paidOf(bytes32 node) external view returns (uint64 hourFrom, uint64 hourThrough, uint128 ug);

    /// @notice The EIP-712 digest that a vote on a round signs.
    function roundDigest(AirdropRound calldata attested) external view returns (bytes32);

    /// @notice A leaf's hash in the tree: hashed twice, so that no inner node can pass for a leaf.
    function leafHash(RetroLeaf calldata leaf) external pure returns (bytes32);
}
