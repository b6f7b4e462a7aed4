// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {IValidatorSet} from "../src/interfaces/IValidatorSet.sol";
import {Base} from "./Base.sol";

/// @dev Epochs that are proved wrong inside their window, and what that costs whom.
contract ChallengesTest is Base {
    uint128 private constant KG = 1e9;
    bytes32 private constant NODE = "node";
    address private constant WALLET = address(0xA11);
    uint256 private constant NODE_KEY = 0x40DE;
    uint64 private constant FIRST_HOUR = 399_901;

    function setUp() public override {
        super.setUp();
        _register(NODE, vm.addr(NODE_KEY), WALLET, FIRST_HOUR);
    }

    /// @dev Posts an epoch of two leaves and gives each one's proof.
    function _post(IPoCE.Leaf memory a, IPoCE.Leaf memory b)
        private
        returns (uint64 epoch, bytes32[] memory proofA, bytes32[] memory proofB)
    {
        uint128 total = a.cumUg + b.cumUg;
        IPoCE.EpochHeader memory header = _header(_pair(poce.leafHash(a), poce.leafHash(b)), total, total);
        _report(header);
        return (header.epoch, _single(poce.leafHash(b)), _single(poce.leafHash(a)));
    }

    function _assertRejected(uint64 epoch, uint256 supplyBefore, uint256 signers) private view {
        assertEq(poce.headEpoch(), epoch - 1);
        uint256 taken = signers * (STAKE / 5);
        assertEq(tuner.balanceOf(RELAYER), taken / 10);
        assertEq(tuner.totalSupply(), supplyBefore - taken + taken / 10);
        (, uint96 left) = validatorSet.seatOf(_staker(signerKeys[0]));
        assertEq(left, STAKE - STAKE / 5);
    }

    // --- duplicate ---

    function test_duplicate__twoLeavesOfOneNode__rejectedAndSignersPay() public {
        IPoCE.Leaf memory a = _leaf(NODE, WALLET, 5 * KG);
        IPoCE.Leaf memory b = _leaf(NODE, WALLET, 6 * KG);
        uint256 supply = tuner.totalSupply();
        (uint64 epoch, bytes32[] memory proofA, bytes32[] memory proofB) = _post(a, b);
        vm.prank(RELAYER);
        poce.challengeDuplicate(epoch, a, proofA, b, proofB);
        _assertRejected(epoch, supply, 4);
        // The same number can be reported again, by the set as it is now.
        _fund(NODE, WALLET, 5 * KG);
        assertEq(ct02.balanceOf(WALLET), 5e18);
    }

    function test_duplicate__sameLeafOrTwoNodesOrForeign__provesNothing() public {
        IPoCE.Leaf memory a = _leaf(NODE, WALLET, 5 * KG);
        IPoCE.Leaf memory b = _leaf("other", WALLET, 6 * KG);
        (uint64 epoch, bytes32[] memory proofA, bytes32[] memory proofB) = _post(a, b);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotProved.selector, NODE));
        poce.challengeDuplicate(epoch, a, proofA, a, proofA);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotProved.selector, NODE));
        poce.challengeDuplicate(epoch, a, proofA, b, proofB);
        b.cumUg += 1;
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCEBadProof.selector, bytes32("other")));
        poce.challengeDuplicate(epoch, a, proofA, b, proofB);
    }

    // --- regression ---

    function test_regression__lastHourFell__rejectedWithLaterOnes() public {
        IPoCE.Leaf memory before = _leaf(NODE, WALLET, 5 * KG);
        uint64 first = _finalize(before, 5 * KG);
        IPoCE.Leaf memory fell = _leaf(NODE, WALLET, 6 * KG);
        fell.throughHour -= 1;
        uint256 supply = tuner.totalSupply();
        _report(_header(poce.leafHash(fell), 6 * KG, 6 * KG));
        _report(_header("later", 6 * KG, 6 * KG));
        vm.prank(RELAYER);
        poce.challengeRegression(first + 1, fell, _none(), first, before, _none());
        _assertRejected(first + 1, supply, 4);
        assertTrue(_status(first + 2) == IPoCE.Status.None, "a later epoch stands");
        assertTrue(_status(first) == IPoCE.Status.Final, "the one before is gone");
    }

    function test_regression__equalHourOrLaterOneOrOtherNode__provesNothing() public {
        IPoCE.Leaf memory before = _leaf(NODE, WALLET, 5 * KG);
        uint64 first = _finalize(before, 5 * KG);
        // A correction may lower the kilograms; the last hour may stay.
        IPoCE.Leaf memory lower = _leaf(NODE, WALLET, 4 * KG);
        _report(_header(poce.leafHash(lower), 4 * KG, 5 * KG));
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotProved.selector, NODE));
        poce.challengeRegression(first + 1, lower, _none(), first, before, _none());
        IPoCE.Leaf memory stranger = _leaf("other", WALLET, KG);
        stranger.throughHour = 1;
        uint64 third = first + 2;
        _report(_header(poce.leafHash(stranger), KG, 5 * KG));
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotProved.selector, bytes32("other")));
        poce.challengeRegression(third, stranger, _none(), first, before, _none());
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotProved.selector, bytes32("other")));
        poce.challengeRegression(third, stranger, _none(), third, stranger, _none());
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotPending.selector, 0));
        poce.challengeRegression(third, stranger, _none(), 0, before, _none());
    }

    // --- over the cap ---

    function test_overCap__moreThanItsHoursAllow__rejectedAndSignersPay() public {
        // 100 hours at 10^13 µg each.
        uint128 most = NODE_HOUR_CAP * 100;
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, most);
        uint256 state = vm.snapshotState();
        _report(_header(poce.leafHash(leaf), most, most));
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotProved.selector, NODE));
        poce.challengeOverCap(1, leaf, _none());
        vm.revertToState(state);

        registry.setEpochCap(EPOCH_CAP * 2);
        leaf.cumUg = most + 1;
        leaf.cumTuner = 0;
        uint256 supply = tuner.totalSupply();
        _report(_header(poce.leafHash(leaf), most + 1, most + 1));
        vm.prank(RELAYER);
        poce.challengeOverCap(1, leaf, _none());
        _assertRejected(1, supply, 4);
    }

    function test_overCap__hoursBeyondTheEpochs__makeNoRoom() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, NODE_HOUR_CAP * 100 + 1);
        leaf.throughHour = type(uint64).max;
        registry.setEpochCap(EPOCH_CAP * 2);
        _report(_header(poce.leafHash(leaf), leaf.cumUg, leaf.cumUg));
        poce.challengeOverCap(1, leaf, _none());
        assertEq(poce.headEpoch(), 0);
    }

    function test_overCap__strangerOrBeforeItsFirstHour__mayHaveNothing() public {
        IPoCE.Leaf memory stranger = _leaf("nobody", WALLET, 1);
        IPoCE.Leaf memory early = _leaf(NODE, WALLET, 1);
        early.throughHour = FIRST_HOUR - 1;
        (uint64 epoch, bytes32[] memory proofA, bytes32[] memory proofB) = _post(stranger, early);
        uint256 state = vm.snapshotState();
        poce.challengeOverCap(epoch, stranger, proofA);
        assertEq(poce.headEpoch(), 0);
        vm.revertToState(state);
        poce.challengeOverCap(epoch, early, proofB);
        assertEq(poce.headEpoch(), 0);
    }

    function test_overCap__capLoweredAfterTheReport__judgesByTheOldOne() public {
        uint128 half = NODE_HOUR_CAP * 50 + 1;
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, half);
        _report(_header(poce.leafHash(leaf), half, half));
        registry.setNodeHourCap(NODE_HOUR_CAP / 2);
        vm.expectPartialRevert(IPoCE.PoCENotProved.selector);
        poce.challengeOverCap(1, leaf, _none());
        // A day later it counts, for hours from then on: the same kilograms, attested again, are as right as before.
        vm.warp(block.timestamp + 1 days);
        _report(_header(poce.leafHash(leaf), half, half));
        vm.expectPartialRevert(IPoCE.PoCENotProved.selector);
        poce.challengeOverCap(2, leaf, _none());
        assertEq(poce.headEpoch(), 2);
    }

    // --- wallet ---

    function test_wallet__another__rejected() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, RELAYER, KG);
        _report(_header(poce.leafHash(leaf), KG, KG));
        poce.challengeWallet(1, leaf, _none());
        assertEq(poce.headEpoch(), 0);
    }

    function test_wallet__presentOrJustReplaced__provesNothing() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, WALLET, KG);
        _report(_header(poce.leafHash(leaf), KG, KG));
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotProved.selector, NODE));
        poce.challengeWallet(1, leaf, _none());
        vm.warp(block.timestamp + WINDOW);

        _moveWallet(address(0xB22), 0);
        // Validators may have looked just before the change.
        _report(_header(poce.leafHash(leaf), KG, KG));
        vm.expectPartialRevert(IPoCE.PoCENotProved.selector);
        poce.challengeWallet(2, leaf, _none());

        // Long after it, the old wallet is wrong.
        vm.warp(block.timestamp + WALLET_DELAY + 1);
        _report(_header(poce.leafHash(leaf), KG, KG));
        poce.challengeWallet(3, leaf, _none());
        assertEq(poce.headEpoch(), 2);
    }

    // --- when ---

    function test_challenge__afterTheWindowOrNoEpoch__reverts() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, RELAYER, KG);
        uint64 epoch = _finalize(leaf, KG);
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotPending.selector, epoch));
        poce.challengeWallet(epoch, leaf, _none());
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotPending.selector, epoch + 1));
        poce.challengeOverCap(epoch + 1, leaf, _none());
        vm.expectRevert(abi.encodeWithSelector(IPoCE.PoCENotPending.selector, 0));
        poce.challengeDuplicate(0, leaf, _none(), leaf, _none());
    }

    function test_challenge__votesBefore__areWorthless() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, RELAYER, KG);
        IPoCE.EpochHeader memory header = _header(poce.leafHash(leaf), KG, KG);
        bytes memory votes = _votes(poce.headerDigest(header), _firstKeys(4));
        poce.report(header, votes);
        poce.challengeWallet(1, leaf, _none());
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetStale.selector, header.setId));
        poce.report(header, votes);
    }

    function test_challenge__notAllSigned__onlySignersPay() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, RELAYER, KG);
        IPoCE.EpochHeader memory header = _header(poce.leafHash(leaf), KG, KG);
        poce.report(header, _votes(poce.headerDigest(header), _firstKeys(3)));
        poce.challengeWallet(1, leaf, _none());
        (, uint96 signed) = validatorSet.seatOf(_staker(signerKeys[1]));
        (, uint96 silent) = validatorSet.seatOf(_staker(signerKeys[3]));
        assertEq(signed, STAKE - STAKE / 5);
        assertEq(silent, STAKE);
    }

    function test_challenge__signerOnItsWayOut__paysFromThereToo() public {
        IPoCE.Leaf memory leaf = _leaf(NODE, RELAYER, KG);
        _report(_header(poce.leafHash(leaf), KG, KG));
        address staker = _staker(signerKeys[0]);
        vm.prank(staker);
        validatorSet.requestUnstake(STAKE);
        poce.challengeWallet(1, leaf, _none());
        (uint96 leaving,) = validatorSet.exitOf(staker);
        assertEq(leaving, STAKE - STAKE / 5);
    }

    function test_challenge__seatFallsBelowTheLeast__isLost() public {
        uint256 small = _join(MIN_STAKE);
        IPoCE.Leaf memory leaf = _leaf(NODE, RELAYER, KG);
        _report(_header(poce.leafHash(leaf), KG, KG));
        poce.challengeWallet(1, leaf, _none());
        assertTrue(!validatorSet.isActive(vm.addr(small)), "the seat stands below the least stake");
        (uint96 leaving,) = validatorSet.exitOf(_staker(small));
        assertEq(leaving, MIN_STAKE - MIN_STAKE / 5);
        assertEq(validatorSet.getVotes(_staker(small)), leaving);
    }

    function test_colludingThird__cannotPost() public {
        // Two of six: a third of stake. Even with the digest's every detail right, no quorum.
        _join(STAKE);
        _join(STAKE);
        IPoCE.Leaf memory leaf = _leaf(NODE, RELAYER, KG);
        IPoCE.EpochHeader memory header = _header(poce.leafHash(leaf), KG, KG);
        bytes memory votes = _votes(poce.headerDigest(header), _firstKeys(2));
        (bool posted,) = address(poce).call(abi.encodeCall(poce.report, (header, votes)));
        assertTrue(!posted, "a third of stake posted an epoch");
    }

    function _status(uint64 epoch) private view returns (IPoCE.Status status) {
        (,,,, status) = poce.epochOf(epoch);
    }

    function _moveWallet(address wallet, uint32 changes) private {
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("ChangeWallet(bytes32 node,address wallet,uint32 changes,uint256 deadline)"),
                NODE,
                wallet,
                changes,
                block.timestamp
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", registry.DOMAIN_SEPARATOR(), structHash));
        registry.requestWallet(NODE, wallet, block.timestamp, _sign(NODE_KEY, digest));
        vm.warp(block.timestamp + WALLET_DELAY);
        registry.confirmWallet(NODE);
    }
}
