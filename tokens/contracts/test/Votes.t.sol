// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IValidatorSet} from "../src/interfaces/IValidatorSet.sol";
import {Base} from "./Base.sol";

/// @dev Stake that votes, seats that are lost to larger ones, and the least stake.
contract VotesTest is Base {
    address private constant STAKER = address(0x57A);
    address private constant SIGNER = address(0x519);
    address private constant FRIEND = address(0xF41E);

    // --- votes ---

    function test_votes__staked__votesForTheStakerAtOnce() public {
        _stake(STAKER, MIN_STAKE, SIGNER);
        assertEq(validatorSet.getVotes(STAKER), MIN_STAKE);
        assertEq(validatorSet.delegates(STAKER), STAKER);
        uint256 moment = block.timestamp;
        vm.warp(moment + 1);
        assertEq(validatorSet.getPastVotes(STAKER, moment), MIN_STAKE);
        assertEq(validatorSet.getPastTotalSupply(moment), MIN_STAKE + VALIDATORS * STAKE);
        assertEq(validatorSet.clock(), block.timestamp);
        assertTrue(keccak256(bytes(validatorSet.CLOCK_MODE())) == keccak256("mode=timestamp"), "mode");
    }

    function test_votes__onItsWayOut__voteUntilWithdrawn() public {
        _stake(STAKER, 2 * MIN_STAKE, SIGNER);
        vm.prank(STAKER);
        validatorSet.requestUnstake(2 * MIN_STAKE);
        assertEq(validatorSet.getVotes(STAKER), 2 * MIN_STAKE);
        uint256 moment = block.timestamp;
        vm.warp(moment + UNSTAKE_DELAY);
        vm.prank(STAKER);
        validatorSet.withdraw();
        assertEq(validatorSet.getVotes(STAKER), 0);
        assertEq(validatorSet.getPastVotes(STAKER, moment), 2 * MIN_STAKE);
    }

    function test_votes__slashed__areGone() public {
        _stake(STAKER, MIN_STAKE, SIGNER);
        vm.prank(address(poce));
        validatorSet.slash(SIGNER, RELAYER);
        assertEq(validatorSet.getVotes(STAKER), 0);
    }

    function test_votes__delegatedAndBack__moveWithLaterStake() public {
        vm.prank(STAKER);
        validatorSet.delegate(FRIEND);
        _stake(STAKER, MIN_STAKE, SIGNER);
        assertEq(validatorSet.getVotes(FRIEND), MIN_STAKE);
        assertEq(validatorSet.getVotes(STAKER), 0);
        vm.prank(STAKER);
        validatorSet.delegate(address(0));
        assertEq(validatorSet.getVotes(STAKER), MIN_STAKE);
        assertEq(validatorSet.getVotes(FRIEND), 0);
        validatorSet.stake(STAKER, 5, SIGNER);
        assertEq(validatorSet.getVotes(STAKER), MIN_STAKE + 5);
    }

    function test_votes__heldByTheSet__doNotVoteInTheTokenToo() public {
        vm.warp(block.timestamp + 1);
        assertEq(tuner.getVotes(address(validatorSet)), 0);
        assertEq(tuner.getPastTotalSupply(block.timestamp - 1), 1e27);
    }

    function testFuzz_votes__anyMoves__sumToTheStake(uint96[4] memory amounts, uint8 leaving) public {
        uint256 sum = VALIDATORS * STAKE;
        for (uint160 i; i < 4; ++i) {
            uint96 amount = MIN_STAKE + amounts[i] % MIN_STAKE;
            _stake(address(0x1000 + i), amount, address(0x2000 + i));
            sum += amount;
            if ((leaving >> i) & 1 == 1) {
                vm.prank(address(0x1000 + i));
                validatorSet.requestUnstake(amount);
            }
            if ((leaving >> (4 + i)) & 1 == 1) {
                vm.prank(address(0x1000 + i));
                validatorSet.delegate(FRIEND);
            }
        }
        uint256 votes = validatorSet.getVotes(FRIEND);
        for (uint160 i; i < 4; ++i) {
            votes += validatorSet.getVotes(address(0x1000 + i));
        }
        for (uint256 i; i < VALIDATORS; ++i) {
            votes += validatorSet.getVotes(_staker(signerKeys[i]));
        }
        assertEq(votes, sum);
        assertEq(tuner.balanceOf(address(validatorSet)), sum);
    }

    // --- seats ---

    function test_stake__allTakenAndMoreThanTheSmallest__takesItsPlace() public {
        while (signerKeys.length < validatorSet.MAX_VALIDATORS() - 1) {
            _join(2 * MIN_STAKE);
        }
        uint256 small = _join(MIN_STAKE);
        vm.prank(STAKER);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetFull.selector, MIN_STAKE));
        validatorSet.stake(STAKER, MIN_STAKE, SIGNER);
        _stake(STAKER, MIN_STAKE + 1, SIGNER);
        assertTrue(validatorSet.isActive(SIGNER), "newcomer");
        assertTrue(!validatorSet.isActive(vm.addr(small)), "the smallest kept its seat");
        (uint96 leaving, uint64 availableAt) = validatorSet.exitOf(_staker(small));
        assertEq(leaving, MIN_STAKE);
        assertEq(availableAt, block.timestamp + UNSTAKE_DELAY);
        (address[] memory members,,) = validatorSet.membersOf(validatorSet.setId());
        assertEq(members.length, validatorSet.MAX_VALIDATORS());
        // It can still be slashed for what it signed.
        vm.prank(address(poce));
        assertEq(validatorSet.slash(vm.addr(small), RELAYER), MIN_STAKE);
    }

    function test_minStake__byOwnerWithinBounds__seatsStay() public {
        vm.prank(RELAYER);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, RELAYER));
        validatorSet.setMinStake(MIN_STAKE);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetBadMinStake.selector);
        validatorSet.setMinStake(1_000e18 - 1);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetBadMinStake.selector);
        validatorSet.setMinStake(10_000_000e18 + 1);
        validatorSet.setMinStake(2 * STAKE);
        assertTrue(validatorSet.isActive(vm.addr(signerKeys[0])), "a seat was lost by a vote");
        vm.prank(STAKER);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetBelowMinimum.selector);
        validatorSet.stake(STAKER, STAKE, SIGNER);
        validatorSet.setMinStake(1_000e18);
        _stake(STAKER, 1_000e18, SIGNER);
    }

    function test_unstake__strangerOrNothingOrTooMuch__reverts() public {
        vm.expectPartialRevert(IValidatorSet.ValidatorSetNotStaker.selector);
        validatorSet.requestUnstake(1);
        vm.prank(_staker(signerKeys[0]));
        vm.expectPartialRevert(IValidatorSet.ValidatorSetZero.selector);
        validatorSet.requestUnstake(0);
        vm.prank(_staker(signerKeys[0]));
        vm.expectPartialRevert(IValidatorSet.ValidatorSetBelowMinimum.selector);
        validatorSet.requestUnstake(STAKE + 1);
        vm.prank(_staker(signerKeys[0]));
        vm.expectPartialRevert(IValidatorSet.ValidatorSetZero.selector);
        validatorSet.setSigner(address(0));
    }

    function test_constructor__zerosOrBadDelays__reverts() public {
        string memory name = "ValidatorSet.sol:ValidatorSet";
        address poceAt = address(poce);
        assertTrue(_deploys(name, abi.encode(this, tuner, poceAt, MIN_STAKE, UNSTAKE_DELAY, GRACE)), "good arguments");
        assertTrue(!_deploys(name, abi.encode(this, address(0), poceAt, MIN_STAKE, UNSTAKE_DELAY, GRACE)), "no token");
        assertTrue(!_deploys(name, abi.encode(this, tuner, address(0), MIN_STAKE, UNSTAKE_DELAY, GRACE)), "no PoCE");
        assertTrue(!_deploys(name, abi.encode(this, tuner, poceAt, uint96(0), UNSTAKE_DELAY, GRACE)), "no least stake");
        assertTrue(!_deploys(name, abi.encode(this, tuner, poceAt, MIN_STAKE, GRACE, GRACE)), "grace as long as delay");
    }

    function test_slashMembers__unknownVersionOrNobody__takesNothing() public {
        vm.prank(address(poce));
        assertEq(validatorSet.slashMembers(999, 1, RELAYER), 0);
        uint32 id = validatorSet.setId();
        vm.prank(address(poce));
        assertEq(validatorSet.slashMembers(id, 0, RELAYER), 0);
        address staker = _staker(signerKeys[0]);
        vm.prank(address(poce));
        validatorSet.slash(vm.addr(signerKeys[0]), RELAYER);
        uint256 before = tuner.balanceOf(RELAYER);
        // Everybody but the one that has nothing left. The version is an older one by now.
        vm.prank(address(poce));
        assertEq(validatorSet.slashMembers(id, uint32(2 ** VALIDATORS - 1), RELAYER), 3 * STAKE / 5);
        assertEq(tuner.balanceOf(RELAYER), before + 3 * STAKE / 50);
        assertEq(validatorSet.getVotes(staker), 0);
        (address[] memory none,,) = validatorSet.membersOf(999);
        assertEq(none.length, 0);
    }
}
