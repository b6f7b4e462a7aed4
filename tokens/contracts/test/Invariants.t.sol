// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CT02} from "../src/CT02.sol";
import {PoCE} from "../src/PoCE.sol";
import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {Retirement} from "../src/Retirement.sol";
import {TunerToken} from "../src/TunerToken.sol";
import {ValidatorSet} from "../src/ValidatorSet.sol";
import {Walk} from "./Walk.sol";
import {World} from "./World.sol";

/// @dev What holds after anything that people, validators, guardian, owner and strangers do in any order. What can only be
/// seen while it happens (a rejected epoch that pays, a stranger that succeeds) the world notes in `broken`.
contract InvariantsTest is Walk {
    World private world;

    function setUp() public override {
        world = new World();
        address[6] memory made = world.everything();
        tuner = TunerToken(made[0]);
        validatorSet = ValidatorSet(made[2]);
        ct02 = CT02(made[3]);
        poce = PoCE(made[4]);
        retirement = Retirement(made[5]);
        _walk(world, bytes.concat(_carbon(), _carbon(), _people(), _rules()));
    }

    function _carbon() private view returns (bytes memory) {
        return bytes.concat(
            world.attest.selector, world.claim.selector, world.pass.selector, world.retire.selector
        );
    }

    function _people() private view returns (bytes memory) {
        return bytes.concat(
            world.claim.selector, world.retireBatch.selector, world.moveCertificate.selector, world.transfer.selector,
            world.join.selector, world.depart.selector, world.withdraw.selector, world.claimFees.selector,
            world.delegate.selector, world.equivocate.selector
        );
    }

    function _rules() private view returns (bytes memory) {
        return bytes.concat(
            world.attestWrong.selector, world.challengeHonest.selector, world.veto.selector, world.settle.selector,
            world.pause.selector, world.hold.selector, world.publish.selector, world.strangerTries.selector,
            world.sample.selector, world.minter.selector
        );
    }

    /// @dev One function for all: each would otherwise replay the same calls for itself.
    function invariant_books() public {
        _requireUnbroken();
        _supplyIsMintedMinusRetired();
        _mintedStaysBelowTheCeilingOfFinalEpochs();
        _eachNodeIsPaidItsHighestClaimAndNoMore();
        _stakeAndFeesAreAllThere();
        _everyStakeVotesOnce();
        assertTrue(world.noteTunerSupply(), "TUNER was created");
        _setTotalIsTheSumOfItsMembers();
        _certificatesAreWhatWasRetired();
        assertTrue(world.samplesHold(), "a past vote or an hour's factor set changed");
    }

    function _supplyIsMintedMinusRetired() private view {
        assertEq(ct02.totalSupply(), (poce.mintedUg() - retirement.retiredUg()) * 1e9);
    }

    function _mintedStaysBelowTheCeilingOfFinalEpochs() private view {
        uint64 epoch = poce.headEpoch();
        for (; epoch > 0; --epoch) {
            (,, uint128 ceiling,, IPoCE.Status status) = poce.epochOf(epoch);
            if (status != IPoCE.Status.Final) continue;
            assertTrue(poce.mintedUg() <= ceiling, "minted above the ceiling");
            assertTrue(poce.mintedUg() <= uint256(epoch) * EPOCH_CAP, "minted above the caps of all epochs");
            return;
        }
        assertEq(poce.mintedUg(), 0);
    }

    function _eachNodeIsPaidItsHighestClaimAndNoMore() private view {
        uint256 sum;
        for (uint256 i; i < world.NODES(); ++i) {
            (uint128 ug,) = poce.claimedOf(bytes32(i + 1));
            assertTrue(ug <= world.highestFinal(i), "paid above what was final");
            sum += ug;
        }
        assertEq(sum, poce.mintedUg());
    }

    function _stakeAndFeesAreAllThere() private view {
        uint256 owed = world.stakesAndExits() + world.feesOwed();
        uint256 held = tuner.balanceOf(address(validatorSet));
        // Shares are rounded down: less than one base unit for each of 31 signers and epoch stays.
        assertTrue(held >= owed && held < owed + 1e6, "stakes and fees are not what is held");
    }

    function _everyStakeVotesOnce() private view {
        assertEq(world.votesOfAll(), world.stakesAndExits());
    }

    function _setTotalIsTheSumOfItsMembers() private view {
        (address[] memory signers, uint96[] memory stakes, uint96 total) = validatorSet.membersOf(validatorSet.setId());
        uint256 sum;
        for (uint256 i; i < signers.length; ++i) {
            sum += stakes[i];
            assertTrue(validatorSet.isActive(signers[i]), "a member is not active");
        }
        assertEq(sum, total);
    }

    function _certificatesAreWhatWasRetired() private view {
        assertEq(retirement.retirementCount(), world.certificates());
        assertEq(retirement.retiredUg(), world.certifiedUg() + world.plainUg());
        uint256 newest = world.certificates();
        if (newest != 0) assertEq(retirement.ownerOf(newest), world.bearerOf(newest));
    }
}
