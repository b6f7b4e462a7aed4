// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {GrantWallet} from "../src/GrantWallet.sol";
import {NodeRegistry} from "../src/NodeRegistry.sol";
import {TunerGovernor} from "../src/TunerGovernor.sol";
import {TunerTimelock} from "../src/TunerTimelock.sol";
import {TunerToken} from "../src/TunerToken.sol";
import {ValidatorSet} from "../src/ValidatorSet.sol";
import {Base} from "./Base.sol";

/// @dev A fresh supply of which four fifths are staked by four validators, and a registry that the timelock owns.
contract TunerGovernorTest is Base {
    uint48 private constant DELAY = 1 days;
    uint32 private constant PERIOD = 5 days;
    uint48 private constant LATE = 1 days;
    uint256 private constant HOLD = 2 days;
    uint96 private constant SHARE = 200_000_000e18;
    address private constant HOLDER = address(0x401D);
    string private constant WHY = "Accept Oracle Cloud";

    TunerTimelock private timelock;
    TunerGovernor private governor;

    function setUp() public override {
        super.setUp();
        tuner = new TunerToken(address(this));
        validatorSet =
            new ValidatorSet(address(this), address(tuner), address(poce), MIN_STAKE, UNSTAKE_DELAY, GRACE);
        tuner.approve(address(validatorSet), type(uint256).max);
        for (uint256 i; i < 4; ++i) {
            _stake(_validator(i), SHARE, vm.addr(0xF00 + i));
        }
        tuner.transfer(HOLDER, 30_000_000e18);
        address governorAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        timelock = new TunerTimelock(HOLD, governorAt, GUARDIAN);
        governor = new TunerGovernor(
            address(tuner),
            address(validatorSet),
            TimelockController(payable(timelock)),
            GUARDIAN,
            TunerGovernor.Rules(DELAY, PERIOD, 1_000_000e18, 4, LATE)
        );
        assertEq(address(governor), governorAt);
        registry = new NodeRegistry(
            address(timelock), address(this), FACTORS, "", EPOCH_CAP, NODE_HOUR_CAP, WALLET_DELAY
        );
        vm.prank(HOLDER);
        tuner.delegate(HOLDER);
        vm.warp(block.timestamp + 1);
    }

    function _validator(uint256 i) private pure returns (address) {
        return address(uint160(0x5A0 + i));
    }

    function _what() private view returns (address[] memory to, uint256[] memory values, bytes[] memory calls) {
        (to, values, calls) = (new address[](1), new uint256[](1), new bytes[](1));
        to[0] = address(registry);
        calls[0] = abi.encodeCall(registry.setProvider, ("oci", true));
    }

    function _propose(address proposer) private returns (uint256 id) {
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = _what();
        vm.prank(proposer);
        id = governor.propose(to, values, calls, WHY);
        vm.warp(block.timestamp + DELAY + 1);
    }

    function _vote(address voter, uint256 id) private returns (uint256 weight) {
        vm.prank(voter);
        return governor.castVote(id, 1);
    }

    function _queue() private {
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = _what();
        governor.queue(to, values, calls, keccak256(bytes(WHY)));
    }

    function _execute() private {
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = _what();
        vm.prank(RELAYER);
        governor.execute(to, values, calls, keccak256(bytes(WHY)));
    }

    function test_vote__four_fifths_staked__stakers_reach_the_quorum_and_add_a_provider() public {
        uint256 id = _propose(_validator(0));
        assertEq(governor.quorum(governor.proposalSnapshot(id)), 40_000_000e18);
        assertEq(_vote(_validator(1), id), SHARE);
        vm.warp(block.timestamp + PERIOD);
        _queue();
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        _execute();
        vm.warp(block.timestamp + HOLD);
        assertTrue(!registry.providerAllowed("oci"), "too early");
        _execute();
        assertTrue(registry.providerAllowed("oci"), "not added");
    }

    function test_vote__holder_alone_below_the_quorum__is_defeated() public {
        uint256 id = _propose(HOLDER);
        assertEq(_vote(HOLDER, id), 30_000_000e18);
        vm.warp(block.timestamp + PERIOD);
        assertTrue(governor.state(id) == IGovernor.ProposalState.Defeated, "three percent sufficed");
    }

    function test_votes__of_a_staker_who_also_holds__add_up() public {
        tuner.transfer(_validator(0), 1e18);
        vm.prank(_validator(0));
        tuner.delegate(_validator(0));
        uint256 past = block.timestamp;
        vm.warp(past + 1);
        assertEq(governor.getVotes(_validator(0), past), SHARE + 1e18);
        assertEq(governor.getVotes(address(validatorSet), past), 0);
    }

    function test_votes__changed_after_the_snapshot__do_not_count() public {
        uint256 id = _propose(_validator(0));
        uint256 snapshot = governor.proposalSnapshot(id);
        uint256 before = governor.getVotes(_validator(1), snapshot);
        vm.prank(HOLDER);
        tuner.transfer(address(this), 30_000_000e18);
        validatorSet.stake(_validator(1), 10_000_000e18, vm.addr(0xF01));
        vm.prank(_validator(2));
        validatorSet.requestUnstake(SHARE);
        vm.warp(block.timestamp + 1);
        assertEq(governor.getVotes(_validator(1), snapshot), before);
        assertEq(_vote(_validator(1), id), SHARE);
        assertEq(_vote(_validator(2), id), SHARE);
        assertEq(_vote(HOLDER, id), 30_000_000e18);
    }

    function test_vote__quorum_on_the_last_day__leaves_others_time() public {
        uint256 id = _propose(_validator(0));
        uint256 deadline = governor.proposalDeadline(id);
        vm.warp(deadline - 1);
        _vote(_validator(0), id);
        assertTrue(governor.proposalDeadline(id) >= deadline - 1 + LATE, "no time was left");
    }

    function test_propose__below_the_threshold__is_refused() public {
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = _what();
        vm.expectPartialRevert(IGovernor.GovernorInsufficientProposerVotes.selector);
        vm.prank(RELAYER);
        governor.propose(to, values, calls, WHY);
    }

    function test_guardian__can_cancel_but_not_propose_or_execute() public {
        uint256 id = _propose(_validator(0));
        _vote(_validator(0), id);
        vm.warp(block.timestamp + PERIOD);
        _queue();
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = _what();
        vm.expectPartialRevert(IGovernor.GovernorUnableToCancel.selector);
        vm.prank(RELAYER);
        governor.cancel(to, values, calls, keccak256(bytes(WHY)));
        vm.prank(GUARDIAN);
        governor.cancel(to, values, calls, keccak256(bytes(WHY)));
        assertTrue(governor.state(id) == IGovernor.ProposalState.Canceled, "not cancelled");
        vm.expectPartialRevert(IAccessControl.AccessControlUnauthorizedAccount.selector);
        vm.prank(GUARDIAN);
        timelock.schedule(to[0], 0, calls[0], 0, 0, HOLD);
        // In the timelock itself as well, where the governor cannot be asked any more.
        _propose2();
    }

    function _propose2() private {
        (address[] memory to, uint256[] memory values, bytes[] memory calls) = _what();
        vm.prank(_validator(1));
        uint256 id = governor.propose(to, values, calls, "again");
        vm.warp(block.timestamp + DELAY + 1);
        _vote(_validator(1), id);
        vm.warp(block.timestamp + PERIOD);
        bytes32 hash = keccak256("again");
        governor.queue(to, values, calls, hash);
        bytes32 salt = bytes20(address(governor)) ^ hash;
        bytes32 operation = timelock.hashOperationBatch(to, values, calls, 0, salt);
        assertTrue(timelock.isOperationPending(operation), "not waiting");
        vm.prank(GUARDIAN);
        timelock.cancel(operation);
        assertTrue(governor.state(id) == IGovernor.ProposalState.Canceled, "still there");
    }

    function test_timelock__nobody_administers_it() public {
        bytes32 admin = timelock.DEFAULT_ADMIN_ROLE();
        assertTrue(timelock.hasRole(admin, address(timelock)), "not itself");
        assertTrue(!timelock.hasRole(admin, address(this)) && !timelock.hasRole(admin, GUARDIAN), "somebody");
        assertTrue(!timelock.hasRole(timelock.PROPOSER_ROLE(), GUARDIAN), "the guardian proposes");
        vm.expectPartialRevert(TunerTimelock.TunerTimelockZero.selector);
        new TunerTimelock(HOLD, address(0), GUARDIAN);
        TunerTimelock without = new TunerTimelock(HOLD, address(governor), address(0));
        assertTrue(!without.hasRole(without.CANCELLER_ROLE(), address(0)), "everybody cancels");
    }

    function test_constructor__a_zero__is_refused() public {
        TunerGovernor.Rules memory rules = TunerGovernor.Rules(DELAY, PERIOD, 1, 4, LATE);
        TimelockController lock = TimelockController(payable(timelock));
        vm.expectPartialRevert(TunerGovernor.TunerGovernorZero.selector);
        new TunerGovernor(address(tuner), address(0), lock, GUARDIAN, rules);
    }

    function test_grant__before_and_after_the_cliff__releases_what_is_due() public {
        uint64 start = uint64(block.timestamp);
        GrantWallet grant = new GrantWallet(HOLDER, start, 1461 days, 365 days);
        uint256 held = tuner.balanceOf(HOLDER);
        tuner.transfer(address(grant), 1461e18);
        vm.warp(start + 364 days);
        grant.release(address(tuner));
        assertEq(tuner.balanceOf(HOLDER), held);
        vm.warp(start + 365 days);
        grant.release(address(tuner));
        assertEq(tuner.balanceOf(HOLDER), held + 365e18);
        vm.warp(start + 2000 days);
        grant.release(address(tuner));
        assertEq(tuner.balanceOf(HOLDER), held + 1461e18);
    }
}
