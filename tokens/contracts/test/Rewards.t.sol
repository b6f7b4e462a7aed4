// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {MintingGuard} from "../src/bases/MintingGuard.sol";
import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {IValidatorSet} from "../src/interfaces/IValidatorSet.sol";
import {Base} from "./Base.sol";

/// @dev The pool's budget, fees and refunds, and claims on hold.
contract RewardsTest is Base {
    uint128 private constant KG = 1e9;
    bytes32 private constant NODE = "node";
    address private constant WALLET = address(0xA11);

    // --- budget ---

    function test_budget__firstPeriod__isAPartOfThePool() public view {
        assertEq(poce.budgetLeft(), POOL * 141 / 10_000);
    }

    function test_budget__usedUp__restIsOwedAndPaidNextPeriod() public {
        // 6 million TUNER earned at once; a period pays 5.64 million.
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, 3e15);
        registry.setEpochCap(1e16);
        leaf.cumTuner = 6_000_000e18;
        IPoCE.EpochHeader memory header = _header(poce.leafHash(leaf), leaf.cumUg, leaf.cumUg);
        header.totalTuner = leaf.cumTuner;
        _report(header);
        vm.warp(block.timestamp + WINDOW);
        poce.claim(1, leaf, _none());
        uint256 first = POOL * 141 / 10_000;
        assertEq(tuner.balanceOf(WALLET), first);
        assertEq(poce.budgetLeft(), 0);
        vm.expectPartialRevert(IPoCE.PoCENothingToClaim.selector);
        poce.claim(1, leaf, _none());
        vm.warp(block.timestamp + poce.PERIOD());
        assertEq(poce.budgetLeft(), (POOL - first) * 141 / 10_000);
        poce.claim(1, leaf, _none());
        assertEq(tuner.balanceOf(WALLET), 6_000_000e18);
        (, uint128 paid) = poce.claimedOf(NODE);
        assertEq(paid, 6_000_000e18);
    }

    function testFuzz_budget__anyPeriods__spentNeverAboveTheirParts(uint8 skips, uint96 each) public {
        uint256 allowed;
        uint128 cum;
        registry.setEpochCap(1e19);
        for (uint256 i; i < 4; ++i) {
            vm.warp(block.timestamp + poce.PERIOD() * (1 + (skips >> (2 * i)) % 4));
            allowed += tuner.balanceOf(address(poce)) * 141 / 10_000;
            cum += 1e16;
            IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, cum);
            leaf.cumTuner = uint256(each) % 1e26 * (i + 1);
            (bool paid,) = address(poce).call(abi.encodeCall(poce.claim, (_finalize(leaf, cum), leaf, _none())));
            assertTrue(paid, "kilograms were not paid");
            assertTrue(tuner.balanceOf(WALLET) <= allowed, "above the budget");
        }
    }

    function test_parameters__byOwnerWithinBounds__countFromTheNextPeriod() public {
        vm.prank(RELAYER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, RELAYER));
        poce.setRewardParameters(1, 1, 1);
        vm.expectPartialRevert(IPoCE.PoCEParametersTooHigh.selector);
        poce.setRewardParameters(501, 1, 1);
        vm.expectPartialRevert(IPoCE.PoCEParametersTooHigh.selector);
        poce.setRewardParameters(500, 10_000e18 + 1, 1);
        vm.expectPartialRevert(IPoCE.PoCEParametersTooHigh.selector);
        poce.setRewardParameters(500, 1, 10_000e18 + 1);
        _fund(NODE, WALLET, KG);
        uint256 left = poce.budgetLeft();
        poce.setRewardParameters(500, 10_000e18, 0);
        assertEq(poce.budgetLeft(), left);
        vm.warp(block.timestamp + poce.PERIOD());
        assertEq(poce.budgetLeft(), tuner.balanceOf(address(poce)) * 500 / 10_000);
    }

    function test_header__moreTunerThanIsEverPaid__isTakenAndClippedLeafByLeaf() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, 1);
        leaf.cumTuner = 1e24;
        IPoCE.EpochHeader memory header = _header(poce.leafHash(leaf), 1, 1);
        header.totalTuner = leaf.cumTuner;
        _report(header);
        vm.warp(block.timestamp + WINDOW);
        poce.claim(1, leaf, _none());
        assertEq(tuner.balanceOf(WALLET), TUNER_PER_UG);
    }

    // --- fees ---

    function _one(uint64 epoch) private pure returns (uint64[] memory epochs) {
        epochs = new uint64[](1);
        epochs[0] = epoch;
    }

    function test_fees__finalEpoch__sharedByStakeAmongSignersOnce() public {
        uint256 large = _join(2 * STAKE);
        IPoCE.EpochHeader memory header = _header("root", KG, KG);
        uint256[] memory keys = new uint256[](4);
        (keys[0], keys[1], keys[2], keys[3]) = (signerKeys[0], signerKeys[1], signerKeys[2], large);
        bytes memory votes = _votes(poce.headerDigest(header), keys);
        vm.prank(RELAYER);
        poce.report(header, votes);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENothingToSettle.selector, 1));
        poce.settleFees(_one(1));
        vm.warp(block.timestamp + WINDOW);
        uint256 before = poce.budgetLeft();
        poce.settleFees(_one(1));
        assertEq(validatorSet.feesOf(_staker(large)), 40e18);
        assertEq(validatorSet.feesOf(_staker(signerKeys[0])), 20e18);
        assertEq(validatorSet.feesOf(_staker(signerKeys[3])), 0);
        assertEq(tuner.balanceOf(RELAYER), poce.submitterRefund());
        assertEq(poce.budgetLeft(), before - 105e18);
        vm.expectPartialRevert(IPoCE.PoCENothingToSettle.selector);
        poce.settleFees(_one(1));

        validatorSet.claimFees(_staker(large));
        assertEq(tuner.balanceOf(_staker(large)), 40e18);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetNoFees.selector, _staker(large)));
        validatorSet.claimFees(_staker(large));
    }

    function test_fees__littleLeftInTheBudget__aTenthEachAtMost() public {
        vm.prank(address(poce));
        tuner.transfer(RELAYER, POOL - 10_000e18);
        _report(_header("root", KG, KG));
        vm.warp(block.timestamp + WINDOW);
        poce.settleFees(_one(1));
        // A period may spend 141 TUNER; the fee of 100 is cut to a tenth of that, the refund of 5 is not.
        assertEq(tuner.balanceOf(address(validatorSet)), VALIDATORS * STAKE + 14.1e18);
        assertEq(poce.budgetLeft(), 141e18 - 14.1e18 - 5e18);
    }

    function test_fees__unknownOrOverwrittenEpoch__reverts() public {
        vm.expectPartialRevert(IPoCE.PoCENothingToSettle.selector);
        poce.settleFees(_one(0));
        vm.expectPartialRevert(IPoCE.PoCENothingToSettle.selector);
        poce.settleFees(_one(3));
        uint64 kept = poce.KEPT();
        for (uint64 i; i < kept + 1; ++i) {
            _report(_header("root", KG, KG));
        }
        vm.warp(block.timestamp + WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENothingToSettle.selector, 1));
        poce.settleFees(_one(1));
        poce.settleFees(_one(2));
    }

    function test_credit__byAnybodyElse__reverts() public {
        vm.expectPartialRevert(IValidatorSet.ValidatorSetNotPoCE.selector);
        validatorSet.creditFees(1, 1, 1);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetNotPoCE.selector);
        validatorSet.slashMembers(1, 1, RELAYER);
    }

    // --- hold and appeal ---

    function test_hold__node__waitsUntilReleasedOrOver() public {
        IPoCE.Leaf memory a = _leaf("a", WALLET, 5 * KG);
        IPoCE.Leaf memory b = _leaf("b", WALLET, 3 * KG);
        (bytes32 hashA, bytes32 hashB) = (poce.leafHash(a), poce.leafHash(b));
        _report(_header(_pair(hashA, hashB), 8 * KG, 8 * KG));
        vm.warp(block.timestamp + WINDOW);
        vm.prank(GUARDIAN);
        poce.holdNode("a", 1 days, "why");
        assertEq(poce.heldUntilOf("a"), block.timestamp + 1 days);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENodeHeld.selector, bytes32("a"), block.timestamp + 1 days));
        poce.claim(1, a, _single(hashB));
        IPoCE.Leaf[] memory leaves = new IPoCE.Leaf[](2);
        bytes32[][] memory proofs = new bytes32[][](2);
        (leaves[0], leaves[1]) = (a, b);
        (proofs[0], proofs[1]) = (_single(hashB), _single(hashA));
        assertEq(poce.claimMany(1, leaves, proofs), 1);
        assertEq(ct02.balanceOf(WALLET), 3e18);
        poce.releaseNode("a");
        poce.claim(1, a, _single(hashB));
        assertEq(ct02.balanceOf(WALLET), 8e18);
    }

    function test_hold__tooLongOrAgainOrByAStranger__reverts() public {
        vm.prank(RELAYER);
        vm.expectPartialRevert(MintingGuard.MintingGuardNotGuardian.selector);
        poce.holdNode(NODE, 1 days, "");
        vm.prank(RELAYER);
        vm.expectPartialRevert(MintingGuard.MintingGuardNotGuardian.selector);
        poce.releaseNode(NODE);
        vm.prank(GUARDIAN);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEBadHold.selector, NODE, 30 days + 1));
        poce.holdNode(NODE, 30 days + 1, "");
        vm.prank(GUARDIAN);
        vm.expectPartialRevert(IPoCE.PoCEBadHold.selector);
        poce.holdNode(NODE, 0, "");
        vm.prank(GUARDIAN);
        poce.holdNode(NODE, 30 days, "");
        vm.warp(block.timestamp + 60 days - 1);
        vm.prank(GUARDIAN);
        vm.expectPartialRevert(IPoCE.PoCEBadHold.selector);
        poce.holdNode(NODE, 1 days, "");
        // The owner decides an appeal, either way.
        poce.holdNode(NODE, 1 days, "");
        poce.releaseNode(NODE);
        vm.warp(block.timestamp + 30 days);
        vm.prank(GUARDIAN);
        poce.holdNode(NODE, 1 days, "");
        vm.warp(block.timestamp + 2 days);
        poce.releaseNode(NODE);
        assertEq(poce.heldUntilOf(NODE), block.timestamp - 1 days);
    }

    // --- the ring of epochs ---

    function test_ring__manyEpochs__keepsTheLastAndPaysTheNewest() public {
        uint64 kept = poce.KEPT();
        IPoCE.Leaf memory leaf;
        for (uint64 i = 1; i <= 2 * kept + 3; ++i) {
            leaf = _leaf(NODE, WALLET, i * KG);
            _report(_header(poce.leafHash(leaf), i * KG, i * KG));
        }
        uint64 head = 2 * kept + 3;
        assertEq(poce.headEpoch(), head);
        (bytes32 root,,, uint64 reportedAt, IPoCE.Status status) = poce.epochOf(kept + 3);
        assertTrue(root == 0 && reportedAt == 0 && status == IPoCE.Status.None, "an overwritten epoch is still told");
        (,,,, status) = poce.epochOf(kept + 4);
        assertTrue(status == IPoCE.Status.Final, "the oldest kept epoch");
        (uint32 setId, uint32 signers, address submitter) = poce.attestationOf(head);
        assertEq(setId, validatorSet.setId());
        assertEq(signers, 2 ** VALIDATORS - 1);
        assertEq(submitter, address(this));
        (setId, signers, submitter) = poce.attestationOf(3);
        assertEq(uint256(setId) + signers + uint160(submitter), 0);
        vm.warp(block.timestamp + WINDOW);
        vm.expectPartialRevert(IPoCE.PoCENotFinal.selector);
        poce.claim(3, leaf, _none());
        poce.claim(head, leaf, _none());
        assertEq(ct02.balanceOf(WALLET), uint256(head) * 1e18);
    }

    function test_ring__rejectedAtItsSeam__theFirstEpochCannotComeBack() public {
        uint64 kept = poce.KEPT();
        for (uint64 i = 1; i <= kept; ++i) {
            _report(_header("root", KG, KG));
        }
        vm.prank(GUARDIAN);
        poce.veto(kept);
        IPoCE.EpochHeader memory header = _header("again", KG, KG);
        assertEq(header.epoch, kept);
        header.epoch = 1;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEWrongEpoch.selector, kept, 1));
        poce.report(header, "");
        header.epoch = type(uint32).max;
        vm.expectPartialRevert(IPoCE.PoCEWrongEpoch.selector);
        poce.report(header, "");
        header.epoch = 0;
        vm.expectPartialRevert(IPoCE.PoCEWrongEpoch.selector);
        poce.report(header, "");
        _report(_header("again", KG, KG));
        assertEq(poce.headEpoch(), kept);
    }

    function test_gap__tooSoon__reverts() public {
        _report(_header("root", KG, KG));
        uint256 earliest = block.timestamp + GAP;
        IPoCE.EpochHeader memory header = _header("next", KG, KG);
        vm.warp(earliest - 1);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCETooSoon.selector, earliest));
        poce.report(header, "");
        vm.warp(earliest);
        _report(header);
    }

    function test_constructor__badWindow__reverts() public {
        bytes memory arguments =
            abi.encode(address(this), GUARDIAN, ct02, tuner, registry, validatorSet, WINDOW, uint64(119), TUNER_PER_UG);
        assertTrue(!_deploys("PoCE.sol:PoCE", arguments), "30 gaps are shorter than the window");
        arguments =
            abi.encode(address(this), GUARDIAN, ct02, tuner, registry, validatorSet, uint64(0), uint64(0), TUNER_PER_UG);
        assertTrue(!_deploys("PoCE.sol:PoCE", arguments), "no gap");
        arguments = abi.encode(
            address(this), GUARDIAN, ct02, tuner, registry, validatorSet, UNSTAKE_DELAY - GRACE, uint64(1 days), TUNER_PER_UG
        );
        assertTrue(!_deploys("PoCE.sol:PoCE", arguments), "stake gone before the window ends");
        address[4] memory parts = [address(ct02), address(tuner), address(registry), address(validatorSet)];
        for (uint256 i; i < 4; ++i) {
            address part = parts[i];
            parts[i] = address(0);
            arguments = abi.encode(
                address(this), GUARDIAN, parts[0], parts[1], parts[2], parts[3], WINDOW, GAP, TUNER_PER_UG
            );
            assertTrue(!_deploys("PoCE.sol:PoCE", arguments), "an address is zero");
            parts[i] = part;
        }
    }
}
