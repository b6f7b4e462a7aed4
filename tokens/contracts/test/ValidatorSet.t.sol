// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IValidatorSet} from "../src/interfaces/IValidatorSet.sol";
import {Base} from "./Base.sol";

contract ValidatorSetTest is Base {
    address private constant STAKER = address(0x57A);
    address private constant SIGNER = address(0x519);

    function test_stake__first__takesASeatInANewVersion() public {
        uint32 before = validatorSet.setId();
        _stake(STAKER, MIN_STAKE, SIGNER);
        assertEq(validatorSet.setId(), before + 1);
        assertTrue(validatorSet.isActive(SIGNER), "active");
        (address signer, uint96 amount) = validatorSet.seatOf(STAKER);
        assertEq(signer, SIGNER);
        assertEq(amount, MIN_STAKE);
        (address[] memory signers, uint96[] memory stakes, uint96 total) = validatorSet.membersOf(before + 1);
        assertEq(signers.length, VALIDATORS + 1);
        assertEq(stakes.length, VALIDATORS + 1);
        assertEq(total, VALIDATORS * STAKE + MIN_STAKE);
        for (uint256 i = 1; i < signers.length; ++i) {
            assertTrue(signers[i - 1] < signers[i], "signers do not ascend");
        }
        (signers,,) = validatorSet.membersOf(before);
        assertEq(signers.length, VALIDATORS);
    }

    function test_stake__tooLittleOrTakenOrMismatched__reverts() public {
        vm.prank(STAKER);
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorSet.ValidatorSetBelowMinimum.selector, MIN_STAKE - 1, MIN_STAKE)
        );
        validatorSet.stake(STAKER, MIN_STAKE - 1, SIGNER);
        address taken = vm.addr(signerKeys[0]);
        vm.prank(STAKER);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetSignerTaken.selector, taken));
        validatorSet.stake(STAKER, MIN_STAKE, taken);
        _stake(STAKER, MIN_STAKE, SIGNER);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetSignerMismatch.selector, SIGNER));
        validatorSet.stake(STAKER, 1, address(0x999));
        validatorSet.stake(STAKER, 1, SIGNER);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetZero.selector);
        validatorSet.stake(STAKER, 0, SIGNER);
    }

    /// @dev Otherwise a stranger could put its own key before another's stake, sign twice, and be paid a tenth of it all.
    function test_stake__anotherWithItsOwnKeyOrWhileStakeLeaves__reverts() public {
        address stranger = address(0x57B);
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorSet.ValidatorSetNotTheStaker.selector, address(this), STAKER)
        );
        validatorSet.stake(STAKER, MIN_STAKE, stranger);
        _stake(STAKER, 10 * MIN_STAKE, SIGNER);
        vm.prank(STAKER);
        validatorSet.requestUnstake(10 * MIN_STAKE);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetNotTheStaker.selector);
        validatorSet.stake(STAKER, MIN_STAKE, stranger);
        // Nor may it start the delay anew for what is leaving.
        vm.expectPartialRevert(IValidatorSet.ValidatorSetNotTheStaker.selector);
        validatorSet.stake(STAKER, MIN_STAKE, STAKER);
        assertEq(validatorSet.slashableStake(SIGNER), 10 * MIN_STAKE);
    }

    function test_stake__anotherForAnAccountThatSignsItself__takesASeat() public {
        validatorSet.stake(STAKER, MIN_STAKE, STAKER);
        assertTrue(validatorSet.isActive(STAKER), "active");
        (, uint96 amount) = validatorSet.seatOf(STAKER);
        assertEq(amount, MIN_STAKE);
    }

    function test_stake__allSeatsTaken__reverts() public {
        while (signerKeys.length < validatorSet.MAX_VALIDATORS()) {
            _join(MIN_STAKE);
        }
        vm.prank(STAKER);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetFull.selector);
        validatorSet.stake(STAKER, MIN_STAKE, SIGNER);
    }

    function test_unstake__afterTheDelay__paysBack() public {
        _stake(STAKER, 2 * MIN_STAKE, SIGNER);
        vm.prank(STAKER);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetBelowMinimum.selector);
        validatorSet.requestUnstake(MIN_STAKE + 1);
        vm.prank(STAKER);
        validatorSet.requestUnstake(MIN_STAKE);
        assertTrue(validatorSet.isActive(SIGNER), "partly out is still in");
        vm.prank(STAKER);
        validatorSet.requestUnstake(MIN_STAKE);
        assertTrue(!validatorSet.isActive(SIGNER), "wholly out is out");
        assertEq(validatorSet.slashableStake(SIGNER), 2 * MIN_STAKE);
        vm.prank(STAKER);
        vm.expectRevert(
            abi.encodeWithSelector(IValidatorSet.ValidatorSetCooling.selector, block.timestamp + UNSTAKE_DELAY)
        );
        validatorSet.withdraw();
        vm.warp(block.timestamp + UNSTAKE_DELAY);
        vm.prank(STAKER);
        validatorSet.withdraw();
        assertEq(tuner.balanceOf(STAKER), 2 * MIN_STAKE);
        vm.prank(STAKER);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetCooling.selector);
        validatorSet.withdraw();
    }

    function test_slash__whileLeaving__takesWhatIsOnItsWayOut() public {
        _stake(STAKER, 2 * MIN_STAKE, SIGNER);
        vm.prank(STAKER);
        validatorSet.requestUnstake(2 * MIN_STAKE);
        uint256 supply = tuner.totalSupply();
        vm.prank(address(poce));
        validatorSet.slash(SIGNER, RELAYER);
        assertEq(tuner.totalSupply(), supply - 2 * MIN_STAKE + 2 * MIN_STAKE / 10);
        vm.warp(block.timestamp + UNSTAKE_DELAY);
        vm.prank(STAKER);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetCooling.selector);
        validatorSet.withdraw();
    }

    function test_slash__oldKeyAfterRotation__stillAnswers() public {
        _stake(STAKER, MIN_STAKE, SIGNER);
        vm.prank(STAKER);
        validatorSet.setSigner(address(0x520));
        assertTrue(!validatorSet.isActive(SIGNER) && validatorSet.isActive(address(0x520)), "rotation");
        vm.prank(address(poce));
        validatorSet.slash(SIGNER, RELAYER);
        assertTrue(!validatorSet.isActive(address(0x520)), "the new key kept the stake");
        vm.prank(address(0x57B));
        vm.expectPartialRevert(IValidatorSet.ValidatorSetSignerTaken.selector);
        validatorSet.stake(address(0x57B), MIN_STAKE, address(0x520));
        // The staker may come back, with fresh stake and a fresh key.
        _stake(STAKER, MIN_STAKE, address(0x521));
        assertTrue(validatorSet.isActive(address(0x521)), "return");
    }

    function test_slashAndRenew__byAnybodyElse__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetNotPoCE.selector, address(this)));
        validatorSet.slash(vm.addr(signerKeys[0]), RELAYER);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetNotPoCE.selector);
        validatorSet.renew();
    }

    function test_setSigner__withoutStakeOrTaken__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetNotStaker.selector, address(this)));
        validatorSet.setSigner(SIGNER);
        vm.prank(_staker(signerKeys[0]));
        address taken = vm.addr(signerKeys[1]);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetSignerTaken.selector, taken));
        validatorSet.setSigner(taken);
    }

    function test_weigh__strangeOrTwiceOrFutureVersion__reverts() public {
        uint32 id = validatorSet.setId();
        (address[] memory members,,) = validatorSet.membersOf(id);
        (uint96 agreed, uint96 total, uint16 count, uint32 mask) = validatorSet.weigh(id, members);
        assertEq(agreed, total);
        assertEq(count, VALIDATORS);
        assertEq(mask, 2 ** VALIDATORS - 1);
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (members[0], members[0]);
        vm.expectRevert(abi.encodeWithSelector(IValidatorSet.ValidatorSetNotMember.selector, members[0]));
        validatorSet.weigh(id, twice);
        address[] memory strange = new address[](1);
        strange[0] = address(type(uint160).max);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetNotMember.selector);
        validatorSet.weigh(id, strange);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetStale.selector);
        validatorSet.weigh(id + 1, members);
        vm.expectPartialRevert(IValidatorSet.ValidatorSetStale.selector);
        validatorSet.weigh(0, members);
    }

    function testFuzz_weigh__anySubset__sumsItsStake(uint8 mask, uint96[5] memory extra) public {
        for (uint256 i; i < extra.length; ++i) {
            _join(MIN_STAKE + extra[i] % 1e24);
        }
        uint32 id = validatorSet.setId();
        (address[] memory members, uint96[] memory stakes, uint96 total) = validatorSet.membersOf(id);
        uint256 expected;
        uint256 chosen;
        for (uint256 i; i < members.length; ++i) {
            if ((uint256(mask) >> (i % 8)) & 1 == 1) ++chosen;
        }
        address[] memory signers = new address[](chosen);
        chosen = 0;
        uint256 sum;
        for (uint256 i; i < members.length; ++i) {
            sum += stakes[i];
            if ((uint256(mask) >> (i % 8)) & 1 == 1) {
                signers[chosen++] = members[i];
                expected += stakes[i];
            }
        }
        (uint96 agreed, uint96 totalStake, uint16 count,) = validatorSet.weigh(id, signers);
        assertEq(agreed, expected);
        assertEq(totalStake, sum);
        assertEq(total, sum);
        assertEq(count, members.length);
    }
}
