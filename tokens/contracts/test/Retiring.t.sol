// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors, IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IPoCE} from "../src/interfaces/IPoCE.sol";
import {Retirement} from "../src/Retirement.sol";
import {Base} from "./Base.sol";

/// @dev A wallet that tries to come back in whenever it is called.
contract Grabber {
    Retirement private immutable _retirement;
    uint256 public calls;

    constructor(Retirement retirement_) {
        _retirement = retirement_;
    }

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        return _grab(this.onERC721Received.selector);
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        // A view cannot write, but it can ask: nothing is owed to it before the burn.
        _retirement.retirementCount();
        return this.isValidSignature.selector;
    }

    function retire(uint128 amountUg) external returns (uint256) {
        return _retirement.retire(amountUg, address(this), 1, 2, "claim");
    }

    fallback() external {
        _grab(0);
    }

    function _grab(bytes4 answer) private returns (bytes4) {
        ++calls;
        _retirement.retire(1, address(this), 1, 2, "claim");
        return answer;
    }
}

/// @dev Batches, retirements without a certificate, and receivers with intentions of their own.
contract RetiringTest is Base {
    uint128 private constant KG = 1e9;
    uint256 private constant HOLDER_KEY = 0xC0FFEE;
    address private constant BENEFICIARY = address(0xBEEF);
    bytes32 private constant CLAIM = keccak256("claim");
    bytes32 private constant RETIRE_TYPE = keccak256(
        "Retire(address account,uint128 amountUg,address beneficiary,uint64 periodFrom,uint64 periodThrough,bytes32 claimHash,uint256 nonce,uint256 deadline)"
    );
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    address private holder;

    function setUp() public override {
        super.setUp();
        holder = vm.addr(HOLDER_KEY);
        _fund("node", holder, 10 * KG);
    }

    // --- batch ---

    function _orders(uint128[3] memory amounts) private pure returns (Retirement.Order[] memory orders) {
        orders = new Retirement.Order[](3);
        for (uint256 i; i < 3; ++i) {
            orders[i] = Retirement.Order(amounts[i], BENEFICIARY, 100, 200, CLAIM);
        }
    }

    function test_batch__three__threeCertificatesAndOneBurn() public {
        vm.prank(holder);
        uint256 first = retirement.retireBatch(_orders([KG, 2 * KG, 3 * KG]));
        assertEq(first, 1);
        assertEq(retirement.retirementCount(), 3);
        assertEq(retirement.balanceOf(BENEFICIARY), 3);
        assertEq(ct02.balanceOf(holder), 4e18);
        assertEq(retirement.retiredUg(), 6 * KG);
        (uint128 ug,,,,,) = retirement.recordOf(3);
        assertEq(ug, 3 * KG);
    }

    function test_batch__emptyOrOneBadOrTooMuch__nothingHappens() public {
        vm.prank(holder);
        vm.expectPartialRevert(Retirement.RetirementZeroAmount.selector);
        retirement.retireBatch(new Retirement.Order[](0));
        vm.prank(holder);
        vm.expectPartialRevert(Retirement.RetirementZeroAmount.selector);
        retirement.retireBatch(_orders([KG, 0, KG]));
        vm.prank(holder);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        retirement.retireBatch(_orders([5 * KG, 5 * KG, 1]));
        assertEq(retirement.retirementCount(), 0);
        assertEq(ct02.balanceOf(holder), 10e18);
    }

    // --- without a certificate ---

    function test_withoutCertificate__byHolder__burnsAndTells() public {
        vm.prank(holder);
        retirement.retireWithoutCertificate(3 * KG, BENEFICIARY, 100, 200, 0);
        assertEq(ct02.balanceOf(holder), 7e18);
        assertEq(retirement.retiredUg(), 3 * KG);
        assertEq(retirement.retirementCount(), 0);
        assertEq(retirement.balanceOf(BENEFICIARY), 0);
    }

    function test_withoutCertificate__nothingOrBadPeriodOrNobody__reverts() public {
        vm.prank(holder);
        vm.expectPartialRevert(Retirement.RetirementZeroAmount.selector);
        retirement.retireWithoutCertificate(0, BENEFICIARY, 100, 200, 0);
        vm.prank(holder);
        vm.expectPartialRevert(Retirement.RetirementBadPeriod.selector);
        retirement.retireWithoutCertificate(1, BENEFICIARY, 201, 200, 0);
        vm.prank(holder);
        vm.expectPartialRevert(Retirement.RetirementBadPeriod.selector);
        retirement.retireWithoutCertificate(1, BENEFICIARY, 1, 1 << 40, 0);
        vm.prank(holder);
        vm.expectPartialRevert(IERC721Errors.ERC721InvalidReceiver.selector);
        retirement.retireWithoutCertificate(1, address(0), 100, 200, 0);
        vm.prank(holder);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        retirement.retireWithoutCertificate(10 * KG + 1, BENEFICIARY, 100, 200, 0);
    }

    function test_views__nonceAndApprovals__answer() public {
        assertTrue(!retirement.nonceUsed(holder, 5), "unused");
        vm.prank(holder);
        retirement.cancelNonce(5);
        assertTrue(retirement.nonceUsed(holder, 5), "used");
        vm.expectPartialRevert(Retirement.RetirementSoulbound.selector);
        retirement.approve(RELAYER, 1);
        vm.expectPartialRevert(Retirement.RetirementSoulbound.selector);
        retirement.setApprovalForAll(RELAYER, true);
        assertEq(address(retirement.ct02()), address(ct02));
    }

    // --- receivers with intentions ---

    function test_receiver__hookThatComesBackIn__isNeverCalled() public {
        Grabber grabber = new Grabber(retirement);
        vm.prank(holder);
        ct02.transfer(address(grabber), 5e18);
        grabber.retire(2 * KG);
        assertEq(grabber.calls(), 0);
        assertEq(ct02.balanceOf(address(grabber)), 3e18);
        assertEq(retirement.retirementCount(), 1);
    }

    function test_receiver__claimPaidToIt__isNeverCalled() public {
        Grabber grabber = new Grabber(retirement);
        IPoCE.Leaf memory leaf = _leaf("other", address(grabber), KG);
        poce.claim(_finalize(leaf, 11 * KG), leaf, _none());
        assertEq(grabber.calls(), 0);
        assertEq(ct02.balanceOf(address(grabber)), 1e18);
    }

    function test_contractWallet__answersByItsOwnRule__onceEach() public {
        Grabber grabber = new Grabber(retirement);
        vm.prank(holder);
        ct02.transfer(address(grabber), 5e18);
        Retirement.Retire memory request =
            Retirement.Retire(address(grabber), KG, BENEFICIARY, 1, 2, CLAIM, 1, block.timestamp);
        retirement.retireBySig(request, "");
        vm.expectPartialRevert(Retirement.RetirementNonceUsed.selector);
        retirement.retireBySig(request, "");
        assertEq(ct02.balanceOf(address(grabber)), 4e18);
    }

    // --- signatures of another chain, another contract, or bent ones ---

    function _signed(bytes32 separator) private view returns (Retirement.Retire memory request, bytes memory signature) {
        request = Retirement.Retire(holder, KG, BENEFICIARY, 100, 200, CLAIM, 5, block.timestamp + 60);
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", separator, keccak256(abi.encode(RETIRE_TYPE, request)))
        );
        signature = _sign(HOLDER_KEY, digest);
    }

    function test_signature__otherContractOrChain__reverts() public {
        (Retirement.Retire memory request, bytes memory signature) = _signed(poce.DOMAIN_SEPARATOR());
        vm.expectPartialRevert(Retirement.RetirementBadSignature.selector);
        retirement.retireBySig(request, signature);
        (request, signature) = _signed(retirement.DOMAIN_SEPARATOR());
        uint256 state = vm.snapshotState();
        vm.chainId(137);
        vm.expectPartialRevert(Retirement.RetirementBadSignature.selector);
        retirement.retireBySig(request, signature);
        vm.revertToState(state);
        retirement.retireBySig(request, signature);
    }

    function test_signature__highSOrShortOrZeroSigner__reverts() public {
        (Retirement.Retire memory request, bytes memory signature) = _signed(retirement.DOMAIN_SEPARATOR());
        (bytes32 r, bytes32 s, uint8 v) = _parts(signature);
        bytes memory twin = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        vm.expectPartialRevert(Retirement.RetirementBadSignature.selector);
        retirement.retireBySig(request, twin);
        vm.expectPartialRevert(Retirement.RetirementBadSignature.selector);
        retirement.retireBySig(request, abi.encodePacked(r, s));
        request.account = address(0);
        vm.expectPartialRevert(Retirement.RetirementBadSignature.selector);
        retirement.retireBySig(request, abi.encodePacked(r, s, uint8(99)));
    }

    function test_votes__otherChain__countForNothing() public {
        IPoCE.EpochHeader memory header = _header("root", 10 * KG, 10 * KG);
        bytes memory votes = _votes(poce.headerDigest(header), _firstKeys(4));
        vm.chainId(137);
        (bool posted,) = address(poce).call(abi.encodeCall(poce.report, (header, votes)));
        assertTrue(!posted, "votes of another chain counted");
        vm.chainId(31337);
        poce.report(header, votes);
    }

    function _parts(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }
}
