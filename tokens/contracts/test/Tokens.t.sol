// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {CT02} from "../src/CT02.sol";
import {Base} from "./Base.sol";

contract TokensTest is Base {
    address private constant ALICE = address(0xA1);
    address private constant BOB = address(0xB0);

    function test_ct02__mintByAStranger__reverts() public {
        vm.expectRevert(abi.encodeWithSelector(CT02.CT02NotMinter.selector, address(this)));
        ct02.mint(ALICE, 1);
    }

    function test_ct02__burnByOwnerOrMinter__reverts() public {
        vm.expectPartialRevert(CT02.CT02NotRetirement.selector);
        ct02.burnForRetirement(ALICE, 1);
        vm.prank(address(poce));
        vm.expectPartialRevert(CT02.CT02NotRetirement.selector);
        ct02.burnForRetirement(ALICE, 1);
    }

    function test_ct02__noBurnFunction__callFails() public {
        (bool burned,) = address(ct02).call(abi.encodeWithSignature("burn(uint256)", 1));
        (bool burnedFrom,) = address(ct02).call(abi.encodeWithSignature("burnFrom(address,uint256)", ALICE, 1));
        assertTrue(!burned && !burnedFrom, "CT02 has a burn of its own");
    }

    function test_minter__handedOver__onlyAfterSevenDaysAndByOwner() public {
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, ALICE));
        ct02.proposeMinter(BOB, address(poce));
        vm.expectPartialRevert(CT02.CT02NoProposal.selector);
        ct02.acceptMinter();

        ct02.proposeMinter(BOB, address(poce));
        vm.warp(block.timestamp + 7 days - 1);
        vm.expectRevert(abi.encodeWithSelector(CT02.CT02TooEarly.selector, block.timestamp + 1));
        ct02.acceptMinter();
        vm.warp(block.timestamp + 1);
        vm.prank(BOB);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, BOB));
        ct02.acceptMinter();
        ct02.acceptMinter();

        assertTrue(ct02.isMinter(BOB) && !ct02.isMinter(address(poce)), "minter");
        assertEq(ct02.successorOf(address(poce)), BOB);
        vm.prank(BOB);
        ct02.mint(ALICE, 5);
        assertEq(ct02.balanceOf(ALICE), 5);
        vm.prank(address(poce));
        vm.expectPartialRevert(CT02.CT02NotMinter.selector);
        ct02.mint(ALICE, 1);
    }

    function test_minter__proposedAgainOrCancelled__noticeStartsAnew() public {
        ct02.proposeMinter(BOB, address(poce));
        vm.warp(block.timestamp + 6 days);
        ct02.proposeMinter(ALICE, address(poce));
        vm.warp(block.timestamp + 6 days);
        vm.expectPartialRevert(CT02.CT02TooEarly.selector);
        ct02.acceptMinter();
        ct02.cancelMinter();
        vm.warp(block.timestamp + 6 days);
        vm.expectPartialRevert(CT02.CT02NoProposal.selector);
        ct02.acceptMinter();
    }

    function test_minter__besideTheOthersOrBadArguments() public {
        vm.expectPartialRevert(CT02.CT02ZeroAddress.selector);
        ct02.proposeMinter(address(0), address(poce));
        vm.expectRevert(abi.encodeWithSelector(CT02.CT02AlreadyMinter.selector, address(poce)));
        ct02.proposeMinter(address(poce), address(0));
        vm.expectRevert(abi.encodeWithSelector(CT02.CT02NotMinter.selector, ALICE));
        ct02.proposeMinter(BOB, ALICE);
        vm.expectPartialRevert(CT02.CT02NoProposal.selector);
        ct02.cancelMinter();
        ct02.proposeMinter(BOB, address(0));
        assertEq(ct02.minterAcceptableAt(), block.timestamp + 7 days);
        vm.warp(block.timestamp + 7 days);
        ct02.acceptMinter();
        assertTrue(ct02.isMinter(BOB) && ct02.isMinter(address(poce)), "both mint");
        assertEq(ct02.successorOf(address(poce)), address(0));
    }

    function test_ct02Constructor__noMinterOrTwiceOrZero__reverts() public {
        string memory name = "CT02.sol:CT02";
        address[] memory minters = new address[](0);
        assertTrue(!_deploys(name, abi.encode(this, minters, retirement)), "no minter");
        minters = new address[](2);
        (minters[0], minters[1]) = (ALICE, address(0));
        assertTrue(!_deploys(name, abi.encode(this, minters, retirement)), "a zero minter");
        minters[1] = ALICE;
        assertTrue(!_deploys(name, abi.encode(this, minters, retirement)), "one minter twice");
        minters[1] = BOB;
        assertTrue(!_deploys(name, abi.encode(this, minters, address(0))), "no Retirement");
        assertTrue(_deploys(name, abi.encode(this, minters, retirement)), "good arguments");
    }

    function test_pool__minterChanged__movesToTheNext() public {
        vm.expectPartialRevert(bytes4(keccak256("PoCEStillMinter()")));
        poce.movePool();
        ct02.proposeMinter(BOB, address(poce));
        vm.warp(block.timestamp + 7 days);
        ct02.acceptMinter();
        poce.movePool();
        assertEq(tuner.balanceOf(BOB), POOL);
    }

    function test_tuner__genesis__fixedSupplyTimestampClock() public view {
        assertEq(tuner.totalSupply(), 1e27);
        assertEq(tuner.clock(), block.timestamp);
        assertTrue(keccak256(bytes(tuner.CLOCK_MODE())) == keccak256("mode=timestamp"), "clock mode");
    }

    function test_tuner__votes__pastVotesStayWhenTokensMove() public {
        tuner.transfer(ALICE, 100);
        vm.prank(ALICE);
        tuner.delegate(ALICE);
        uint256 then = block.timestamp;
        vm.warp(then + 10);
        vm.prank(ALICE);
        tuner.transfer(BOB, 60);
        assertEq(tuner.getPastVotes(ALICE, then), 100);
        assertEq(tuner.getVotes(ALICE), 40);
    }

    function test_permit__signed__allowsOnce() public {
        uint256 key = 0xC0FFEE;
        address owner = vm.addr(key);
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                BOB,
                7,
                0,
                block.timestamp
            )
        );
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", ct02.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        ct02.permit(owner, BOB, 7, block.timestamp, v, r, s);
        assertEq(ct02.allowance(owner, BOB), 7);
        vm.expectPartialRevert(bytes4(keccak256("ERC2612InvalidSigner(address,address)")));
        ct02.permit(owner, BOB, 7, block.timestamp, v, r, s);
    }

    function testFuzz_transfer__anyAmount__conservesSupply(uint96 held, uint96 moved) public {
        vm.prank(address(poce));
        ct02.mint(ALICE, held);
        vm.prank(ALICE);
        if (moved > held) {
            vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ALICE, held, moved));
        }
        ct02.transfer(BOB, moved);
        assertEq(ct02.balanceOf(ALICE) + ct02.balanceOf(BOB), held);
        assertEq(ct02.totalSupply(), held);
    }
}
