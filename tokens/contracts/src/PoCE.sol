// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EpochRing} from "./bases/EpochRing.sol";
import {MintingGuard} from "./bases/MintingGuard.sol";
import {PayBook} from "./bases/PayBook.sol";
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";
import {IValidatorSet} from "./interfaces/IValidatorSet.sol";
import {Quorum} from "./libraries/Quorum.sol";

/// @title PoCE, Proof of Compute Emissions: validators attest epochs, nodes are paid what was attested.
/// @notice An epoch is a tree of cumulative micrograms per node, signed by more than two thirds of stake and at least
/// half of the validators. One window after it was posted it is final, without a transaction; inside it anybody can
/// prove it wrong, and the guardian can veto it. A claim pays what a leaf of the newest final epoch has above what was
/// paid, to the leaf's wallet only, so claiming twice pays nothing.
/// @dev Not upgradeable; mints CT02 until CT02's owner hands that over.
contract PoCE is EIP712, EpochRing, PayBook {
    using SafeERC20 for IERC20;

    bytes32 private constant HEADER_TYPEHASH = keccak256(
        "EpochHeader(uint64 epoch,bytes32 root,uint64 throughHour,uint128 totalUg,uint128 ceilingUg,uint256 totalTuner,uint32 leafCount,bytes32 dataHash,bytes32 factorSet,uint32 setId)"
    );
    /// @notice Rules for headers.
    INodeRegistry public immutable nodeRegistry;

    /// @notice Who may attest.
    IValidatorSet public immutable validatorSet;

    constructor(
        address owner_,
        address guardian_,
        address ct02_,
        address tuner_,
        address nodeRegistry_,
        address validatorSet_,
        uint64 window_,
        uint64 epochGap_,
        uint128 maxTunerPerUg_
    )
        EIP712("CloudTuner", "1")
        EpochRing(window_, epochGap_)
        MintingGuard(owner_, guardian_)
        PayBook(ct02_, tuner_, maxTunerPerUg_)
    {
        if (nodeRegistry_ == address(0) || validatorSet_ == address(0)) revert PoCEZeroAddress();
        nodeRegistry = INodeRegistry(nodeRegistry_);
        validatorSet = IValidatorSet(validatorSet_);
        // Who signed has to stay slashable until the epoch is final, also who left right before and signed for the last time.
        if (uint256(window_) + validatorSet.setGrace() >= validatorSet.unstakeDelay()) {
            revert PoCEBadWindow(window_, epochGap_);
        }
    }

    // --- epochs ---

    /// @notice Posts the next epoch. Anyone may. `signatures` are 65 bytes each, signers ascending by address.
    function report(EpochHeader calldata header, bytes calldata signatures) external {
        Epoch storage previous = _before(header.epoch);
        _checkHeader(header, previous.throughHour, previous.ceilingUg);
        (address[] memory signers, uint32 mask) =
            Quorum.signersOf(validatorSet, header.setId, headerDigest(header), signatures);
        _keep(
            Epoch({
                root: header.root,
                ceilingUg: SafeCast.toUint88(header.ceilingUg),
                // The hour has ended, so it fits.
                throughHour: uint32(header.throughHour),
                reportedAt: uint40(block.timestamp),
                number: uint32(header.epoch),
                signers: mask,
                setId: header.setId,
                submitter: msg.sender
            })
        );
        _emitReported(header, signers);
    }

    /// @notice Rejects an epoch inside its window, and every later one, since leaves are cumulative. The same number can
    /// be reported again under a new version of the validator set; votes given before are worthless.
    function veto(uint64 epoch) external onlyGuardian {
        _pending(epoch);
        _reject(epoch, Reason.Veto);
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

    // --- challenges: anyone, inside the window, without a deposit; the signers lose a fifth, a tenth of it is theirs ---

    /// @notice Shows that an epoch has two leaves of one node.
    function challengeDuplicate(
        uint64 epoch,
        Leaf calldata leaf,
        bytes32[] calldata proof,
        Leaf calldata other,
        bytes32[] calldata otherProof
    ) external {
        bytes32 root = _pending(epoch).root;
        _requireLeaf(root, leaf, proof);
        _requireLeaf(root, other, otherProof);
        if (leaf.node != other.node || leafHash(leaf) == leafHash(other)) revert PoCENotProved(leaf.node);
        _uphold(epoch, leaf.node, Reason.Duplicate);
    }

    /// @notice Shows that a node's last hour fell behind that of an earlier epoch that stands.
    function challengeRegression(
        uint64 epoch,
        Leaf calldata leaf,
        bytes32[] calldata proof,
        uint64 earlier,
        Leaf calldata earlierLeaf,
        bytes32[] calldata earlierProof
    ) external {
        _requireLeaf(_pending(epoch).root, leaf, proof);
        _requireLeaf(_standing(earlier).root, earlierLeaf, earlierProof);
        if (earlier >= epoch || leaf.node != earlierLeaf.node || leaf.throughHour >= earlierLeaf.throughHour) {
            revert PoCENotProved(leaf.node);
        }
        _uphold(epoch, leaf.node, Reason.Regression);
    }

    /// @notice Shows that a node was attested with more than its cap an hour allows since its first, or before that, or
    /// that it is not registered.
    function challengeOverCap(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external {
        Epoch storage record = _pending(epoch);
        _requireLeaf(record.root, leaf, proof);
        // No leaf goes beyond its epoch's last hour, or a later one would make room for more.
        uint64 throughHour = leaf.throughHour < record.throughHour ? leaf.throughHour : record.throughHour;
        if (leaf.cumUg <= nodeRegistry.nodeCeilingUg(leaf.node, throughHour, record.reportedAt)) {
            revert PoCENotProved(leaf.node);
        }
        _uphold(epoch, leaf.node, Reason.OverCap);
    }

    /// @notice Shows that a leaf pays a wallet that was not the node's, neither when the epoch was posted nor in the time
    /// before in which validators may have looked.
    function challengeWallet(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external {
        Epoch storage record = _pending(epoch);
        _requireLeaf(record.root, leaf, proof);
        if (nodeRegistry.paidSince(leaf.node, leaf.wallet, record.reportedAt - nodeRegistry.walletDelay())) {
            revert PoCENotProved(leaf.node);
        }
        _uphold(epoch, leaf.node, Reason.Wallet);
    }

    // --- claims ---

    /// @notice Pays a leaf of the newest final epoch to its wallet. Anyone may send it.
    function claim(uint64 epoch, Leaf calldata leaf, bytes32[] calldata proof) external whenMinting {
        Epoch storage record = _newestFinal(epoch);
        _requireFree(leaf.node);
        _requireLeaf(record.root, leaf, proof);
        (uint128 ug, uint96 owed) = _settle(epoch, leaf, _budget());
        if (ug == 0 && owed == 0) revert PoCENothingToClaim(leaf.node);
        _count(record.ceilingUg, ug, owed);
        _pay(leaf.wallet, ug, owed);
    }

    /// @notice Pays many leaves of the newest final epoch; those with nothing to pay or on hold are skipped. Neighbours
    /// with one wallet are paid together, so give leaves in the order of wallets.
    /// @return paid How many leaves were paid.
    function claimMany(uint64 epoch, Leaf[] calldata leaves, bytes32[][] calldata proofs)
        external
        whenMinting
        returns (uint256 paid)
    {
        if (leaves.length != proofs.length) revert PoCELengthMismatch(leaves.length, proofs.length);
        Epoch storage record = _newestFinal(epoch);
        bytes32 root = record.root;
        uint96 left = _budget();
        Sums memory sums;
        for (uint256 i; i < leaves.length; ++i) {
            _requireLeaf(root, leaves[i], proofs[i]);
            (uint128 ug, uint96 owed) = _settle(epoch, leaves[i], left - sums.tunerOfAll);
            if (ug != 0 || owed != 0) ++paid;
            sums.ugOfAll += ug;
            sums.tunerOfAll += owed;
            sums.ugOfWallet += ug;
            sums.tunerOfWallet += owed;
            if (i + 1 == leaves.length || leaves[i + 1].wallet != leaves[i].wallet) {
                _pay(leaves[i].wallet, sums.ugOfWallet, sums.tunerOfWallet);
                (sums.ugOfWallet, sums.tunerOfWallet) = (0, 0);
            }
        }
        _count(record.ceilingUg, sums.ugOfAll, sums.tunerOfAll);
    }

    /// @dev Running sums of claimMany, in memory for want of stack.
    struct Sums {
        uint128 ugOfAll;
        uint96 tunerOfAll;
        uint128 ugOfWallet;
        uint96 tunerOfWallet;
    }

    /// @notice Shares the fees of final epochs among their signers, and refunds who posted them. Anyone may send it,
    /// before the epoch's record is overwritten 32 epochs later.
    function settleFees(uint64[] calldata epochs) external {
        for (uint256 i; i < epochs.length; ++i) {
            uint64 epoch = epochs[i];
            Epoch storage record = _at(epoch);
            uint32 signers = record.signers;
            if (record.number != epoch || signers == 0 || !_isFinal(record)) revert PoCENothingToSettle(epoch);
            record.signers = 0;
            uint96 left = _budget();
            uint96 fee = epochFee < left / 10 ? epochFee : left / 10;
            uint96 refund = submitterRefund < left / 10 ? submitterRefund : left / 10;
            _left = left - fee - refund;
            address submitter = record.submitter;
            emit FeesSettled(epoch, submitter, fee, refund);
            tuner.safeTransfer(address(validatorSet), fee);
            validatorSet.creditFees(record.setId, signers, fee);
            tuner.safeTransfer(submitter, refund);
        }
    }

    // --- reads ---

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

    function _checkHeader(EpochHeader calldata header, uint32 previousHour, uint88 previousCeiling) private view {
        if (header.root == 0 || header.leafCount == 0) revert PoCEEmptyEpoch();
        (uint64 fromHour, uint128 capUg) = nodeRegistry.epochRules(header.factorSet);
        if (
            header.throughHour < previousHour || header.throughHour < fromHour
                || (uint256(header.throughHour) + 1) * 1 hours > block.timestamp
        ) revert PoCEBadHour(header.throughHour);
        if (header.totalUg > header.ceilingUg) revert PoCETotalAboveCeiling(header.totalUg, header.ceilingUg);
        if (header.ceilingUg < previousCeiling || header.ceilingUg - previousCeiling > capUg) {
            revert PoCEBadCeiling(header.ceilingUg, previousCeiling, uint256(previousCeiling) + capUg);
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

    function _requireLeaf(bytes32 root, Leaf calldata leaf, bytes32[] calldata proof) private pure {
        if (!MerkleProof.verifyCalldata(proof, root, leafHash(leaf))) revert PoCEBadProof(leaf.node);
    }

    /// @dev A proved fault: the epoch and later ones go, its signers pay.
    function _uphold(uint64 epoch, bytes32 node, Reason reason) private {
        (uint32 setId, uint32 signers,) = attestationOf(epoch);
        _reject(epoch, reason);
        uint96 taken = validatorSet.slashMembers(setId, signers, msg.sender);
        emit EpochChallenged(epoch, node, msg.sender, reason, taken);
    }
}
