// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NetworkRules} from "../src/bases/NetworkRules.sol";
import {MintingGuard} from "../src/bases/MintingGuard.sol";
import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {Quorum} from "../src/libraries/Quorum.sol";
import {IValidatorSet} from "../src/interfaces/IValidatorSet.sol";
import {Base} from "./Base.sol";

contract PoCETest is Base {
    uint128 private constant KG = 1e9;
    bytes32 private constant NODE = "node";
    address private constant WALLET = address(0xA11);

    // --- reports ---

    function test_report__quorum__storesAndIsFinalAfterTheWindow() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, 5 * KG);
        _report(_header(poce.leafHash(leaf), 5 * KG, 5 * KG));
        (bytes32 root, uint64 throughHour, uint128 ceilingUg, uint64 reportedAt, IPoCE.Status status) = poce.epochOf(1);
        assertTrue(root == poce.leafHash(leaf), "root");
        assertEq(throughHour, 400_000);
        assertEq(ceilingUg, 5 * KG);
        assertEq(reportedAt, block.timestamp);
        assertTrue(status == IPoCE.Status.Reported, "reported");
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotFinal.selector, 1));
        poce.claim(1, leaf, _none());
        vm.warp(block.timestamp + WINDOW);
        (,,,, status) = poce.epochOf(1);
        assertTrue(status == IPoCE.Status.Final, "final");
    }

    function test_report__exactlyTwoThirdsOfStake__noQuorum() public {
        // Four equal stakes: three of them are 75 %. With two more of a quarter each it comes to exactly two thirds.
        _join(STAKE);
        _join(STAKE);
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        bytes memory four = _votes(poce.headerDigest(header), _firstKeys(4));
        vm.expectRevert(abi.encodeWithSelector(Quorum.QuorumMissing.selector, 4 * STAKE, 6 * STAKE, 4, 6));
        poce.report(header, four);
        poce.report(header, _votes(poce.headerDigest(header), _firstKeys(5)));
    }

    function test_report__aWhaleAlone__lacksHalfOfTheSigners() public {
        uint256 whale = _join(100 * STAKE);
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        uint256[] memory keys = new uint256[](2);
        (keys[0], keys[1]) = (whale, signerKeys[0]);
        bytes memory votes = _votes(poce.headerDigest(header), keys);
        vm.expectPartialRevert(Quorum.QuorumMissing.selector);
        poce.report(header, votes);
        keys = new uint256[](3);
        (keys[0], keys[1], keys[2]) = (whale, signerKeys[0], signerKeys[1]);
        poce.report(header, _votes(poce.headerDigest(header), keys));
    }

    function test_report__exactlyHalfOfTheSigners__isEnough() public {
        // Six validators, two of them large: three sign, with far more than two thirds of stake.
        uint256[] memory keys = new uint256[](3);
        (keys[0], keys[1], keys[2]) = (_join(20 * STAKE), _join(20 * STAKE), signerKeys[0]);
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        poce.report(header, _votes(poce.headerDigest(header), keys));
        assertEq(poce.headEpoch(), 1);
    }

    function test_report__signerTwiceOrOutOfOrderOrStrange__reverts() public {
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        bytes32 digest = poce.headerDigest(header);
        bytes memory one = _sign(signerKeys[0], digest);
        vm.expectRevert(
            abi.encodeWithSelector(Quorum.QuorumNotAscending.selector, vm.addr(signerKeys[0]), vm.addr(signerKeys[0]))
        );
        poce.report(header, bytes.concat(one, one));
        bytes memory sorted = _votes(digest, _firstKeys(2));
        bytes memory swapped = bytes.concat(_slice(sorted, 65), _slice(sorted, 0));
        vm.expectPartialRevert(Quorum.QuorumNotAscending.selector);
        poce.report(header, swapped);
        bytes memory stranger = _sign(0x5747, digest);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetNotMember.selector, vm.addr(0x5747)));
        poce.report(header, stranger);
        vm.expectRevert(abi.encodeWithSelector(Quorum.QuorumBadSignatures.selector, 64));
        poce.report(header, new bytes(64));
        vm.expectRevert(abi.encodeWithSelector(Quorum.QuorumBadSignatures.selector, 0));
        poce.report(header, "");
        // A whole row and a byte more: not even what a quorum signed may carry something along.
        bytes memory longer = bytes.concat(_votes(digest, _firstKeys(VALIDATORS)), hex"00");
        vm.expectRevert(abi.encodeWithSelector(Quorum.QuorumBadSignatures.selector, 65 * VALIDATORS + 1));
        poce.report(header, longer);
    }

    function test_report__malleableSignature__reverts() public {
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signerKeys[0], poce.headerDigest(header));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes memory twin = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        vm.expectPartialRevert(bytes4(keccak256("ECDSAInvalidSignatureS(bytes32)")));
        poce.report(header, twin);
    }

    function testFuzz_report__anyFieldChangedAfterSigning__reverts(uint8 field, uint64 delta) public {
        vm.assume(delta != 0);
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        bytes memory votes = _votes(poce.headerDigest(header), _firstKeys(4));
        uint256 which = field % 9;
        if (which == 0) header.epoch ^= delta;
        if (which == 1) header.root = bytes32(uint256(header.root) ^ delta);
        if (which == 2) header.throughHour -= uint64(1 + (delta % 1000));
        if (which == 3) header.totalUg -= uint128(1 + (delta % KG));
        if (which == 4) header.ceilingUg += delta % 1e14 + 1;
        if (which == 5) header.totalTuner ^= delta;
        if (which == 6) header.leafCount = uint32(uint256(header.leafCount) + 1 + (delta % 1e6));
        if (which == 7) header.dataHash = bytes32(uint256(header.dataHash) ^ delta);
        if (which == 8) header.setId = uint32(1 + (delta % 3));
        (bool accepted,) = address(poce).call(abi.encodeCall(poce.report, (header, votes)));
        assertTrue(!accepted, "a header that nobody signed was accepted");
    }

    function test_report__wrongEpoch__reverts() public {
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        header.epoch = 2;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEWrongEpoch.selector, 1, 2));
        poce.report(header, "");
        _report(_header("root", KG, KG));
        header.epoch = 1;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEWrongEpoch.selector, 2, 1));
        poce.report(header, "");
    }

    function testFuzz_headEpoch__anyNumberOfEpochs__isTheLast(uint8 count, uint8 vetoed) public {
        uint64 epochs = count % 12;
        for (uint64 i; i < epochs; ++i) {
            _report(_header(bytes32(uint256(i + 1)), KG, KG));
        }
        assertEq(poce.headEpoch(), epochs);
        if (epochs == 0) return;
        uint64 from = 1 + vetoed % epochs;
        vm.prank(GUARDIAN);
        poce.veto(from);
        assertEq(poce.headEpoch(), from - 1);
    }

    function test_report__hourFallsOrHasNotEnded__reverts() public {
        _report(_header("root", KG, KG));
        IPoCE.EpochHeader memory header = _header("root2", KG, KG);
        header.throughHour = 399_999;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEBadHour.selector, 399_999));
        poce.report(header, "");
        uint64 running = uint64(block.timestamp / 1 hours);
        header.throughHour = running;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEBadHour.selector, running));
        poce.report(header, "");
        header.throughHour = 400_000;
        _report(header);
    }

    function test_report__ceilingFallsOrLeapsOrIsBelowTotal__reverts() public {
        _report(_header("root", 3 * KG, 4 * KG));
        IPoCE.EpochHeader memory header = _header("root2", 3 * KG, 4 * KG - 1);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEBadCeiling.selector, 4 * KG - 1, 4 * KG, 4 * KG + EPOCH_CAP));
        poce.report(header, "");
        header.ceilingUg = 4 * KG + EPOCH_CAP + 1;
        vm.expectPartialRevert(IPoCE.PoCEBadCeiling.selector);
        poce.report(header, "");
        header.ceilingUg = 4 * KG;
        header.totalUg = 4 * KG + 1;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCETotalAboveCeiling.selector, 4 * KG + 1, 4 * KG));
        poce.report(header, "");
        (header.totalUg, header.totalTuner) = (1, 1e9);
        header.ceilingUg = 4 * KG + EPOCH_CAP;
        _report(header);
    }

    function test_report__emptyOrUnknownFactors__reverts() public {
        IPoCE.EpochHeader memory header = _header(0, KG, KG);
        vm.expectPartialRevert(IPoCE.PoCEEmptyEpoch.selector);
        poce.report(header, "");
        header.root = "root";
        header.leafCount = 0;
        vm.expectPartialRevert(IPoCE.PoCEEmptyEpoch.selector);
        poce.report(header, "");
        header.leafCount = 1;
        header.factorSet = "other";
        vm.expectRevert(abi.encodeWithSelector(NetworkRules.NodeRegistryUnknownFactorSet.selector, bytes32("other")));
        poce.report(header, "");
    }

    function test_report__setSuperseded__countsInTheGraceOnly() public {
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        bytes memory votes = _votes(poce.headerDigest(header), _firstKeys(4));
        uint32 signedUnder = header.setId;
        _join(STAKE);
        uint256 state = vm.snapshotState();
        vm.warp(block.timestamp + GRACE + 1);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetStale.selector, signedUnder));
        poce.report(header, votes);
        vm.revertToState(state);
        poce.report(header, votes);
    }

    // --- veto ---

    function test_veto__insideTheWindow__rejectsItAndLaterOnes() public {
        IPoCE.EpochHeader memory first = _header("root", KG, KG);
        bytes memory firstVotes = _votes(poce.headerDigest(first), _firstKeys(4));
        poce.report(first, firstVotes);
        vm.warp(block.timestamp + WINDOW / 2);
        _report(_header("root2", 2 * KG, 2 * KG));
        vm.expectRevert(abi.encodeWithSelector(MintingGuard.MintingGuardNotGuardian.selector, RELAYER));
        vm.prank(RELAYER);
        poce.veto(1);
        vm.prank(GUARDIAN);
        poce.veto(1);
        assertEq(poce.headEpoch(), 0);
        (,,,, IPoCE.Status status) = poce.epochOf(2);
        assertTrue(status == IPoCE.Status.None, "later epoch stands");
        // The vetoed header's votes were for a set that never counts again.
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetStale.selector, first.setId));
        poce.report(first, firstVotes);
        _report(_header("root3", KG, KG));
        assertEq(poce.headEpoch(), 1);
    }

    function test_veto__afterTheWindow__reverts() public {
        _report(_header("root", KG, KG));
        vm.warp(block.timestamp + WINDOW);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotPending.selector, 1));
        poce.veto(1);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotPending.selector, 2));
        poce.veto(2);
    }

    // --- claims ---

    function test_claim__twice__secondPaysNothing() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, 5 * KG + 1);
        uint64 epoch = _finalize(leaf, 5 * KG + 1);
        vm.prank(RELAYER);
        poce.claim(epoch, leaf, _none());
        assertEq(ct02.balanceOf(WALLET), 5e18 + 1e9);
        assertEq(tuner.balanceOf(WALLET), 5e18 + 1e9);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENothingToClaim.selector, NODE));
        poce.claim(epoch, leaf, _none());
    }

    function test_claim__laterEpochs__paysTheDifferenceAndNetsCorrections() public {
        _fund(NODE, WALLET, 5 * KG);
        IPoCE.Leaf memory lower = _leaf(NODE, WALLET, 4 * KG);
        uint64 second = _finalize(lower, 5 * KG);
        vm.expectPartialRevert(IPoCE.PoCENothingToClaim.selector);
        poce.claim(second, lower, _none());
        IPoCE.Leaf[] memory leaves = new IPoCE.Leaf[](1);
        leaves[0] = lower;
        assertEq(poce.claimMany(second, leaves, new bytes32[][](1)), 0);
        IPoCE.Leaf memory higher = _leaf(NODE, WALLET, 7 * KG);
        poce.claim(_finalize(higher, 7 * KG), higher, _none());
        assertEq(ct02.balanceOf(WALLET), 7e18);
        assertEq(tuner.balanceOf(WALLET), 7e18);
    }

    function test_claim__olderEpochAfterNewer__isRefused() public {
        IPoCE.Leaf memory older = _leaf(NODE, WALLET, 2 * KG);
        IPoCE.Leaf memory newer = _leaf(NODE, WALLET, 3 * KG);
        uint64 first = _finalize(older, 2 * KG);
        uint64 second = _finalize(newer, 3 * KG);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotNewest.selector, first));
        poce.claim(first, older, _none());
        poce.claim(second, newer, _none());
        assertEq(poce.mintedUg(), 3 * KG);
    }

    function test_claim__changedLeafOrForeignProof__reverts() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, 5 * KG);
        uint64 epoch = _finalize(leaf, 5 * KG);
        leaf.wallet = RELAYER;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEBadProof.selector, NODE));
        poce.claim(epoch, leaf, _none());
        leaf.wallet = WALLET;
        leaf.cumUg += 1;
        vm.expectPartialRevert(IPoCE.PoCEBadProof.selector);
        poce.claim(epoch, leaf, _none());
        leaf.cumUg -= 1;
        vm.expectPartialRevert(IPoCE.PoCEBadProof.selector);
        poce.claim(epoch, leaf, _single("x"));
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotFinal.selector, epoch + 1));
        poce.claim(epoch + 1, leaf, _none());
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotFinal.selector, 0));
        poce.claim(0, leaf, _none());
    }

    function test_claim__treeAboveItsCeiling__cannotMintMore() public {
        // A quorum that lies in the tree: two leaves of 5 kg under a header that admits 6.
        IPoCE.Leaf memory a = _leaf("a", WALLET, 5 * KG);
        IPoCE.Leaf memory b = _leaf("b", WALLET, 5 * KG);
        bytes32 root = _pair(poce.leafHash(a), poce.leafHash(b));
        _report(_header(root, 6 * KG, 6 * KG));
        vm.warp(block.timestamp + WINDOW);
        poce.claim(1, a, _single(poce.leafHash(b)));
        bytes32[] memory proof = _single(poce.leafHash(a));
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENoHeadroom.selector, 5 * KG, KG));
        poce.claim(1, b, proof);
        assertEq(ct02.totalSupply(), 5e18);
    }

    function test_claimMany__someHaveNothing__paysTheOthers() public {
        IPoCE.Leaf memory a = _leaf("a", WALLET, 5 * KG);
        IPoCE.Leaf memory b = _leaf("b", WALLET, 3 * KG);
        bytes32 hashA = poce.leafHash(a);
        bytes32 hashB = poce.leafHash(b);
        _report(_header(_pair(hashA, hashB), 8 * KG, 8 * KG));
        vm.warp(block.timestamp + WINDOW);
        poce.claim(1, a, _single(hashB));
        IPoCE.Leaf[] memory leaves = new IPoCE.Leaf[](2);
        bytes32[][] memory proofs = new bytes32[][](2);
        (leaves[0], leaves[1]) = (a, b);
        (proofs[0], proofs[1]) = (_single(hashB), _single(hashA));
        assertEq(poce.claimMany(1, leaves, proofs), 1);
        assertEq(ct02.balanceOf(WALLET), 8e18);
        assertEq(tuner.balanceOf(WALLET), 8e18);
        proofs[1] = _none();
        vm.expectPartialRevert(IPoCE.PoCEBadProof.selector);
        poce.claimMany(1, leaves, proofs);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCELengthMismatch.selector, 2, 1));
        poce.claimMany(1, leaves, new bytes32[][](1));
    }

    function test_claim__tunerBeyondTheCap__paysTheCapOnly() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, KG);
        leaf.cumTuner = type(uint256).max;
        uint64 epoch = _finalize(leaf, KG);
        poce.claim(epoch, leaf, _none());
        assertEq(tuner.balanceOf(WALLET), uint256(KG) * TUNER_PER_UG);
    }

    function test_claim__poolRunsDry__ct02StillMintsAndTunerIsOwed() public {
        vm.prank(address(poce));
        tuner.transfer(RELAYER, POOL - 1e18);
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, 5 * KG);
        uint64 epoch = _finalize(leaf, 5 * KG);
        poce.claim(epoch, leaf, _none());
        assertEq(ct02.balanceOf(WALLET), 5e18);
        assertEq(tuner.balanceOf(WALLET), 1e18 * 141 / 10_000);
        assertEq(poce.budgetLeft(), 0);
        vm.expectPartialRevert(IPoCE.PoCENothingToClaim.selector);
        poce.claim(epoch, leaf, _none());
        vm.prank(RELAYER);
        tuner.transfer(address(poce), 1_000e18);
        vm.warp(block.timestamp + poce.PERIOD());
        poce.claim(epoch, leaf, _none());
        assertEq(ct02.balanceOf(WALLET), 5e18);
        assertEq(tuner.balanceOf(WALLET), 5e18);
    }

    function testFuzz_claim__anyHistory__paysTheHighest(uint64[6] memory cums) public {
        uint128 highest;
        for (uint256 i; i < cums.length; ++i) {
            uint128 cum = uint128(cums[i]) % 1e14;
            if (cum > highest) highest = cum;
            IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, cum);
            uint64 epoch = _finalize(leaf, highest);
            (bool paid,) = address(poce).call(abi.encodeCall(poce.claim, (epoch, leaf, _none())));
            assertTrue(paid || ct02.balanceOf(WALLET) >= uint256(cum) * 1e9, "a claim with something to pay failed");
        }
        assertEq(ct02.balanceOf(WALLET), uint256(highest) * 1e9);
        assertEq(poce.mintedUg(), highest);
    }

    function testFuzz_leafHash__anyLeaf__isHashedTwiceOverItsWords(IPoCE.Leaf memory leaf) public view {
        bytes memory words = abi.encode(
            leaf.node,
            leaf.wallet,
            leaf.throughHour,
            leaf.cumUg,
            leaf.cumTuner,
            leaf.level,
            leaf.historyRoot
        );
        assertEq(words.length, 224);
        assertTrue(poce.leafHash(leaf) == keccak256(abi.encode(keccak256(words))), "another leaf hash");
    }

    function test_claim__innerNodeAsALeaf__reverts() public {
        IPoCE.Leaf memory a = _leaf("a", WALLET, KG);
        IPoCE.Leaf memory b = _leaf("b", WALLET, KG);
        // A tree whose root is the hash of the pair: a claim with the pair's own proof must not pass for a leaf.
        bytes32 root = _pair(poce.leafHash(a), poce.leafHash(b));
        _report(_header(root, 2 * KG, 2 * KG));
        vm.warp(block.timestamp + WINDOW);
        vm.expectPartialRevert(IPoCE.PoCEBadProof.selector);
        poce.claim(1, a, _none());
        poce.claim(1, a, _single(poce.leafHash(b)));
    }

    // --- pause ---

    function test_pause__claimsWaitAtMostFourteenDays() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, 5 * KG);
        uint64 epoch = _finalize(leaf, 5 * KG);
        vm.prank(GUARDIAN);
        vm.expectPartialRevert(MintingGuard.MintingGuardBadPause.selector);
        poce.pauseMinting(14 days + 1);
        vm.prank(GUARDIAN);
        poce.pauseMinting(14 days);
        vm.expectPartialRevert(MintingGuard.MintingGuardPaused.selector);
        poce.claim(epoch, leaf, _none());
        vm.warp(block.timestamp + 14 days);
        vm.prank(GUARDIAN);
        vm.expectPartialRevert(MintingGuard.MintingGuardBadPause.selector);
        poce.pauseMinting(1);
        poce.claim(epoch, leaf, _none());
        assertEq(ct02.balanceOf(WALLET), 5e18);
    }

    function test_pause__resumedOrByAStranger() public {
        vm.expectPartialRevert(MintingGuard.MintingGuardNotGuardian.selector);
        vm.prank(RELAYER);
        poce.pauseMinting(1 days);
        vm.prank(GUARDIAN);
        poce.pauseMinting(1 days);
        poce.resumeMinting();
        _fund(NODE, WALLET, KG);
        assertEq(ct02.balanceOf(WALLET), 1e18);
    }

    function test_pause__transfersRetirementAndUnstakingGoOn() public {
        _fund(NODE, WALLET, 5 * KG);
        vm.prank(GUARDIAN);
        poce.pauseMinting(14 days);
        vm.prank(WALLET);
        ct02.transfer(RELAYER, 1e18);
        vm.prank(WALLET);
        retirement.retire(KG, WALLET, 1, 2, "claim");
        vm.prank(_staker(signerKeys[0]));
        validatorSet.requestUnstake(STAKE);
        assertEq(ct02.totalSupply(), 4e18);
    }

    // --- equivocation ---

    function test_equivocation__twoHeadersOfOneEpoch__takesTheStakeOnce() public {
        IPoCE.EpochHeader memory a = _header("a", KG, KG);
        IPoCE.EpochHeader memory b = _header("b", KG, KG);
        bytes memory signatureA = _sign(signerKeys[0], poce.headerDigest(a));
        bytes memory signatureB = _sign(signerKeys[0], poce.headerDigest(b));
        uint256 supply = tuner.totalSupply();
        vm.prank(RELAYER);
        poce.slashEquivocation(a, signatureA, b, signatureB);
        assertEq(tuner.balanceOf(RELAYER), STAKE / 10);
        assertEq(tuner.totalSupply(), supply - STAKE + STAKE / 10);
        assertEq(validatorSet.slashableStake(vm.addr(signerKeys[0])), 0);
        assertTrue(!validatorSet.isActive(vm.addr(signerKeys[0])), "still active");
        assertTrue(validatorSet.isActive(vm.addr(signerKeys[1])), "another one lost its seat");
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorSet.ValidatorSetNothingAtStake.selector, vm.addr(signerKeys[0]))
        );
        poce.slashEquivocation(a, signatureA, b, signatureB);
        // Votes given under the set before the slash are worthless.
        bytes memory votes = _votes(poce.headerDigest(a), _firstKeys(4));
        vm.expectPartialRevert(IValidatorSet.ValidatorSetStale.selector);
        poce.report(a, votes);
    }

    function test_equivocation__sameHeaderOrOtherEpochOrSetOrSigner__reverts() public {
        IPoCE.EpochHeader memory a = _header("a", KG, KG);
        IPoCE.EpochHeader memory b = _header("b", KG, KG);
        bytes memory signatureA = _sign(signerKeys[0], poce.headerDigest(a));
        vm.expectPartialRevert(IPoCE.PoCENoEquivocation.selector);
        poce.slashEquivocation(a, signatureA, a, signatureA);
        bytes memory other = _sign(signerKeys[1], poce.headerDigest(b));
        vm.expectPartialRevert(IPoCE.PoCENoEquivocation.selector);
        poce.slashEquivocation(a, signatureA, b, other);
        b.epoch = 2;
        bytes memory later = _sign(signerKeys[0], poce.headerDigest(b));
        vm.expectPartialRevert(IPoCE.PoCENoEquivocation.selector);
        poce.slashEquivocation(a, signatureA, b, later);
        b.epoch = 1;
        b.setId += 1;
        bytes memory renewed = _sign(signerKeys[0], poce.headerDigest(b));
        vm.expectPartialRevert(IPoCE.PoCENoEquivocation.selector);
        poce.slashEquivocation(a, signatureA, b, renewed);
    }

    function _slice(bytes memory data, uint256 start) private pure returns (bytes memory part) {
        part = new bytes(65);
        for (uint256 i; i < 65; ++i) {
            part[i] = data[start + i];
        }
    }
}
