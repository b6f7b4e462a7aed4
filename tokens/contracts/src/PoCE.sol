// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ICT02} from "./interfaces/ICT02.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IPoCE} from "./interfaces/IPoCE.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";

/// @title PoCE, Proof of Compute Emissions: validators attest epochs, nodes are paid what was attested.
/// @notice An epoch is a tree of cumulative micrograms per node, signed by more than two thirds of stake and at least
/// half of the validators. One window after it was posted it is final, without a transaction. A claim pays what a leaf
/// has above what was paid, to the leaf's wallet only, so claiming twice or an older leaf pays nothing.
/// @dev Not upgradeable; the only minter of CT02 until CT02's owner hands that over. Holds the TUNER that claims pay.
contract PoCE is IPoCE, EIP712, Ownable2Step {
    using SafeERC20 for IERC20;

    struct Epoch {
        bytes32 root;
        uint128 ceilingUg;
        uint64 throughHour;
        uint64 reportedAt;
    }

    struct Paid {
        uint128 ug;
        uint128 tuner;
    }

    /// @dev One slot. `topEpoch` is the highest epoch that was claimed from; its ceiling bounds all that is minted.
    struct State {
        uint64 topEpoch;
        uint128 mintedUg;
    }

    bytes32 private constant HEADER_TYPEHASH = keccak256(
        "EpochHeader(uint64 epoch,bytes32 root,uint64 throughHour,uint128 totalUg,uint128 ceilingUg,uint256 totalTuner,uint32 leafCount,bytes32 dataHash,bytes32 factorSet,uint32 setId)"
    );
    uint256 private constant UNITS_PER_UG = 1e9;
    uint256 private constant SIGNATURE_LENGTH = 65;

    /// @notice Minting pauses for no longer than this, and no sooner again than this after it ended.
    uint64 public constant MAX_PAUSE = 14 days;

    /// @notice The token that is minted: one microgram is 10^9 base units.
    ICT02 public immutable ct02;

    /// @notice The token that is paid from this contract's balance.
    IERC20 public immutable tuner;

    /// @notice Rules for headers.
    INodeRegistry public immutable nodeRegistry;

    /// @notice Who may attest.
    IValidatorSet public immutable validatorSet;

    /// @notice Seconds from a report to its being final.
    uint64 public immutable window;

    /// @notice The most TUNER base units a leaf may earn per microgram, whatever validators sign.
    uint128 public immutable maxTunerPerUg;

    /// @notice Who may veto an epoch inside its window and pause minting.
    address public guardian;

    /// @notice Claims wait until then (unix seconds).
    uint48 public pausedUntil;

    /// @notice The next pause may begin then (unix seconds).
    uint48 public nextPauseAt;

    State private _state;
    mapping(uint64 epoch => Epoch) private _epochs;
    mapping(bytes32 node => Paid) private _paid;

    modifier onlyGuardian() {
        if (msg.sender != guardian && msg.sender != owner()) revert PoCENotGuardian(msg.sender);
        _;
    }

    modifier whenMinting() {
        if (block.timestamp < pausedUntil) revert PoCEPaused(pausedUntil);
        _;
    }

    constructor(
        address owner_,
        address guardian_,
        address ct02_,
        address tuner_,
        address nodeRegistry_,
        address validatorSet_,
        uint64 window_,
        uint128 maxTunerPerUg_
    ) EIP712("CloudTuner", "1") Ownable(owner_) {
        if (
            ct02_ == address(0) || tuner_ == address(0) || nodeRegistry_ == address(0) || validatorSet_ == address(0)
        ) revert PoCEZeroAddress();
        ct02 = ICT02(ct02_);
        tuner = IERC20(tuner_);
        nodeRegistry = INodeRegistry(nodeRegistry_);
        validatorSet = IValidatorSet(validatorSet_);
        window = window_;
        maxTunerPerUg = maxTunerPerUg_;
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    // --- epochs ---

    /// @notice Posts the next epoch. Anyone may. `signatures` are 65 bytes each, signers ascending by address.
    function report(EpochHeader calldata header, bytes calldata signatures) external {
        // Epochs follow each other without gaps: this one is not there yet, the one before is (unless this is the first).
        if (!_isNext(header.epoch)) revert PoCEWrongEpoch(headEpoch() + 1, header.epoch);
        _checkHeader(header, _epochs[header.epoch - 1]);
        address[] memory signers = _recoverAscending(headerDigest(header), signatures);
        (uint96 agreed, uint96 totalStake, uint16 count) = validatorSet.weigh(header.setId, signers);
        if (uint256(agreed) * 3 <= uint256(totalStake) * 2 || signers.length * 2 < count) {
            revert PoCENoQuorum(agreed, totalStake, signers.length, count);
        }
        _epochs[header.epoch] = Epoch(header.root, header.ceilingUg, header.throughHour, uint64(block.timestamp));
        _emitReported(header, signers);
    }

    /// @notice Rejects an epoch inside its window, and every later one, since leaves are cumulative. The same number can
    /// be reported again under a new version of the validator set; votes given before are worthless.
    function veto(uint64 epoch) external onlyGuardian {
        if (_epochs[epoch].reportedAt == 0 || _isFinal(_epochs[epoch])) revert PoCENotPending(epoch);
        for (uint64 each = epoch; _epochs[each].reportedAt != 0; ++each) {
            emit EpochRejected(each, _epochs[each].root);
            delete _epochs[each];
        }
        validatorSet.renew();
    }

    /// @notice Takes the stake of a validator that signed two different headers of one epoch and one set. Anyone may show
    /// it and gets a tenth.
    function slashEquivocation(
        EpochHeader calldata headerA,
        bytes calldata signatureA,
        EpochHeader calldata headerB,
        bytes calldata signatureB
    ) external {
        bytes32 digestA = headerDigest(headerA);
        bytes32 digestB = headerDigest(headerB);
        address signer = ECDSA.recoverCalldata(digestA, signatureA);
        if (
            digestA == digestB || headerA.epoch != headerB.epoch || headerA.setId != headerB.setId
                || signer != ECDSA.recoverCalldata(digestB, signatureB)
        ) revert PoCENoEquivocation();
        emit EquivocationProved(headerA.epoch, signer, digestA, digestB);
        validatorSet.slash(signer, msg.sender);
    }

    // --- claims ---

    /// @notice Pays a leaf of a final epoch to its wallet. Anyone may send it.
    function claim(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external whenMinting {
        bytes32 root = _finalRoot(epoch);
        (uint128 ug, uint256 owed) = _settle(epoch, root, leaf, proof, tuner.balanceOf(address(this)));
        if (ug == 0 && owed == 0) revert PoCENothingToClaim(leaf.node);
        _count(epoch, ug);
        _pay(leaf.wallet, ug, owed);
    }

    /// @notice Pays many leaves of one final epoch; those with nothing to pay are skipped. Neighbours with one wallet are
    /// paid together, so give leaves in the order of wallets.
    /// @return paid How many leaves were paid.
    function claimMany(uint64 epoch, Leaf[] calldata leaves, bytes32[][] calldata proofs)
        external
        whenMinting
        returns (uint256 paid)
    {
        if (leaves.length != proofs.length) revert PoCELengthMismatch(leaves.length, proofs.length);
        bytes32 root = _finalRoot(epoch);
        uint256 pool = tuner.balanceOf(address(this));
        uint128 ugOfAll;
        uint128 ugOfWallet;
        uint256 tunerOfWallet;
        for (uint256 i; i < leaves.length; ++i) {
            (uint128 ug, uint256 owed) = _settle(epoch, root, leaves[i], proofs[i], pool);
            if (ug != 0 || owed != 0) ++paid;
            pool -= owed;
            ugOfAll += ug;
            ugOfWallet += ug;
            tunerOfWallet += owed;
            if (i + 1 == leaves.length || leaves[i + 1].wallet != leaves[i].wallet) {
                _pay(leaves[i].wallet, ugOfWallet, tunerOfWallet);
                (ugOfWallet, tunerOfWallet) = (0, 0);
            }
        }
        _count(epoch, ugOfAll);
    }

    // --- guardian and owner ---

    /// @notice Makes claims wait, for at most 14 days. Transfers, retirement and withdrawals never wait.
    function pauseMinting(uint64 duration) external onlyGuardian {
        if (duration == 0 || duration > MAX_PAUSE || block.timestamp < nextPauseAt) {
            revert PoCEBadPause(duration, nextPauseAt);
        }
        pausedUntil = uint48(block.timestamp + duration);
        nextPauseAt = pausedUntil + uint48(MAX_PAUSE);
        emit MintingPaused(pausedUntil);
    }

    /// @notice Ends the pause early.
    function resumeMinting() external onlyGuardian {
        pausedUntil = 0;
        emit MintingResumed();
    }

    /// @notice Names another guardian.
    function setGuardian(address guardian_) external onlyOwner {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    /// @notice Once CT02 has another minter, gives it what is left of the pool.
    function movePool() external onlyOwner {
        address next = ct02.minter();
        if (next == address(this)) revert PoCEStillMinter();
        uint256 amount = tuner.balanceOf(address(this));
        tuner.safeTransfer(next, amount);
        emit PoolMoved(next, amount);
    }

    // --- reads ---

    /// @notice The highest epoch that was reported, final or not.
    /// @dev Not stored, which spares each report a slot: there are no gaps, so doubling and halving finds the last.
    function headEpoch() public view returns (uint64 head) {
        uint64 beyond = 1;
        while (_epochs[beyond].reportedAt != 0) {
            head = beyond;
            beyond *= 2;
        }
        while (beyond - head > 1) {
            uint64 middle = head + (beyond - head) / 2;
            if (_epochs[middle].reportedAt != 0) head = middle;
            else beyond = middle;
        }
    }

    /// @notice What is kept of an epoch. `reportedAt` in unix seconds.
    function epochOf(uint64 epoch)
        external
        view
        returns (bytes32 root, uint64 throughHour, uint128 ceilingUg, uint64 reportedAt, Status status)
    {
        Epoch storage record = _epochs[epoch];
        if (record.reportedAt != 0) status = _isFinal(record) ? Status.Final : Status.Reported;
        return (record.root, record.throughHour, record.ceilingUg, record.reportedAt, status);
    }

    /// @notice What was paid for a node so far.
    function claimedOf(bytes32 node) external view returns (uint128 ug, uint128 tuner_) {
        Paid storage paid = _paid[node];
        return (paid.ug, paid.tuner);
    }

    /// @notice All micrograms minted here.
    function mintedUg() external view returns (uint256) {
        return _state.mintedUg;
    }

    /// @notice The EIP-712 digest that a vote signs.
    function headerDigest(EpochHeader calldata header) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(HEADER_TYPEHASH, header)));
    }

    /// @notice A leaf's hash in the tree: hashed twice, so that no inner node can pass for a leaf.
    function leafHash(Leaf calldata leaf) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(leaf))));
    }

    /// @notice The EIP-712 domain separator that votes are made for.
    // solhint-disable-next-line func-name-mixedcase
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // --- within ---

    function _isNext(uint64 epoch) private view returns (bool) {
        return epoch != 0 && _epochs[epoch].reportedAt == 0 && (epoch == 1 || _epochs[epoch - 1].reportedAt != 0);
    }

    function _checkHeader(EpochHeader calldata header, Epoch storage previous) private view {
        if (header.root == 0 || header.leafCount == 0) revert PoCEEmptyEpoch();
        (uint64 fromHour, uint128 capUg) = nodeRegistry.epochRules(header.factorSet);
        if (
            header.throughHour < previous.throughHour || header.throughHour < fromHour
                || (uint256(header.throughHour) + 1) * 1 hours > block.timestamp
        ) revert PoCEBadHour(header.throughHour);
        if (header.totalUg > header.ceilingUg) revert PoCETotalAboveCeiling(header.totalUg, header.ceilingUg);
        uint128 floor = previous.ceilingUg;
        if (header.ceilingUg < floor || header.ceilingUg - floor > capUg) {
            revert PoCEBadCeiling(header.ceilingUg, floor, uint256(floor) + capUg);
        }
    }

    function _recoverAscending(bytes32 digest, bytes calldata signatures) private pure returns (address[] memory signers) {
        uint256 length = signatures.length / SIGNATURE_LENGTH;
        if (length == 0 || signatures.length % SIGNATURE_LENGTH != 0) revert PoCEBadSignatures(signatures.length);
        signers = new address[](length);
        address previous;
        for (uint256 i; i < length; ++i) {
            uint256 start = i * SIGNATURE_LENGTH;
            address signer = ECDSA.recoverCalldata(digest, signatures[start:start + SIGNATURE_LENGTH]);
            if (signer <= previous) revert PoCENotAscending(previous, signer);
            signers[i] = signer;
            previous = signer;
        }
    }

    function _emitReported(EpochHeader calldata header, address[] memory signers) private {
        emit EpochReported(
            header.epoch,
            header.root,
            header.throughHour,
            header.totalUg,
            header.ceilingUg,
            header.totalTuner,
            header.leafCount,
            header.dataHash,
            header.factorSet,
            header.setId,
            signers
        );
    }

    function _isFinal(Epoch storage record) private view returns (bool) {
        uint64 reportedAt = record.reportedAt;
        return reportedAt != 0 && block.timestamp >= uint256(reportedAt) + window;
    }

    function _finalRoot(uint64 epoch) private view returns (bytes32) {
        Epoch storage record = _epochs[epoch];
        if (!_isFinal(record)) revert PoCENotFinal(epoch);
        return record.root;
    }

    /// @dev What a leaf has above what was paid, at most `pool` of TUNER; notes it as paid. Nothing when it has nothing:
    /// the leaf of an older epoch, or one that fell by a correction, which later kilograms net.
    function _settle(uint64 epoch, bytes32 root, Leaf calldata leaf, bytes32[] calldata proof, uint256 pool)
        private
        returns (uint128 ug, uint256 owed)
    {
        if (!MerkleProof.verifyCalldata(proof, root, leafHash(leaf))) revert PoCEBadProof(leaf.node);
        Paid memory paid = _paid[leaf.node];
        if (leaf.cumUg > paid.ug) ug = leaf.cumUg - paid.ug;
        uint256 earned = uint256(leaf.cumUg) * maxTunerPerUg;
        if (leaf.cumTuner < earned) earned = leaf.cumTuner;
        if (earned > paid.tuner) owed = earned - paid.tuner;
        if (owed > pool) owed = pool;
        if (ug == 0 && owed == 0) return (0, 0);
        paid.ug += ug;
        // What the pool held fits: the supply of TUNER is 10^27.
        paid.tuner += uint128(owed);
        _paid[leaf.node] = paid;
        emit Claimed(epoch, leaf.node, leaf.wallet, ug, owed, paid.ug, paid.tuner, leaf.throughHour);
    }

    /// @dev Adds to what was minted and holds it to the ceiling of the highest final epoch that was claimed from.
    function _count(uint64 epoch, uint128 ug) private {
        State memory state = _state;
        if (epoch > state.topEpoch) state.topEpoch = epoch;
        uint128 ceiling = _epochs[state.topEpoch].ceilingUg;
        if (ug > ceiling - state.mintedUg) revert PoCENoHeadroom(ug, ceiling - state.mintedUg);
        state.mintedUg += ug;
        _state = state;
    }

    function _pay(address wallet, uint128 ug, uint256 owed) private {
        if (ug != 0) ct02.mint(wallet, uint256(ug) * UNITS_PER_UG);
        if (owed != 0) tuner.safeTransfer(wallet, owed);
    }
}
