// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC20Errors, IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Retirement} from "../src/Retirement.sol";
import {Base} from "./Base.sol";

/// @dev A contract wallet that accepts what its one owner signed.
contract ContractWallet is IERC1271 {
    address private immutable _owner;

    constructor(address owner_) {
        _owner = owner_;
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        bytes32 r = bytes32(signature[:32]);
        bytes32 s = bytes32(signature[32:64]);
        return ecrecover(hash, uint8(signature[64]), r, s) == _owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

contract RetirementTest is Base {
    uint256 private constant HOLDER_KEY = 0xC0FFEE;
    uint128 private constant KG = 1e9;
    address private constant BENEFICIARY = address(0xBEEF);
    bytes32 private constant CLAIM = keccak256("claim");

    address private holder;

    function setUp() public override {
        super.setUp();
        holder = vm.addr(HOLDER_KEY);
        _fund("node", holder, 10 * KG);
    }

    function _request(uint128 amountUg) private view returns (Retirement.Retire memory) {
        return Retirement.Retire(holder, amountUg, BENEFICIARY, 100, 200, CLAIM, 77, block.timestamp + 60);
    }

    function _digest(Retirement.Retire memory request) private view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "Retire(address account,uint128 amountUg,address beneficiary,uint64 periodFrom,uint64 periodThrough,bytes32 claimHash,uint256 nonce,uint256 deadline)"
        );
        return keccak256(
            abi.encodePacked("\x19\x01", retirement.DOMAIN_SEPARATOR(), keccak256(abi.encode(typeHash, request)))
        );
    }

    function test_retire__byHolder__burnsAndRecords() public {
        vm.prank(holder);
        uint256 id = retirement.retire(3 * KG, BENEFICIARY, 100, 200, CLAIM);

        assertEq(id, 1);
        assertEq(ct02.balanceOf(holder), 7e18);
        assertEq(ct02.totalSupply(), 7e18);
        assertEq(retirement.ownerOf(1), BENEFICIARY);
        assertEq(retirement.retiredUg(), 3 * KG);
        (uint128 ug, uint64 from, uint64 through, uint64 retiredAt, bytes32 claimHash, address beneficiary) =
            retirement.recordOf(1);
        assertEq(ug, 3 * KG);
        assertEq(from, 100);
        assertEq(through, 200);
        assertEq(retiredAt, block.timestamp);
        assertEq(beneficiary, BENEFICIARY);
        assertTrue(claimHash == CLAIM, "claim hash");
        assertTrue(retirement.locked(1), "locked");
    }

    function test_retire__nothingOrTooMuchOrBadPeriod__reverts() public {
        vm.prank(holder);
        vm.expectPartialRevert(Retirement.RetirementZeroAmount.selector);
        retirement.retire(0, BENEFICIARY, 100, 200, CLAIM);
        vm.prank(holder);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        retirement.retire(10 * KG + 1, BENEFICIARY, 100, 200, CLAIM);
        vm.prank(holder);
        vm.expectRevert(abi.encodeWithSelector(Retirement.RetirementBadPeriod.selector, 201, 200));
        retirement.retire(KG, BENEFICIARY, 201, 200, CLAIM);
        vm.prank(holder);
        vm.expectPartialRevert(Retirement.RetirementMissingClaim.selector);
        retirement.retire(KG, BENEFICIARY, 100, 200, 0);
        vm.prank(holder);
        vm.expectPartialRevert(IERC721Errors.ERC721InvalidReceiver.selector);
        retirement.retire(KG, address(0), 100, 200, CLAIM);
        assertEq(retirement.retirementCount(), 0);
        assertEq(ct02.totalSupply(), 10e18);
    }

    function test_retireBySig__sentByAnybody__onceOnly() public {
        Retirement.Retire memory request = _request(4 * KG);
        bytes memory signature = _sign(HOLDER_KEY, _digest(request));
        vm.prank(RELAYER);
        retirement.retireBySig(request, signature);
        assertEq(ct02.balanceOf(holder), 6e18);
        vm.expectRevert(abi.encodeWithSelector(Retirement.RetirementNonceUsed.selector, holder, 77));
        retirement.retireBySig(request, signature);
    }

    function testFuzz_retireBySig__anyFieldChanged__reverts(uint8 field, uint96 delta) public {
        vm.assume(delta != 0);
        Retirement.Retire memory request = _request(4 * KG);
        bytes memory signature = _sign(HOLDER_KEY, _digest(request));
        uint256 which = field % 7;
        if (which == 0) request.amountUg = uint128(uint256(request.amountUg) ^ delta);
        if (which == 1) request.beneficiary = address(uint160(uint256(uint160(request.beneficiary)) ^ delta));
        if (which == 2) request.periodFrom = uint64(uint256(request.periodFrom) ^ uint64(delta | 1));
        if (which == 3) request.periodThrough = uint64(uint256(request.periodThrough) ^ uint64(delta | 1));
        if (which == 4) request.claimHash = bytes32(uint256(request.claimHash) ^ delta);
        if (which == 5) request.nonce ^= delta;
        if (which == 6) request.deadline += delta;
        vm.prank(RELAYER);
        vm.expectRevert(abi.encodeWithSelector(Retirement.RetirementBadSignature.selector, holder));
        retirement.retireBySig(request, signature);
    }

    function test_retireBySig__expiredOrByAnotherKeyOrCancelled__reverts() public {
        Retirement.Retire memory request = _request(KG);
        bytes memory signature = _sign(HOLDER_KEY, _digest(request));
        bytes memory foreign = _sign(HOLDER_KEY + 1, _digest(request));
        vm.expectPartialRevert(Retirement.RetirementBadSignature.selector);
        retirement.retireBySig(request, foreign);
        uint256 state = vm.snapshotState();
        vm.warp(request.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(Retirement.RetirementExpired.selector, request.deadline));
        retirement.retireBySig(request, signature);
        vm.revertToState(state);
        vm.prank(holder);
        retirement.cancelNonce(77);
        vm.expectPartialRevert(Retirement.RetirementNonceUsed.selector);
        retirement.retireBySig(request, signature);
    }

    function test_retireBySig__contractWallet__erc1271Counts() public {
        ContractWallet wallet = new ContractWallet(holder);
        vm.prank(holder);
        ct02.transfer(address(wallet), 2e18);
        Retirement.Retire memory request = _request(2 * KG);
        request.account = address(wallet);
        bytes memory foreign = _sign(HOLDER_KEY + 1, _digest(request));
        vm.expectRevert(abi.encodeWithSelector(Retirement.RetirementBadSignature.selector, address(wallet)));
        retirement.retireBySig(request, foreign);
        retirement.retireBySig(request, _sign(HOLDER_KEY, _digest(request)));
        assertEq(ct02.balanceOf(address(wallet)), 0);
    }

    function test_certificate__transferOrApprove__reverts() public {
        vm.prank(holder);
        retirement.retire(KG, BENEFICIARY, 100, 200, CLAIM);
        vm.prank(BENEFICIARY);
        vm.expectPartialRevert(Retirement.RetirementSoulbound.selector);
        retirement.transferFrom(BENEFICIARY, holder, 1);
        vm.prank(BENEFICIARY);
        vm.expectPartialRevert(Retirement.RetirementSoulbound.selector);
        retirement.safeTransferFrom(BENEFICIARY, holder, 1);
        vm.prank(BENEFICIARY);
        vm.expectPartialRevert(Retirement.RetirementSoulbound.selector);
        retirement.approve(holder, 1);
        vm.prank(BENEFICIARY);
        vm.expectPartialRevert(Retirement.RetirementSoulbound.selector);
        retirement.setApprovalForAll(holder, true);
    }

    function test_certificate__beneficiaryWithoutHook__getsIt() public {
        vm.prank(holder);
        retirement.retire(KG, address(ct02), 100, 200, CLAIM);
        assertEq(retirement.ownerOf(1), address(ct02));
    }

    function test_interfaces__asked__answersByTheStandards() public view {
        assertTrue(retirement.supportsInterface(0x80ac58cd), "ERC-721");
        assertTrue(retirement.supportsInterface(0x5b5e139f), "ERC-721 metadata");
        assertTrue(retirement.supportsInterface(0xb45a3c0e), "ERC-5192");
        assertTrue(!retirement.supportsInterface(0xffffffff), "invalid");
    }

    function test_views__unknownId__revert() public {
        vm.expectPartialRevert(IERC721Errors.ERC721NonexistentToken.selector);
        retirement.locked(1);
        vm.expectPartialRevert(IERC721Errors.ERC721NonexistentToken.selector);
        retirement.recordOf(1);
        vm.expectPartialRevert(IERC721Errors.ERC721NonexistentToken.selector);
        retirement.tokenURI(1);
    }

    function testFuzz_retire__anyAmount__supplyIsMintedMinusRetired(uint128 amountUg) public {
        amountUg = uint128(amountUg % (10 * KG)) + 1;
        vm.prank(holder);
        retirement.retire(amountUg, BENEFICIARY, 0, type(uint40).max, CLAIM);
        assertEq(ct02.totalSupply(), (poce.mintedUg() - retirement.retiredUg()) * 1e9);
    }
}
