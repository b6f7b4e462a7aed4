// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MintingGuard} from "./bases/MintingGuard.sol";
import {ICarbonAirdrop} from "./interfaces/ICarbonAirdrop.sol";
import {ICT02} from "./interfaces/ICT02.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {Quorum} from "./libraries/Quorum.sol";

/// @title CarbonAirdrop: the kilograms of up to twelve months before a node enrolled.
/// @notice A round is a list of nodes with their hours and micrograms, signed by the quorum that also signs epochs. One
/// window later it opens, unless the guardian vetoed it. Hours before a node's first hour are paid here and nowhere
/// else; hours from it on are paid by PoCE and nowhere else. What nobody claimed by a round's deadline goes to the
/// treasury, which a vote can have retired.
/// @dev Not upgradeable. Mints to a leaf's wallet only, whoever sends the claim.
contract CarbonAirdrop is ICarbonAirdrop, EIP712, MintingGuard {
    /// @dev The second slot counts; 96 bits hold seventy thousand million tonnes.
    struct Round {
        bytes32 root;
        uint96 totalUg;
        uint96 paidUg;
        uint64 postedAt;
        bytes32 digest;
    }

    /// @dev The hours of a node within which all that was paid lies: one slot.
    struct Paid {
        uint64 hourFrom;
        uint64 hourThrough;
        uint128 ug;
    }

    bytes32 private constant ROUND_TYPEHASH = keccak256(
        "AirdropRound(uint32 round,bytes32 root,uint128 totalUg,uint32 leafCount,bytes32 dataHash,bytes32 factorSet,uint32 setId)"
    );
    uint256 private constant UNITS_PER_UG = 1e9;

    /// @notice Hours before a node's first hour that can be paid: twelve months, one of them of a leap year.
    uint64 public constant MAX_RETRO_HOURS = 366 * 24;

    /// @notice The token that is minted: one microgram is 10^9 base units.
    ICT02 public immutable ct02;

    /// @notice Where a node's first hour and the cap stand.
    INodeRegistry public immutable nodeRegistry;

    /// @notice Who may attest.
    IValidatorSet public immutable validatorSet;

    /// @notice Where unclaimed kilograms go.
    address public immutable treasury;

    /// @notice Seconds from a round's posting to its opening.
    uint64 public immutable window;

    /// @notice Seconds from a round's opening to its deadline.
    uint64 public immutable claimPeriod;

    /// @notice How many rounds there are.
    uint32 public roundCount;

    mapping(uint32 round => Round) private _rounds;
    mapping(bytes32 node => Paid) private _paid;
    mapping(bytes32 digest => bool) private _vetoed;

    constructor(
        address owner_,
        address guardian_,
        address ct02_,
        address nodeRegistry_,
        address validatorSet_,
        address treasury_,
        uint64 window_,
        uint64 claimPeriod_
    ) EIP712("CloudTuner", "1") MintingGuard(owner_, guardian_) {
        if (
            ct02_ == address(0) || nodeRegistry_ == address(0) || validatorSet_ == address(0) || treasury_ == address(0)
                || claimPeriod_ == 0
        ) revert CarbonAirdropZero();
        ct02 = ICT02(ct02_);
        nodeRegistry = INodeRegistry(nodeRegistry_);
        validatorSet = IValidatorSet(validatorSet_);
        treasury = treasury_;
        window = window_;
        claimPeriod = claimPeriod_;
    }

    // --- rounds ---

    /// @inheritdoc ICarbonAirdrop
    function postRound(AirdropRound calldata attested, bytes calldata signatures) external {
        uint32 round = roundCount + 1;
        if (attested.round != round) revert CarbonAirdropWrongRound(round, attested.round);
        if (attested.root == 0 || attested.leafCount == 0 || attested.totalUg == 0) revert CarbonAirdropEmptyRound();
        (, uint128 capUg) = nodeRegistry.epochRules(attested.factorSet);
        if (attested.totalUg > capUg) revert CarbonAirdropOverCap(attested.totalUg, capUg);
        bytes32 digest = roundDigest(attested);
        if (_vetoed[digest]) revert CarbonAirdropVetoed(digest);
        (address[] memory signers,) = Quorum.signersOf(validatorSet, attested.setId, digest, signatures);
        roundCount = round;
        // The registry's cap is at most 10^19, which fits.
        _rounds[round] = Round(attested.root, uint96(attested.totalUg), 0, uint64(block.timestamp), digest);
        _emitPosted(attested, signers);
    }

    /// @inheritdoc ICarbonAirdrop
    function veto(uint32 round) external onlyGuardian {
        _require(round, RoundStatus.Posted);
        for (uint32 each = roundCount; each >= round; --each) {
            Round storage record = _rounds[each];
            _vetoed[record.digest] = true;
            emit RoundVetoed(each, record.root);
            delete _rounds[each];
        }
        roundCount = round - 1;
    }

    // --- claims ---

    /// @inheritdoc ICarbonAirdrop
    function claim(uint32 round, RetroLeaf calldata leaf, bytes32[] calldata proof) external whenMinting {
        Round storage record = _require(round, RoundStatus.Open);
        if (!MerkleProof.verifyCalldata(proof, record.root, leafHash(leaf))) revert CarbonAirdropBadProof(round);
        if (!_note(leaf, record.postedAt)) revert CarbonAirdropHoursPaid(leaf.node, leaf.hourFrom, leaf.hourThrough);
        _count(record, leaf.ug);
        _pay(round, leaf);
    }

    /// @inheritdoc ICarbonAirdrop
    function claimMany(uint32 round, RetroLeaf[] calldata leaves, bytes32[] calldata proof, bool[] calldata proofFlags)
        external
        whenMinting
        returns (uint256 paid)
    {
        Round storage record = _require(round, RoundStatus.Open);
        bytes32[] memory hashes = new bytes32[](leaves.length);
        for (uint256 i; i < leaves.length; ++i) {
            hashes[i] = leafHash(leaves[i]);
        }
        // Without leaves a multiproof proves nothing but the root itself.
        if (leaves.length == 0 || !MerkleProof.multiProofVerifyCalldata(proof, proofFlags, record.root, hashes)) {
            revert CarbonAirdropBadProof(round);
        }
        uint256 ug;
        for (uint256 i; i < leaves.length; ++i) {
            if (!_note(leaves[i], record.postedAt)) continue;
            ++paid;
            ug += leaves[i].ug;
            _pay(round, leaves[i]);
        }
        _count(record, ug);
    }

    /// @inheritdoc ICarbonAirdrop
    function sweep(uint32 round) external whenMinting returns (uint256 ug) {
        Round storage record = _require(round, RoundStatus.Closed);
        ug = record.totalUg - record.paidUg;
        if (ug == 0) revert CarbonAirdropNothingLeft(round);
        record.paidUg = record.totalUg;
        emit RoundSwept(round, treasury, ug);
        ct02.mint(treasury, ug * UNITS_PER_UG);
    }

    // --- reads ---

    /// @inheritdoc ICarbonAirdrop
    function roundOf(uint32 round)
        external
        view
        returns (bytes32 root, uint256 totalUg, uint256 paidUg, uint64 openAt, uint64 deadline, RoundStatus status)
    {
        Round storage record = _rounds[round];
        if (record.postedAt != 0) (openAt, deadline) = _times(record);
        return (record.root, record.totalUg, record.paidUg, openAt, deadline, _statusOf(record));
    }

    /// @inheritdoc ICarbonAirdrop
    function paidOf(bytes32 node) external view returns (uint64 hourFrom, uint64 hourThrough, uint128 ug) {
        Paid storage paid = _paid[node];
        return (paid.hourFrom, paid.hourThrough, paid.ug);
    }

    /// @inheritdoc ICarbonAirdrop
    function roundDigest(AirdropRound calldata attested) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ROUND_TYPEHASH, attested)));
    }

    /// @inheritdoc ICarbonAirdrop
    function leafHash(RetroLeaf calldata leaf) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(leaf))));
    }

    /// @notice The EIP-712 domain separator that votes are made for.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // --- within ---

    function _times(Round storage record) private view returns (uint64 openAt, uint64 deadline) {
        openAt = record.postedAt + window;
        deadline = openAt + claimPeriod;
    }

    function _statusOf(Round storage record) private view returns (RoundStatus) {
        if (record.postedAt == 0) return RoundStatus.None;
        (uint64 openAt, uint64 deadline) = _times(record);
        if (block.timestamp < openAt) return RoundStatus.Posted;
        return block.timestamp < deadline ? RoundStatus.Open : RoundStatus.Closed;
    }

    function _require(uint32 round, RoundStatus wanted) private view returns (Round storage record) {
        record = _rounds[round];
        RoundStatus status = _statusOf(record);
        if (status != wanted) revert CarbonAirdropWrongStatus(round, status);
    }

    /// @dev Notes a leaf's hours as paid. False when they touch hours that were: each range goes before or after all
    /// that was paid for the node, so no hour is ever paid twice, whatever rounds hold. Hours between are lost for good
    /// when a range leaves a gap, so only the wallet itself may do that.
    function _note(RetroLeaf calldata leaf, uint64 postedAt) private returns (bool) {
        (uint64 firstHour, uint128 hourCapUg) = nodeRegistry.retroRules(leaf.node, postedAt);
        if (
            leaf.hourFrom == 0 || leaf.hourFrom > leaf.hourThrough || leaf.hourThrough >= firstHour
                || uint256(leaf.hourFrom) + MAX_RETRO_HOURS < firstHour
        ) revert CarbonAirdropBadHours(leaf.node, leaf.hourFrom, leaf.hourThrough, firstHour);
        uint256 capUg = uint256(hourCapUg) * (leaf.hourThrough - leaf.hourFrom + 1);
        if (leaf.ug > capUg) revert CarbonAirdropLeafOverCap(leaf.node, leaf.ug, capUg);
        Paid memory paid = _paid[leaf.node];
        // No range holds hour 0, so zero means that nothing was paid.
        if (paid.hourThrough == 0) {
            (paid.hourFrom, paid.hourThrough) = (leaf.hourFrom, leaf.hourThrough);
        } else if (leaf.hourThrough < paid.hourFrom) {
            if (leaf.hourThrough + 1 != paid.hourFrom) _requireWallet(leaf);
            paid.hourFrom = leaf.hourFrom;
        } else if (leaf.hourFrom > paid.hourThrough) {
            if (leaf.hourFrom != paid.hourThrough + 1) _requireWallet(leaf);
            paid.hourThrough = leaf.hourThrough;
        } else {
            return false;
        }
        paid.ug += leaf.ug;
        _paid[leaf.node] = paid;
        return true;
    }

    function _requireWallet(RetroLeaf calldata leaf) private view {
        if (msg.sender != leaf.wallet) revert CarbonAirdropGap(leaf.node, leaf.hourFrom, leaf.hourThrough);
    }

    function _count(Round storage record, uint256 ug) private {
        uint256 left = record.totalUg - record.paidUg;
        if (ug > left) revert CarbonAirdropExhausted(ug, left);
        record.paidUg += uint96(ug);
    }

    function _pay(uint32 round, RetroLeaf calldata leaf) private {
        emit AirdropPaid(round, leaf.node, leaf.wallet, leaf.hourFrom, leaf.hourThrough, leaf.ug);
        ct02.mint(leaf.wallet, uint256(leaf.ug) * UNITS_PER_UG);
    }

    function _emitPosted(AirdropRound calldata attested, address[] memory signers) private {
        (uint64 openAt, uint64 deadline) = _times(_rounds[attested.round]);
        emit RoundPosted(
            attested.round,
            attested.root,
            attested.totalUg,
            attested.leafCount,
            attested.dataHash,
            attested.factorSet,
            attested.setId,
            signers,
            openAt,
            deadline
        );
    }
}
